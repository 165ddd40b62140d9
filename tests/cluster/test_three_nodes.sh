#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three nodes and a machine beside them: all ways from pods, nodes and neighbours to pods, nodes, Services and node ports, over IPv4 and IPv6,
# TCP and UDP (SCTP where the kernel has it); and a node that is cut off and comes back.
set -u
. "$(dirname "$0")/lib.sh"
cc=$(command -v cc || command -v gcc || command -v clang) || skip_all "needs a C compiler"
host_up kt 3
nodes=("${prefix}1" "${prefix}2" "${prefix}3") outside=${prefix}0
# /tmp and what is in it are the same on all hosts
share=$(mktemp -d /tmp/allinone-probe.XXXXXX)
trap 'rm -rf "$share"; host_down' EXIT
chmod 755 "$share"
"$cc" -O1 -static -pthread -o "$share/probe" "$here/programs/probe.c" 2>"$work/cc" || skip_all "no static program here: $(tail -n 1 "$work/cc")"

started() {
	local token n
	# a node that is away is noticed sooner than by default, but its Lease is still renewed twice within that time
	server_start --node-monitor-grace-period 20s && on_host "$ALLINONE" image import "$work/busybox.tar" && token=$(on_host "$ALLINONE" token create) || return 1
	for n in "${nodes[@]:1}"; do
		ALLINONE_TOKEN=$token agent_start "$n"
		"$hosts" exec "$n" "$ALLINONE" image import "$work/busybox.tar" || return 1
	done
	for n in "${nodes[@]}"; do until_true 30 node_is_ready "$n" || { tail -5 "$work/$n.log"; return 1; }; done
}
claim three_nodes_are_there started

applied() {
	k apply -f - <<-YAML >/dev/null || return 1
	apiVersion: apps/v1
	kind: DaemonSet
	metadata: {name: probe}
	spec:
	  selector: {matchLabels: {app: probe}}
	  template:
	    metadata: {labels: {app: probe}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      containers:
	      - name: c
	        image: "$image"
	        imagePullPolicy: IfNotPresent
	        command: [/share/probe, serve, "8080", "pod-\$(NODE)"]
	        env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
	        readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
	        volumeMounts: [{name: share, mountPath: /share}]
	      volumes: [{name: share, hostPath: {path: $share}}]
	---
	apiVersion: v1
	kind: Service
	metadata: {name: probe}
	spec:
	  type: NodePort
	  ipFamilyPolicy: RequireDualStack
	  selector: {app: probe}
	  ports:
	  - {name: tcp, protocol: TCP, port: 80, targetPort: 8080, nodePort: 30090}
	  - {name: udp, protocol: UDP, port: 80, targetPort: 8080, nodePort: 30090}
	  - {name: sctp, protocol: SCTP, port: 80, targetPort: 8080, nodePort: 30090}
	---
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: web}
	spec:
	  replicas: 3
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      tolerations:
	      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
	      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}]
	      containers: [{name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sleep, "100000"]}]
	YAML
	k rollout status daemonset/probe --timeout=60s && k rollout status deployment/web --timeout=60s
}
claim a_daemon_set_runs_on_all_of_them applied

pod_on() { k get pods -l app=probe --field-selector "spec.nodeName=$1" -o 'jsonpath={.items[0].metadata.name}'; }
targets() { # FILE: a line for each way in
	local n a p all
	all=$(printf ',pod-%s' "${nodes[@]}"); all=${all#,}
	for p in tcp udp sctp; do
		for n in "${nodes[@]}"; do
			for a in $(k get pod "$(pod_on "$n")" -o 'jsonpath={.status.podIPs[*].ip}'); do echo "pod $p $a 8080 pod-$n"; done
			for a in $("$hosts" addr "$n"); do
				echo "node $p $a 9090 node-$n"
				echo "nodeport $p $a 30090 $all"
			done
		done
		for a in $(k get service probe -o 'jsonpath={.spec.clusterIPs[*]}'); do echo "service $p $a 80 $all"; done
	done >"$1"
	grep -E '^(node|nodeport) ' "$1" >"$1.outside"
}
servers=()
node_servers() {
	local n
	for n in "${nodes[@]}"; do
		"$hosts" exec "$n" "$share/probe" serve 9090 "node-$n" >>"$work/servers" 2>&1 &
		servers+=($!)
	done
}
ways() { # all places at once; what doesn't get through is printed with where it came from
	local n bad=0 pids=() i
	targets "$share/targets"
	for n in "${nodes[@]}"; do
		k exec "$(pod_on "$n")" -- /share/probe ask 20 /share/targets >"$work/ways.pod-$n" 2>&1 & pids+=($!)
		"$hosts" exec "$n" "$share/probe" ask 20 "$share/targets" >"$work/ways.node-$n" 2>&1 & pids+=($!)
	done
	"$hosts" exec "$outside" "$share/probe" ask 20 "$share/targets.outside" >"$work/ways.outside" 2>&1 & pids+=($!)
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	[ $bad = 0 ] || for i in "$work"/ways.*; do sed "s/^/from ${i##*/ways.}: /" "$i"; done
	return $bad
}
node_servers
claim all_ways_are_open ways

# --- one is cut off, and comes back ---

last=${nodes[2]}
is_unknown() { [ "$(k get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = Unknown ]; }
web_on() { k get pods -l app=web --field-selector "spec.nodeName=$1" -o 'jsonpath={.items[*].metadata.name}'; }
# a pod's processes on its node, seen from there
runs_there() { "$hosts" exec "$last" pgrep -f 'sleep 10000[0]' >/dev/null; }
moved() { # three of them are ready elsewhere
	[ "$(k get pods -l app=web -o 'jsonpath={range .items[?(@.spec.nodeName!="'"$last"'")]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c True)" = 3 ]
}
cut_off() {
	[ -n "$(web_on "$last")" ] || { k get pods -o wide; return 1; }
	"$hosts" cut "$last"
	until_true 60 is_unknown "$last" && until_true 30 moved || { k get nodes; k get pods -o wide; return 1; }
	runs_there || { echo "the pods of the node that is cut off do not run on"; return 1; }
}
claim pods_of_a_node_that_is_cut_off_are_replaced_and_run_on_there cut_off
left_alone() { ! k get endpointslices -l kubernetes.io/service-name=probe -o 'jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].nodeName}' | grep -q "$last"; }
claim its_endpoints_are_left_out until_true 10 left_alone

nothing_is_double() { # as many as wanted, all of them ready, and none of the old ones is left on the node
	[ "$(k get pods -l app=web -o 'jsonpath={range .items[*]}{.metadata.deletionTimestamp}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')" = $'True\nTrue\nTrue' ] && [ -z "$(web_on "$last")" ] && ! runs_there
}
healed() {
	local before; before=$(pod_on "$last")
	"$hosts" heal "$last"
	until_true 40 node_is_ready "$last" && until_true 30 nothing_is_double || { k get nodes; k get pods -o wide; "$hosts" exec "$last" ps ax | grep sleep; return 1; }
	equals "$before" "$(pod_on "$last")" # a pod of a DaemonSet tolerates it
}
claim after_it_is_back_pods_are_neither_double_nor_lost healed
all_ready() { [ "$(k get endpointslices -l kubernetes.io/service-name=probe -o 'jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.nodeName}{"\n"}{end}' | sort -u | wc -l)" = 3 ]; }
ways_again() { until_true 20 all_ready && ways; }
claim and_all_ways_are_open_again ways_again
kill "${servers[@]}" 2>/dev/null
wait "${servers[@]}" 2>/dev/null
claim nothing_is_left_on_the_hosts nothing_left
