#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ports of the node that lead to a pod: from neighbours, the node itself and pods, of both families, of one address, and no longer than the pod.
set -u
. "$(dirname "$0")/lib.sh"
cc=$(command -v cc || command -v gcc || command -v clang) || skip_all "needs a C compiler"
host_up kh
share=$(mktemp -d /tmp/allinone-probe.XXXXXX)
trap 'rm -rf "$share"; host_down' EXIT
chmod 755 "$share"
"$cc" -O1 -static -pthread -o "$share/probe" "$here/programs/probe.c" 2>"$work/cc" || skip_all "no static program here: $(tail -n 1 "$work/cc")"

ready() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim server_and_image_are_there ready

serve='"command":["sh","-c","mkdir -p /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w"]'
pods() {
	run_pod everywhere "$serve,\"ports\":[{\"containerPort\":8080,\"hostPort\":18080}]" &&
		run_pod here "$serve,\"ports\":[{\"containerPort\":8080,\"hostPort\":18081,\"hostIP\":\"127.0.0.1\"}]" &&
		run_pod there "$serve,\"ports\":[{\"containerPort\":8080,\"hostPort\":18081,\"hostIP\":\"10.80.0.1\"}]" && run_pod client "$SLEEP"
}
claim pods_with_ports_of_their_node_run pods

gets() { # POD ADDRESS FROM COMMAND…
	local pod=$1 address=$2; shift 2
	[ "$("$@" timeout 3 wget -qO- "http://$address/" 2>/dev/null)" = "$pod" ]
}
neighbour() { "$hosts" exec "${prefix}0" "$@"; }
in_pod() { k exec client -- "$@"; }
claim a_neighbour_reaches_the_pod until_true 10 gets everywhere 10.80.0.1:18080 neighbour
claim a_neighbour_reaches_it_over_ipv6 until_true 10 gets everywhere '[fd80::1]:18080' neighbour
claim the_node_reaches_it until_true 10 gets everywhere 10.80.0.1:18080 on_host
claim the_node_reaches_it_at_its_loopback until_true 10 gets everywhere 127.0.0.1:18080 on_host
claim a_pod_reaches_it until_true 10 gets everywhere 10.80.0.1:18080 in_pod
claim a_port_of_one_address_is_of_that_one until_true 10 gets there 10.80.0.1:18081 neighbour
claim the_same_port_of_another_address_is_anothers until_true 10 gets here 127.0.0.1:18081 on_host
datagrams() { # a program that answers them comes from the host; /tmp is the same on all hosts
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"datagrams"},"spec":{"terminationGracePeriodSeconds":1,"volumes":[{"name":"share","hostPath":{"path":"$share"}}],
	 "containers":[{"name":"c","image":"$image","imagePullPolicy":"IfNotPresent","command":["/share/probe","serve","8081","datagrams"],"volumeMounts":[{"name":"share","mountPath":"/share"}],
	 "ports":[{"containerPort":8081,"hostPort":18080,"protocol":"UDP"}]}]}}
	JSON
	k wait --for=condition=Ready pod/datagrams --timeout=20s >/dev/null || return 1
	printf '%s\n' "v4 udp 10.80.0.1 18080 datagrams" "v6 udp fd80::1 18080 datagrams" >"$share/targets"
	neighbour "$share/probe" ask 10 "$share/targets"
}
claim datagrams_to_the_same_number_are_another_pods datagrams

second() {
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"second"},"spec":{"containers":[{"name":"c","image":"$image","ports":[{"containerPort":8080,"hostPort":18080}]}]}}
	JSON
	until_true 10 refused
}
refused() { contains "didn't have free ports for the requested pod ports" "$(k get pod second -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}')" >/dev/null; }
claim a_second_pod_finds_the_port_taken second
free() {
	k delete pod second everywhere --wait >/dev/null
	! gets everywhere 10.80.0.1:18080 neighbour
}
claim the_port_goes_with_its_pod free
claim nothing_is_left_on_the_host nothing_left
