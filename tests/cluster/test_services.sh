#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names and Services on one node: what a pod, the node and a neighbour can reach, and what is refused.
set -u
. "$(dirname "$0")/lib.sh"
host_up ks

ready() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim server_and_image_are_there ready

web() { # NAME REPLICAS
	k apply -f - <<-YAML >/dev/null
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: $1}
	spec:
	  replicas: $2
	  selector: {matchLabels: {app: $1}}
	  template:
	    metadata: {labels: {app: $1}}
	    spec:
	      terminationGracePeriodSeconds: 1
	      containers:
	      - {name: c, image: "$image", imagePullPolicy: IfNotPresent, command: [sh, -c, "mkdir -p /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w"]}
	YAML
}
service() { # NAME SELECTOR SPEC
	k apply -f - <<-YAML >/dev/null
	{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "$1"}, "spec": {"selector": {"app": "$2"}, $3}}
	YAML
}
http='"ports":[{"port":80,"targetPort":8080}]'
# the pod's own words alone: kubectl before 1.33 sometimes says on stderr that a first, empty message came too early for it
get() { k exec client -- sh -c "timeout 3 wget -qO- 'http://$1' 2>&1"; }
answers() { for _ in $(seq "$2"); do get "$1"; done | sort | uniq -c; } # each answer with how often it came, in a line of its own
different() { # WANT NAME TIMES: that many different answers, all of them from pods
	local seen; seen=$(answers "$2" "$3")
	[ "$(wc -l <<<"$seen")" = "$1" ] && ! grep -qv ' web-' <<<"$seen" || { echo "wanted $1 different answers, got:" $seen; return 1; }
}
address() { k get service "$1" -o "jsonpath={.spec.clusterIPs[${2:-0}]}"; }

applied() {
	web web 3 && run_pod client "$SLEEP" && k wait --for=condition=Available deployment/web --timeout=20s &&
		service web web "\"type\":\"NodePort\",\"ipFamilyPolicy\":\"PreferDualStack\",\"ports\":[{\"port\":80,\"targetPort\":8080,\"nodePort\":30080}]" &&
		service sticky web '"type":"NodePort","sessionAffinity":"ClientIP","ports":[{"port":80,"targetPort":8080,"nodePort":30082}]' && service nobody nobody "$http" &&
		service heads web "\"clusterIP\":\"None\",$http" && until_true 5 get web
}
claim a_deployment_and_its_services_are_there applied

name_resolves() { contains "$(address web)" "$(k exec client -- nslookup web.default.svc.cluster.local)"; }
claim a_service_resolves_in_a_pod name_resolves
headless() { equals 3 "$(k exec client -- nslookup -type=a heads.default.svc.cluster.local | grep -c '^Address: 10\.42\.')"; }
claim a_headless_service_resolves_to_its_pods headless
reverse() { contains web.default.svc.cluster.local "$(k exec client -- nslookup "$(address web)")"; }
claim an_address_resolves_to_its_service reverse

