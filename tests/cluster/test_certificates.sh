#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A node whose certificates last for two minutes: it renews all of them by itself, and everything that uses them goes on when the first
# ones are over.
set -u
. "$(dirname "$0")/lib.sh"
host_up kc 2
second=${prefix}2
on_second() { "$hosts" exec "$second" "$@"; }

joined() {
	server_start --cluster-signing-duration 130s && on_host "$ALLINONE" image import "$work/busybox.tar" || return 1
	ALLINONE_TOKEN=$(on_host "$ALLINONE" token create) agent_start "$second"
	until_true 30 node_is_ready "$second" && host_note "$second" && on_second "$ALLINONE" image import "$work/busybox.tar" || { tail -5 "$work/$second.log"; return 1; }
}
claim a_node_joins_with_short_certificates joined

pairs=(client-kubelet client-kube-proxy client-coredns serving-kubelet)
certificate() { on_second openssl x509 -noout "-$2" -in "/var/lib/allinone/agent/$1.pem" | cut -d= -f2; }
declare -A serial ends
remembered() {
	local p
	equals "$(printf '%s.pem\n' "${pairs[@]}" | sort)" "$(on_second sh -c 'cd /var/lib/allinone/agent && ls *.pem' | sort)" || return 1
	for p in "${pairs[@]}"; do
		serial[$p]=$(certificate "$p" serial) ends[$p]=$(date -d "$(certificate "$p" enddate)" +%s)
		[ -n "${serial[$p]}" ] && [ "${ends[$p]}" -le $(($(date +%s) + 130)) ] || { echo "$p lasts until ${ends[$p]}"; return 1; }
	done
}
claim they_last_as_long_as_the_server_was_told remembered
renewed() { local p; for p in "${pairs[@]}"; do [ "$(certificate "$p" serial)" != "${serial[$p]}" ] || return 1; done; }
all_renewed() { until_true 120 renewed || { for p in "${pairs[@]}"; do echo "$p ${serial[$p]} $(certificate "$p" serial)"; done; tail -5 "$work/$second.log"; return 1; }; }
claim all_are_renewed_while_they_are_good all_renewed
over() { local p; for p in "${pairs[@]}"; do [ "$(date +%s)" -gt "${ends[$p]}" ] || return 1; done; }
claim the_first_ones_are_over until_true 140 over

ready_on_second() { # what the node hears of and says is new: kubelet and its server
	k apply -f - <<-YAML >/dev/null || return 1
	{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late", "labels": {"app": "late"}}, "spec": {"nodeName": "$second", "terminationGracePeriodSeconds": 1,
	 "containers": [{"name": "c", "image": "$image", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", "echo ready; mkdir -p /w; echo late >/w/index.html; exec httpd -f -p 8080 -h /w"]}]}}
	YAML
	until_true 20 pod_phase_is late Running && node_is_ready "$second" && contains ready "$(k logs late)" && equals hello "$(echo hello | k exec -i late -- cat)"
}
claim kubelet_and_streams_go_on ready_on_second
late_answers() { [ "$(on_second timeout 3 curl -s "http://$1")" = late ]; }
service_there() { # the proxy and the name server of that node
	k apply -f - <<<'{"apiVersion":"v1","kind":"Service","metadata":{"name":"late"},"spec":{"selector":{"app":"late"},"ports":[{"port":80,"targetPort":8080}]}}' >/dev/null
	local ip; ip=$(k get service late -o 'jsonpath={.spec.clusterIP}')
	until_true 10 late_answers "$ip" && until_true 10 named "$ip" || { k exec late -- nslookup late.default.svc.cluster.local; tail -5 "$work/$second.log"; return 1; }
}
named() { k exec late -- nslookup late.default.svc.cluster.local 2>/dev/null | grep -q ": $1\$"; }
claim proxy_and_name_server_go_on service_there
claim nothing_is_left_on_the_hosts nothing_left
