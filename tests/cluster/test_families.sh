#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clusters of each family, of IPv6 first, and of IPv6 alone: what the first range is of is what a pod, a Service and a name are of.
set -u
. "$(dirname "$0")/lib.sh"
host_up ki 2
second=${prefix}2

cluster() { # CLUSTER-CIDR SERVICE-CIDR
	server_start --cluster-cidr "$1" --service-cidr "$2" || return 1
	ALLINONE_TOKEN=$(on_host "$ALLINONE" token create) agent_start "$second"
	until_true 30 node_is_ready "$second" || { tail -5 "$work/$second.log"; return 1; }
	on_host "$ALLINONE" image import "$work/busybox.tar" && "$hosts" exec "$second" "$ALLINONE" image import "$work/busybox.tar"
}
applied() {
	local n
	for n in 1 2; do
		k apply -f - <<-JSON >/dev/null || return 1
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p$n","labels":{"app":"p$n"}},"spec":{"nodeName":"$prefix$n","terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"$image",
		 "imagePullPolicy":"IfNotPresent","command":["sh","-c","mkdir -p /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w"]}]}}
		JSON
		k expose pod "p$n" --name "web$n" --port 80 --target-port 8080 >/dev/null || return 1
	done
	k wait --for=condition=Ready pod/p1 pod/p2 --timeout=30s
}
families() { # OBJECT PATH: 4 and 6 for each address, in order
	local a
	for a in $(k get "$1" -o "jsonpath={$2}"); do case $a in *:*) printf 6 ;; *) printf 4 ;; esac; done
}
are() { # FAMILIES: of the pod, the node's range, the API's own Service; the first of them is a Service's
	local seen
	seen="$(families pod/p1 .status.podIPs[*].ip) $(families "node/${prefix}2" .spec.podCIDRs[*]) $(families service/web1 .spec.clusterIPs[*]) $(families service/kubernetes .spec.clusterIPs[*])"
	[ "$seen" = "$1 $1 ${1:0:1} ${1:0:1}" ] || { echo "# pod, node, Service, kubernetes: $seen"; return 1; }
}
gets() { [ "$(k exec "p$1" -- timeout 3 wget -qO- "http://web$2/" 2>/dev/null)" = "p$2" ]; }
# by name, through a Service: the name server, the proxy and the way between the nodes
reach() { until_true 20 gets 1 2 && until_true 20 gets 2 1 && until_true 20 gets 1 1; }
resolver() { # FAMILY
	local a
	a=$(k exec p1 -- sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1)
	case $1$a in 6*:* | 4*.*) ;; *) echo "# nameserver $a"; return 1 ;; esac
}
meets_api() { k exec p1 -- sh -c 'echo | timeout 3 nc kubernetes.default 443 >/dev/null'; }
api() { until_true 20 meets_api; }
logs() { k logs p2 >/dev/null && k exec p2 -- true; }
again() { # the next cluster is a new one
	nothing_left || return 1
	rm -f "$work"/holds.*
	for n in 1 2; do "$hosts" exec "$prefix$n" sh -c "rm -rf /var/lib/allinone/*"; done
}

six=fd42::/56 four=10.42.0.0/16 six_services=fd43::/112 four_services=10.43.0.0/16
claim a_cluster_of_ipv6_first_starts cluster "$six,$four" "$six_services,$four_services"
claim its_pods_run applied
claim its_addresses_are_of_ipv6_first are 64
claim its_names_are_asked_over_ipv6 resolver 6
claim its_services_answer_by_name_on_both_nodes reach
claim its_pods_reach_the_api api
claim nothing_of_it_is_left again

claim a_cluster_of_ipv6_alone_starts cluster "$six" "$six_services"
claim its_pods_run_without_ipv4 applied
claim its_addresses_are_of_ipv6_alone are 6
claim its_names_are_asked_over_ipv6_alone resolver 6
claim its_services_answer_by_name_without_ipv4 reach
claim its_pods_reach_the_api_without_ipv4 api
claim its_logs_and_commands_work_on_both_nodes logs
claim nothing_of_ipv6_alone_is_left again

claim a_cluster_of_ipv4_alone_starts cluster "$four" "$four_services"
claim its_pods_run_without_ipv6 applied
claim its_addresses_are_of_ipv4_alone are 4
claim its_services_answer_by_name_without_ipv6 reach