spread() { different 3 web 30; }
claim a_service_spreads_over_its_pods spread
stays() { until_true 5 get sticky && different 1 sticky 12; }
claim a_client_stays_with_its_pod stays
any_way() { # what is known of a client holds for all ways to a Service's port
	local seen; seen=$(for _ in 1 2 3 4 5 6; do get sticky; get 10.80.0.1:30082; done | sort | uniq -c)
	[ "$(wc -l <<<"$seen")" = 1 ] && contains web- "$seen" || { echo "wanted one pod, got:" $seen; return 1; }
}
claim and_whichever_way_it_comes any_way
over_ipv6() { contains web- "$(get "[$(address web 1)]")"; }
claim a_service_answers_over_ipv6 over_ipv6
refused() { contains refused "$(get nobody)"; }
claim without_endpoints_clients_are_refused_at_once refused
other_port() { contains refused "$(get web:81)"; }
claim other_ports_of_a_cluster_address_are_refused other_port
unallocated() { # nobody is there: no answer, and no ICMP error either; from pods and from the node itself
	equals 143 "$(k exec client -- timeout 2 wget -qO- http://10.43.200.200 >/dev/null 2>&1; echo $?)" &&
		equals 28 "$(on_host curl -s -m 1 http://10.43.200.200; echo $?)"
}
claim addresses_that_no_service_has_swallow_what_comes unallocated
hairpin() {
	local pod; pod=$(k get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')
	equals 3 "$(for _ in $(seq 30); do k exec "$pod" -- timeout 3 wget -qO- http://web; done | sort -u | wc -l)"
}
claim a_pod_reaches_itself_through_its_service hairpin
node_port() {
	contains web- "$(on_host timeout 3 wget -qO- http://10.80.0.1:30080)" && contains web- "$(on_host timeout 3 wget -qO- http://127.0.0.1:30080)" &&
		contains web- "$(get 10.80.0.1:30080)"
}
claim a_node_port_answers_on_the_node node_port
api() { contains '"minor"' "$(k exec client -- timeout 5 wget -qO- --no-check-certificate https://kubernetes/version 2>/dev/null)"; }
claim the_api_answers_at_its_service api

# two UDP servers of the node itself, as the endpoints of a Service without a selector; a client that keeps its port
udp_servers() {
	local port
	for port in 6001 6002; do
		"$hosts" exec "$host" python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.80.0.1", int(sys.argv[1])))
while 1: s.sendto(sys.argv[1].encode(), s.recvfrom(99)[1])' $port &
		udp_pids="${udp_pids:-} $!"
	done
}
udp_slice() { # PORT: the only endpoint
	k apply -f - <<-YAML >/dev/null
	{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "udp-1", "labels": {"kubernetes.io/service-name": "udp"}}, "addressType": "IPv4",
	 "endpoints": [{"addresses": ["10.80.0.1"]}], "ports": [{"port": $1, "protocol": "UDP"}]}
	YAML
}
udp_ask() { # the answer to a datagram, always from the same port
	on_host python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 40123)); s.settimeout(1); s.sendto(b"?", (sys.argv[1], 5000)); print(s.recv(99).decode())' "$(address udp)" 2>&1 | tail -n 1
}
udp_answers() { [ "$(udp_ask)" = "$1" ]; }
udp() {
	udp_servers
	k apply -f - <<<'{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "udp"}, "spec": {"ports": [{"port": 5000, "protocol": "UDP"}]}}' >/dev/null
	udp_slice 6001 && until_true 5 udp_answers 6001 && udp_slice 6002 && until_true 5 udp_answers 6002
	local result=$?
	# shellcheck disable=SC2086  # a list
	kill $udp_pids
	return $result
}
claim a_udp_client_follows_when_its_endpoint_goes udp

local_policy() {
	service edge web '"type":"NodePort","externalTrafficPolicy":"Local","ports":[{"port":80,"targetPort":8080,"nodePort":30081}]'
	until_true 5 contains web- "$(on_host timeout 3 wget -qO- http://10.80.0.1:30081)" &&
		contains web- "$("$hosts" exec "${prefix}0" timeout 3 wget -qO- http://10.80.0.1:30081)"
}
claim a_node_port_with_the_policy_local_answers_neighbours local_policy

neighbour() { "$hosts" exec "${prefix}0" timeout 2 wget -T 2 -t 1 -qO- "http://$1" 2>&1; }
neighbour_gets() { contains web- "$(neighbour "$1")"; }
neighbour_gets_nothing() { ! neighbour_gets "$1"; }
ranges() { k patch service ranges --type=merge -p "{\"spec\":{\"loadBalancerSourceRanges\":$1}}" >/dev/null; }
source_ranges() {
	service ranges web '"type":"LoadBalancer","loadBalancerSourceRanges":["10.80.0.0/16","10.80.0.0/24"],"ports":[{"port":8001,"targetPort":8080}]'
	until_true 10 neighbour_gets 10.80.0.1:8001 && ranges '["192.0.2.0/24"]' && until_true 5 neighbour_gets_nothing 10.80.0.1:8001 &&
		neighbour_gets "10.80.0.1:$(k get service ranges -o 'jsonpath={.spec.ports[0].nodePort}')" && ranges '["192.0.2.0/24","10.80.0.254/32"]' &&
		until_true 5 neighbour_gets 10.80.0.1:8001 && ranges '["10.80.0.1/32"]' && until_true 5 neighbour_gets_nothing 10.80.0.1:8001 &&
		until_true 5 contains web- "$(on_host timeout 3 wget -qO- http://10.80.0.1:8001)"
}
claim only_known_sources_come_to_a_load_balancer source_ranges

