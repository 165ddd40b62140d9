#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What users bring: a Deployment with a Service, a StatefulSet with claims, a CronJob and a DaemonSet on two nodes, seen with curl, dig and getent
# of glibc (Debian's) and with the resolver of musl.
set -u
. "$(dirname "$0")/lib.sh"
host_up ka 2
second=${prefix}2
tools=docker.io/library/tools:test
"$here/../images/make-debian" "$(dpkg --print-architecture)" "$work/tools.tar" "$tools" curl bind9-dnsutils libc-bin dash coreutils >"$work/tools.log" 2>&1 ||
	skip_all "no image of Debian's tools: $(tail -n 1 "$work/tools.log")"
share=$(mktemp -d /tmp/allinone-share.XXXXXX)
trap 'rm -rf "$share"; host_down' EXIT
chmod 755 "$share"
musl=$(command -v musl-gcc || ls "${ALLINONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/allinone}"/prefix-*-musl/bin/musl-gcc 2>/dev/null | head -n 1)
[ -z "$musl" ] || "$musl" -O1 -static -o "$share/resolve" "$here/programs/resolve.c" 2>"$work/musl" || musl=

started() {
	local n
	server_start || return 1
	ALLINONE_TOKEN=$(on_host "$ALLINONE" token create) agent_start "$second"
	for n in "$host" "$second"; do "$hosts" exec "$n" "$ALLINONE" image import "$work/busybox.tar" && "$hosts" exec "$n" "$ALLINONE" image import "$work/tools.tar" || return 1; done
	until_true 30 node_is_ready "$second" || { tail -5 "$work/$second.log"; return 1; }
}
claim two_nodes_are_there started

serve='mkdir -p /data; [ -e /data/index.html ] || hostname >/data/index.html; exec httpd -f -p 8080 -h /data'
applied() {
	k apply -f - <<-YAML >/dev/null || return 1
	apiVersion: batch/v1
	kind: CronJob
	metadata: {name: asks}
	spec:
	  schedule: "* * * * *"
	  jobTemplate:
	    spec:
	      template:
	        spec:
	          restartPolicy: OnFailure
	          containers: [{name: c, image: "$tools", imagePullPolicy: IfNotPresent, command: [curl, -sf, "http://web"]}]
	---
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: web}
	spec:
	  replicas: 2
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      containers: [{name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sh, -c, "$serve"], readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}}]
	---
	apiVersion: v1
	kind: Service
	metadata: {name: web}
	spec: {ipFamilyPolicy: PreferDualStack, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
	---
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: db}
	spec:
	  serviceName: db
	  replicas: 2
	  selector: {matchLabels: {app: db}}
	  template:
	    metadata: {labels: {app: db}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      containers: [{name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sh, -c, "$serve"], volumeMounts: [{name: data, mountPath: /data}]}]
	  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}]
	---
	apiVersion: v1
	kind: Service
	metadata: {name: db}
	spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 8080}]}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: alias}
	spec: {type: ExternalName, externalName: web.default.svc.cluster.local}
	---
	apiVersion: apps/v1
	kind: DaemonSet
	metadata: {name: tools}
	spec:
	  selector: {matchLabels: {app: tools}}
	  template:
	    metadata: {labels: {app: tools}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      containers: [{name: c, image: "$tools", imagePullPolicy: IfNotPresent, command: [sleep, "100000"], volumeMounts: [{name: share, mountPath: /share}]}]
	      volumes: [{name: share, hostPath: {path: $share}}]
	YAML
	k rollout status deployment/web --timeout=60s && k rollout status statefulset/db --timeout=60s && k rollout status daemonset/tools --timeout=60s
}
claim all_of_it_runs applied

