#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second machine: how it gets in, that pods, Services, names and streams don't care which node they are on, and what goes on while the
# server is away or a node is dead.
set -u
. "$(dirname "$0")/lib.sh"
host_up kn 2
second=${prefix}2
on_second() { "$hosts" exec "$second" "$@"; }

claim the_server_starts server_start
token() { on_host "$ALLINONE" token create --description "$1"; }

# --- who gets in ---

refused() { # WHAT-IT-SAYS TOKEN
	local said
	said=$(ALLINONE_TOKEN=$2 timeout 30 "$hosts" exec "$second" "$ALLINONE" agent --join https://10.80.0.1:6443 2>&1) && { echo "it was let in"; return 1; }
	contains "$1" "$said" && equals 1 "$(grep -c '^allinone: ' <<<"$said")"
}
ca_hash() { on_host sha256sum /var/lib/allinone/server/tls/server-ca.crt | cut -d' ' -f1; }
wrong_hash() { refused "its CA has another hash" "K10$(printf '0%.0s' $(seq 64))::abcdef.0123456789abcdef"; }
claim a_server_that_the_token_is_not_for_is_not_trusted wrong_hash
wrong_secret() { refused "refuses the token" "K10$(ca_hash)::abcdef.0123456789abcdef"; }
claim a_wrong_token_is_refused_in_one_line wrong_secret
deleted() {
	local gone; gone=$(token gone)
	on_host "$ALLINONE" token delete "$gone" >/dev/null && refused "refuses the token" "$gone"
}
claim a_deleted_token_is_refused deleted
no_token() { refused "give it a token" ""; }
claim a_new_machine_needs_a_token no_token

joined() {
	ALLINONE_TOKEN=$(token second) agent_start "$second"
	until_true 30 node_is_ready "$second" || { tail -5 "$work/$second.log"; return 1; }
	host_note "$second"
}
claim a_machine_joins_and_becomes_ready joined
files_are_private() { equals "600 600 600 600" "$(on_second sh -c 'stat -c %a /var/lib/allinone/agent/*.pem' | xargs)"; }
claim keys_are_for_root_alone files_are_private
subject_of() { on_second openssl x509 -noout -subject -in "/var/lib/allinone/agent/$1.pem"; }
names_of_their_own() {
	contains "CN = system:kube-proxy" "$(subject_of client-kube-proxy)" && contains "CN = system:serviceaccount:kube-system:coredns" "$(subject_of client-coredns)" &&
		equals no "$(k auth can-i list endpointslices --as "system:node:$second" --as-group system:nodes)"
}
claim proxy_and_name_server_are_not_the_kubelet names_of_their_own

# --- pods on both ---

web() {
	on_host "$ALLINONE" image import "$work/busybox.tar" && on_second "$ALLINONE" image import "$work/busybox.tar" || return 1
	k apply -f - <<-YAML >/dev/null || return 1
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: web}
	spec:
	  replicas: 4
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      tolerations:
	      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
	      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
	      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}]
	      containers:
	      - {name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sh, -c, "mkdir -p /w; hostname >/w/index.html; echo ready; exec httpd -f -p 8080 -h /w"]}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: web}
	spec: {type: NodePort, ipFamilyPolicy: PreferDualStack, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
	YAML
	k rollout status deployment/web --timeout=40s
}
claim a_deployment_is_rolled_out web
pods_on() { k get pods -l app=web --field-selector "spec.nodeName=$1,status.phase=Running" -o 'jsonpath={.items[*].metadata.name}'; }
spread() { [ -n "$(pods_on "$host")" ] && [ -n "$(pods_on "$second")" ] || { k get pods -o wide; return 1; }; }
claim its_pods_are_spread_over_both_nodes spread
first_of() { pods_on "$1" | cut -d' ' -f1; }
one=$(first_of "$host") two=$(first_of "$second")

url() { case $1 in *:*) echo "http://[$1]:$2" ;; *) echo "http://$1:$2" ;; esac; }
fetch_in() { k exec "$1" -- timeout 3 wget -qO- "$2"; }
ip_of() { k get pod "$1" -o "jsonpath={.status.podIPs[$2].ip}"; }
gets() { equals "$1" "$("${@:2}" 2>/dev/null)"; }
pod_to_pod() { # FAMILY
	until_true 20 gets "$two" fetch_in "$one" "$(url "$(ip_of "$two" "$1")" 8080)" && until_true 20 gets "$one" fetch_in "$two" "$(url "$(ip_of "$one" "$1")" 8080)" || {
		on_host ip route; on_second ip route; on_host ip -6 route; return 1
	}
}
claim pods_reach_each_other_across_nodes_over_ipv4 pod_to_pod 0
claim pods_reach_each_other_across_nodes_over_ipv6 pod_to_pod 1
node_to_pod() {
	until_true 10 gets "$two" on_host timeout 3 wget -qO- "$(url "$(ip_of "$two" 0)" 8080)" && until_true 10 gets "$one" on_second timeout 3 wget -qO- "$(url "$(ip_of "$one" 1)" 8080)"
}
claim nodes_reach_pods_of_the_other_node node_to_pod

