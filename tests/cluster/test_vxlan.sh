#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two nodes with a router between them: their pods reach each other through VXLAN.
set -u
. "$(dirname "$0")/lib.sh"
host_up kx 2
second=${prefix}2

apart() { # only the switch is on a node's link
	local n
	"$hosts" exec "${prefix}0" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; for f in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >"$f"; done' || return 1
	for n in 1 2; do
		"$hosts" exec "$prefix$n" sh -c "ip addr flush dev eth0; ip addr add 10.80.0.$n/32 dev eth0 && ip route add 10.80.0.254 dev eth0 scope link && ip route add default via 10.80.0.254" || return 1
	done
}
claim two_machines_have_a_router_between_them apart
nodes() {
	server_start || return 1
	ALLINONE_TOKEN=$(on_host "$ALLINONE" token create) agent_start "$second"
	until_true 30 node_is_ready "$second" || { tail -5 "$work/$second.log"; return 1; }
	on_host "$ALLINONE" image import "$work/busybox.tar" && "$hosts" exec "$second" "$ALLINONE" image import "$work/busybox.tar"
}
claim they_are_nodes_of_a_cluster nodes
pods() {
	local n
	for n in 1 2; do
		k apply -f - <<-JSON >/dev/null || return 1
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p$n"},"spec":{"nodeName":"$prefix$n","terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"$image",
		 "imagePullPolicy":"IfNotPresent","command":["sh","-c","mkdir -p /w; hostname >/w/index.html; dd if=/dev/zero of=/w/large bs=1M count=3; exec httpd -f -p 8080 -h /w"]}]}}
		JSON
	done
	k wait --for=condition=Ready pod/p1 pod/p2 --timeout=30s
}
claim each_has_a_pod pods

url() { local a; a=$(k get pod "$1" -o "jsonpath={.status.podIPs[$2].ip}"); case $a in *:*) a=[$a] ;; esac; echo "http://$a:8080$3"; }
gets() { [ "$(k exec "$2" -- timeout 3 wget -qO- "$(url "$1" "$3" /)" 2>/dev/null)" = "$1" ]; }
state() { local n; for n in 1 2; do "$hosts" exec "$prefix$n" sh -c 'ip route; ip -6 route; ip -d link show allinone-vxlan; bridge fdb show dev allinone-vxlan'; done; return 1; }
across() { until_true 20 gets p1 p2 "$1" && until_true 20 gets p2 p1 "$1" || state; }
claim pods_reach_each_other_over_ipv4 across 0
claim pods_reach_each_other_over_ipv6 across 1
large() { [ "$(k exec p1 -- timeout 10 wget -qO- "$(url p2 "$1" /large)" 2>/dev/null | wc -c)" = 3145728 ]; }
all_large() { until_true 20 large 0 && until_true 20 large 1 || state; }
claim packets_of_any_size_get_through all_large
from_node() { [ "$(on_host timeout 3 wget -qO- "$(url p2 0 /)" 2>/dev/null)" = p2 ]; }
claim a_node_reaches_pods_of_the_other until_true 20 from_node
device_goes() {
	agent_kill "$second"
	k delete node "$second" >/dev/null && until_true 10 eval '! on_host ip link show allinone-vxlan >/dev/null 2>&1'
}
claim the_device_goes_with_the_last_node_that_needs_it device_goes
claim nothing_is_left_on_the_host nothing_left