on_each() { # COMMAND…: in the tools' pod of each node; what they say, each line once
	local pod
	for pod in $(k get pods -l app=tools -o 'jsonpath={.items[*].metadata.name}'); do k exec "$pod" -- timeout 10 "$@" || return 1; done | sort -u
}
says() { # WANTED COMMAND…: that, and nothing else, on each node, sooner or later
	local wanted=$1 said
	shift
	said=$(on_each "$@" 2>"$work/stderr" | xargs)
	[ "$said" = "$wanted" ] || { echo "wanted '$wanted', got '$said' from $*: $(cat "$work/stderr")"; return 1; }
}
cluster_ip() { k get service web -o "jsonpath={.spec.clusterIPs[$1]}"; }
pod_ip() { k get pod "$1" -o 'jsonpath={.status.podIP}'; }

with_curl() {
	until_true 10 says db-0 curl -sf http://db-0.db:8080 && says db-1 curl -sf http://db-1.db.default.svc.cluster.local:8080 || return 1
	local each; each=$(on_each sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -sf http://web; done')
	[ "$(grep -c '^web-' <<<"$each")" = 2 ] && [ "$(wc -l <<<"$each")" = 2 ] || { echo "answers:" $each; return 1; }
	contains web- "$(on_each curl -sf "http://[$(cluster_ip 1)]")" && contains web- "$(on_each curl -sf http://alias -H "Host: web")"
}
claim curl_reaches_them_by_name with_curl
with_dig() {
	says "$(cluster_ip 0)" dig +short web.default.svc.cluster.local && says "$(cluster_ip 1)" dig +short web.default.svc.cluster.local AAAA &&
		says "$(cluster_ip 0)" dig +tcp +short +search web && says "web.default.svc.cluster.local." dig +short -x "$(cluster_ip 0)" &&
		says "db-0.db.default.svc.cluster.local." dig +short -x "$(pod_ip db-0)" && says "$(printf '%s\n' "$(pod_ip db-0)" "$(pod_ip db-1)" | sort | xargs)" dig +short db.default.svc.cluster.local &&
		says "0 50 8080 db-0.db.default.svc.cluster.local. 0 50 8080 db-1.db.default.svc.cluster.local." dig +short _http._tcp.db.default.svc.cluster.local SRV &&
		contains "$(cluster_ip 0)" "$(on_each dig +short alias.default.svc.cluster.local)" && contains "status: NXDOMAIN" "$(on_each dig nobody.default.svc.cluster.local)" &&
		says 1.1.0 dig +short dns-version.cluster.local TXT
}
claim dig_finds_every_kind_of_name with_dig
with_getent() {
	contains "$(cluster_ip 0)" "$(on_each getent ahostsv4 web)" && contains "$(cluster_ip 1)" "$(on_each getent ahostsv6 web.default)" && contains "$(pod_ip db-1)" "$(on_each getent hosts db-1.db)" &&
		contains "$(cluster_ip 0)" "$(on_each getent ahostsv4 alias)" && contains web.default.svc.cluster.local "$(on_each getent hosts "$(cluster_ip 0)")"
}
claim getent_of_glibc_finds_them with_getent
with_musl() {
	contains "$(cluster_ip 0)" "$(on_each /share/resolve web)" && contains "$(cluster_ip 1)" "$(on_each /share/resolve web)" && says "$(pod_ip db-1)" /share/resolve db-1.db &&
		contains "$(cluster_ip 0)" "$(on_each /share/resolve alias)" && says "" /share/resolve nobody.default
}
if [ -n "$musl" ]; then claim the_resolver_of_musl_finds_them with_musl; else echo "skip the_resolver_of_musl_finds_them - no musl-gcc"; fi

keeps() {
	k exec db-0 -- sh -c 'echo kept >/data/index.html' && k delete pod db-0 --wait=false >/dev/null && k wait --for=delete pod/db-0 --timeout=30s >/dev/null
	k rollout status statefulset/db --timeout=60s >/dev/null && until_true 20 says kept curl -sf http://db-0.db:8080
}
claim a_stateful_set_keeps_its_data_and_its_name keeps
cron() { contains web- "$(k logs -l batch.kubernetes.io/job-name --tail=-1 2>/dev/null)"; }
claim a_cron_job_comes_to_its_time until_true 90 cron
claim nothing_is_left_on_the_hosts nothing_left