all_four() { # COMMAND…: asked often enough, every pod answers
	local seen
	seen=$(for _ in $(seq 40); do "$@" 2>/dev/null; done | sort -u)
	[ "$(grep -c '^web-' <<<"$seen")" = 4 ] || { echo "answers:" $seen; return 1; }
}
service_everywhere() { until_true 20 all_four fetch_in "$one" http://web && until_true 20 all_four fetch_in "$two" http://web.default.svc.cluster.local; }
claim a_service_and_its_name_work_from_both_nodes service_everywhere
web_answers() { "$@" 2>/dev/null | grep -q '^web-'; }
service_v6() { until_true 20 web_answers fetch_in "$two" "$(url "$(k get service web -o 'jsonpath={.spec.clusterIPs[1]}')" 80)"; }
claim a_service_works_over_ipv6_on_the_second_node service_v6
node_ports() {
	local at
	for at in 10.80.0.1 10.80.0.2 '[fd80::2]'; do
		until_true 20 all_four on_host timeout 3 wget -qO- "http://$at:30080" && until_true 20 all_four on_second timeout 3 wget -qO- "http://$at:30080" || { echo "at $at"; return 1; }
	done
}
claim a_node_port_answers_on_both_nodes node_ports

streams() {
	until_true 10 gets ready k logs "$two" && equals hello "$(echo hello | k exec -i "$two" -- cat)" || return 1
	k exec "$two" -- sh -c 'exit 7'; equals 7 $?
}
claim logs_and_exec_reach_the_second_node streams
forwarded() { [ "$(on_host timeout 3 wget -qO- http://127.0.0.1:18080 2>/dev/null)" = "$two" ]; }
port_forward() {
	"$hosts" exec "$host" kubectl --kubeconfig "$kubeconfig" port-forward "pod/$two" 18080:8080 >"$work/forward" 2>&1 &
	local pid=$!
	until_true 10 forwarded; local r=$?
	kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null
	[ $r = 0 ] || cat "$work/forward"
	return $r
}
claim ports_are_forwarded_from_the_second_node port_forward
proxied() { until_true 10 gets "$two" k get --raw "/api/v1/namespaces/default/pods/$two:8080/proxy/" && contains '"items"' "$(k get --raw "/api/v1/nodes/$second/proxy/pods")"; }
claim the_api_server_leads_to_pods_and_kubelet_of_the_second_node proxied
node_health() { contains lastUpdated "$(k get --raw "/api/v1/nodes/$second:10256/proxy/healthz" 2>/dev/null)"; }
other_port() { until_true 10 node_health || { k get --raw "/api/v1/nodes/$second:10256/proxy/healthz"; return 1; }; }
claim the_api_server_leads_to_another_port_of_the_second_node other_port

attached() {
	k run attached --image="$image" --image-pull-policy=IfNotPresent --restart=Never --overrides='{"spec":{"nodeName":"'"$second"'"}}' --rm -i -- cat <<<'from here' >"$work/attached" 2>/dev/null
	contains "from here" "$(cat "$work/attached")"
}
claim a_client_attaches_to_the_second_node attached
balanced() {
	k apply -f - <<<'{"apiVersion":"v1","kind":"Service","metadata":{"name":"balanced"},"spec":{"type":"LoadBalancer","selector":{"app":"web"},"ports":[{"port":8000,"targetPort":8080}]}}' >/dev/null
	until_true 20 gets "10.80.0.1 10.80.0.2" k get service balanced -o 'jsonpath={.status.loadBalancer.ingress[*].ip}' || return 1
	local at
	for at in 10.80.0.1 10.80.0.2; do
		until_true 20 web_answers "$hosts" exec "${prefix}0" timeout 3 wget -qO- "http://$at:8000" || { echo "nothing at $at"; return 1; }
	done
}
claim neighbours_reach_a_load_balancer_at_both_nodes balanced

# --- without the server, without the agent ---

goes_on() { local at; for at in 10.80.0.2 '[fd80::2]'; do until_true 10 web_answers on_second timeout 3 wget -qO- "http://$at:30080" || return 1; done; }
containers_of() { k get pods -l app=web -o 'jsonpath={.items[*].status.containerStatuses[*].containerID}' | tr ' ' '\n' | sort | xargs; }
server_away() {
	containers_of >"$work/containers"
	server_kill && goes_on
}
claim pods_and_services_go_on_while_the_server_is_away server_away
agent_again() { agent_kill "$second" && goes_on && agent_start "$second" && goes_on; }
claim an_agent_starts_without_server_and_token agent_again
server_back() {
	server_start && until_true 30 node_is_ready "$second" && until_true 20 goes_on || { tail -5 "$work/$second.log"; return 1; }
	until_true 20 gets "$(cat "$work/containers")" containers_of || { echo "containers changed: $(cat "$work/containers") / $(containers_of)"; return 1; }
	until_true 20 gets hello echoed # once that node has heard of its pods again
}
echoed() { echo hello | k exec -i "$two" -- cat; }
claim nothing_was_restarted_when_all_are_back server_back
scaled() { k scale deployment/web --replicas=6 >/dev/null && k rollout status deployment/web --timeout=40s && [ "$(pods_on "$second" | wc -w)" -ge 2 ] && equals 6 "$(echo "$(pods_on "$host") $(pods_on "$second")" | wc -w)"; }
claim new_pods_come_to_the_second_node_afterwards scaled

# --- the server dies in the middle of an update ---

roll() {
	k apply -f - <<-YAML >/dev/null
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: roll}
	spec:
	  replicas: 3
	  selector: {matchLabels: {app: roll}}
	  template:
	    metadata: {labels: {app: roll}}
	    spec:
	      terminationGracePeriodSeconds: 6 # longer than the server is away: busybox goes on until it is killed
	      containers:
	      - {name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sh, -c, "mkdir -p /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w"], readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: roll}
	spec: {type: NodePort, selector: {app: roll}, ports: [{port: 80, targetPort: 8080, nodePort: 30085}]}
	YAML
	k rollout status deployment/roll --timeout=40s && until_true 20 rolled_answers
}
rolled_answers() { "$hosts" exec "${prefix}0" timeout 3 wget -qO- http://10.80.0.2:30085 2>/dev/null | grep -q '^roll-'; }
updated() { [ "$(k get deployment roll -o 'jsonpath={.status.updatedReplicas}')" -ge 1 ]; }
nothing_is_lost() {
	roll || return 1
	: >"$work/asking"
	"$hosts" exec "${prefix}0" bash -c 'n=0 bad=0
		while [ -e "$1" ]; do n=$((n + 1)); timeout 3 wget -qO- http://10.80.0.2:30085 >/dev/null 2>&1 || bad=$((bad + 1)); done
		echo "$bad of $n requests failed"' - "$work/asking" >"$work/asked" &
	local asking=$! r=0
	k set env deployment/roll A=1 >/dev/null && until_true 20 updated && server_kill && server_start && k rollout status deployment/roll --timeout=60s || r=1
	rm "$work/asking"
	wait "$asking"
	cat "$work/asked"
	grep -Eq '^0 of [1-9]' "$work/asked" && return $r
}
claim an_update_over_a_killed_server_loses_no_request nothing_is_lost

# --- a node dies ---

moved() { [ "$(k get pods -l app=web --field-selector "spec.nodeName=$host" -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}' | tr ' ' '\n' | grep -c True)" = 6 ]; }
not_ready() { [ "$(k get node "$second" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = Unknown ]; }
node_dies() {
	agent_kill "$second"
	"$hosts" kill "$second"
	until_true 90 not_ready || { k get nodes; return 1; }
	until_true 60 moved || { k get pods -o wide; return 1; }
}
claim pods_of_a_dead_node_move node_dies
only_the_living() { for _ in $(seq 10); do contains web- "$(on_host timeout 3 wget -qO- http://10.80.0.1:30080)" || return 1; done; }
claim a_service_leads_to_the_living_alone until_true 20 only_the_living
routes_go() { k delete node "$second" >/dev/null && until_true 10 gets "" on_host ip route show proto 77; }
claim the_way_to_a_node_goes_with_it routes_go
comes_back() { "$hosts" start "$second" && agent_start "$second" && until_true 60 node_is_ready "$second" || { tail -5 "$work/$second.log"; return 1; }; }
claim a_node_that_was_dead_comes_back comes_back
claim nothing_is_left_on_the_hosts nothing_left