health() { "$hosts" exec "${prefix}0" timeout 3 wget -S -qO- "http://10.80.0.1:$1" 2>&1; }
health_says() { contains "$2" "$(health "$1")"; }
health_check() {
	service checked web '"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":8002,"targetPort":8080}]'
	local port; port=$(k get service checked -o 'jsonpath={.spec.healthCheckNodePort}')
	until_true 5 health_says "$port" '"localEndpoints": 3' && health_says "$port" "x-load-balancing-endpoint-weight: 3" || { health "$port"; return 1; }
	k patch service checked -p '{"spec":{"selector":{"app":"nobody"}}}' >/dev/null && until_true 5 health_says "$port" "503 Service Unavailable" || { health "$port"; return 1; }
}
claim a_balancers_health_check_counts_endpoints_of_the_node health_check

proxy() { "$hosts" exec "${prefix}0" curl -s -m 3 -w ' %{http_code}' "http://10.80.0.1:10256/$1"; }
proxy_says() { contains "$2" "$(proxy "$1")"; }
proxy_health() { # as the autoscaler marks a node that it is going to remove
	contains '"nodeEligible":true,"healthy":true' "$(proxy healthz)" && contains " 200" "$(proxy healthz)" &&
		k taint node --all ToBeDeletedByClusterAutoscaler=1:PreferNoSchedule >/dev/null && until_true 5 proxy_says healthz '"nodeEligible":false' &&
		contains " 503" "$(proxy healthz)" && contains " 200" "$(proxy livez)" &&
		k taint node --all ToBeDeletedByClusterAutoscaler- >/dev/null && until_true 5 proxy_says healthz " 200" &&
		contains kubeproxy_sync_proxy_rules_duration_seconds_count "$(on_host curl -s http://127.0.0.1:10249/metrics)" &&
		equals nftables "$(on_host curl -s http://127.0.0.1:10249/proxyMode)" || { proxy healthz; return 1; }
}
claim the_proxy_tells_its_health_and_whether_the_node_stays proxy_health

answers_at() { contains "$2" "$(get "$1")"; }
shared_address() { # of two Services with one external address the first has it; the other when it is let go
	service first web '"externalIPs":["192.0.2.77"],"ports":[{"port":8003,"targetPort":8080}]' && until_true 5 answers_at 192.0.2.77:8003 web- &&
		service second nobody '"externalIPs":["192.0.2.77"],"ports":[{"port":8003,"targetPort":8080}]' && service after web '"ports":[{"port":80,"targetPort":8080}]' &&
		until_true 5 answers_at after web- && answers_at 192.0.2.77:8003 web- && k delete service first >/dev/null && until_true 5 answers_at 192.0.2.77:8003 refused
}
claim an_external_address_of_two_services_is_the_firsts shared_address

follows() {
	k scale deployment/web --replicas=1 >/dev/null && k wait --for=jsonpath='{.status.replicas}'=1 deployment/web --timeout=10s >/dev/null &&
		until_true 10 different 1 web 12 && until_true 5 get sticky && contains web- "$(get sticky)"
}
claim endpoints_that_go_are_left_out follows

survives() {
	server_kill && contains web- "$(on_host timeout 3 wget -qO- http://10.80.0.1:30080)" && server_start &&
		until_true 5 get web && contains web- "$(get web)"
}
claim services_go_on_while_the_server_is_away survives

gone() {
	local ip; ip=$(address web); k delete service web >/dev/null
	until_true 5 not_programmed "$ip" && ! on_host timeout 2 wget -qO- http://10.80.0.1:30080
}
not_programmed() { ! on_host nft list map inet allinone-services fronts4 | grep -q "$1"; }
claim a_deleted_service_is_gone gone
claim nothing_is_left_on_the_host nothing_left
