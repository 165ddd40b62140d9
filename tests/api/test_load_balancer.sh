#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Services of type LoadBalancer have the nodes' addresses.
. "$(dirname "$0")/server.sh"
start_server

node() { # NAME ADDRESS
	kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"$1"}}
	YAML
	kubectl patch node "$1" --subresource=status --type=merge -p '{"status":{"addresses":[{"type":"InternalIP","address":"'"$2"'"}],
		"conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null
}
service() { # NAME PORT [MORE OF THE SPEC]
	kubectl create -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Service","metadata":{"name":"$1"},"spec":{"type":"LoadBalancer","ports":[{"port":$2}]${3:-}}}
	JSON
}
addresses() { kubectl get service "$1" -o 'jsonpath={.status.loadBalancer.ingress[*].ip}'; }
has() { [ "$(addresses "$1")" = "$2" ]; }
event() { kubectl get events -o json | jq -e --arg n "$1" --arg m "$2" '[.items[] | select(.involvedObject.name == $n and (.message | contains($m)))] | length > 0'; }

node n1 192.0.2.1
service web 80
claim a_service_gets_the_nodes_addresses eventually has web 192.0.2.1
node n2 192.0.2.2
claim a_new_node_joins_in eventually has web "192.0.2.1 192.0.2.2"
claim it_is_told eventually event web "Ensured load balancer"
service second 80
service other 81
claim another_port_is_free eventually has other "192.0.2.1 192.0.2.2"
claim a_port_is_given_once eventually event second "port 80/TCP of the nodes is taken by default/web"
same the_second_waits "" "$(addresses second)"
service classy 82 ',"loadBalancerClass":"example.com/lb"'
service later 83
eventually has later "192.0.2.1 192.0.2.2"
same classes_are_left_to_others "" "$(addresses classy)"
kubectl patch service web --type=merge -p '{"spec":{"type":"ClusterIP"}}' >/dev/null
claim what_is_no_longer_balanced_has_no_address eventually has web ""
claim its_port_goes_to_the_one_that_waits eventually has second "192.0.2.1 192.0.2.2"
kubectl delete node n2 >/dev/null
claim a_node_that_leaves_takes_its_address_with_it eventually has second 192.0.2.1

kill -TERM "$server_pid"
wait "$server_pid"
start_server --disable servicelb
service mine 90
kubectl patch service mine --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"}]}}}' >/dev/null
node n3 192.0.2.3
is_seen() { kubectl get node n3 -o 'jsonpath={.metadata.annotations}' | grep -q ttl; }
eventually is_seen
same somebody_elses_address_stays 203.0.113.9 "$(addresses mine)"
