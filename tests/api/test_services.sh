#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Services: addresses and ports are given, kept, changed with the type, and given back.
. "$(dirname "$0")/server.sh"
start_server --service-cidr 10.77.0.0/16,fd77::/112
services=/api/v1/namespaces/default/services
make() { send POST $services "{\"metadata\":{\"name\":\"$1\"},\"spec\":$2}"; }
spec() { api GET "$services/$1" | jq -c -r "$2"; }

same the_kubernetes_service '10.77.0.1 443' "$(spec kubernetes '"\(.spec.clusterIP) \(.spec.ports[0].port)"')"
like and_its_endpoint '^[0-9a-f.:]+ '"$port"'$' "$(kubectl get endpointslice kubernetes -o json | jq -r '"\(.endpoints[0].addresses[0]) \(.ports[0].port)"')"

make a '{"ports":[{"port":80}]}' >/dev/null
like an_address_of_the_range '^10\.77\.[0-9]+\.[0-9]+ SingleStack \["IPv4"\] ClusterIP$' "$(jq -c -r '.spec | "\(.clusterIP) \(.ipFamilyPolicy) \(.ipFamilies) \(.type)"' "$work/body")"
address=$(jq -r .spec.clusterIP "$work/body")
make b "{\"clusterIP\":\"$address\",\"ports\":[{\"port\":80}]}" >/dev/null
like taken "failed to allocate IP $address: provided IP is already allocated" "$(jq -r .message "$work/body")"
api DELETE $services/a >/dev/null
make b "{\"clusterIP\":\"$address\",\"ports\":[{\"port\":80}]}" >/dev/null
same given_back 201 "$(code)"
make c '{"clusterIP":"10.1.1.1","ports":[{"port":80}]}' >/dev/null
same outside_the_range 422 "$(code)"
make c '{"clusterIP":"None","selector":{"a":"b"},"ports":[{"port":80}]}' >/dev/null
same headless '["None"]' "$(jq -c .spec.clusterIPs "$work/body")"

make d '{"ipFamilyPolicy":"PreferDualStack","ports":[{"port":80}]}' >/dev/null
like both_families '^\["10\.77\..*","fd77::.*"\] \["IPv4","IPv6"\]$' "$(jq -c -r '.spec | "\(.clusterIPs) \(.ipFamilies)"' "$work/body")"
make e '{"ipFamilies":["IPv6"],"ports":[{"port":80}]}' >/dev/null
like the_other_family '^fd77::' "$(jq -r .spec.clusterIP "$work/body")"

make f '{"type":"NodePort","ports":[{"port":80,"name":"a"},{"port":80,"name":"b","protocol":"UDP"},{"port":81,"name":"c"}]}' >/dev/null
like ports_of_the_range '^3[0-2][0-9]{3} true false$' "$(jq -r '.spec.ports | "\(.[0].nodePort) \(.[0].nodePort == .[1].nodePort) \(.[0].nodePort == .[2].nodePort)"' "$work/body")"
node_port=$(jq -r '.spec.ports[0].nodePort' "$work/body")
make g "{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":$node_port}]}" >/dev/null
like a_taken_port "$node_port: provided port is already allocated" "$(jq -r .message "$work/body")"
kubectl apply -f - >/dev/null 2>&1 <<-YAML
	apiVersion: v1
	kind: Service
	metadata: {name: f}
	spec: {type: NodePort, ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}, {port: 82, name: c}]}
YAML
same a_kept_port_keeps_its_number "$node_port" "$(spec f '.spec.ports[0].nodePort')"
kubectl patch svc f -p '{"spec":{"type":"ClusterIP"}}' >/dev/null
same another_type_lets_go 'null null' "$(spec f '"\(.spec.ports[0].nodePort) \(.spec.externalTrafficPolicy)"')"
make g "{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":$node_port}]}" >/dev/null
same and_another_takes_it 201 "$(code)"
make h '{"type":"ExternalName","externalName":"example.com"}' >/dev/null
same no_address_for_a_name null "$(jq .spec.clusterIP "$work/body")"
make i '{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}' >/dev/null
like a_health_port '^3[0-2][0-9]{3}$' "$(jq .spec.healthCheckNodePort "$work/body")"
send POST "$services?dryRun=All" "{\"metadata\":{\"name\":\"dry\"},\"spec\":{\"clusterIP\":\"10.77.9.9\",\"ports\":[{\"port\":80}]}}" >/dev/null
make j '{"clusterIP":"10.77.9.9","ports":[{"port":80}]}' >/dev/null
same a_dry_run_takes_nothing 201 "$(code)"

# What nobody changes nobody writes: while others come and get theirs, an empty slice stays as it was made.
slice_of() { kubectl get endpointslices -l "kubernetes.io/service-name=$1" -o jsonpath='{.items[0].metadata.generation}' | grep .; }
for name in l m n; do
	make $name '{"selector":{"no":"pod"},"ports":[{"port":80}]}' >/dev/null
	claim a_service_without_pods_has_a_slice eventually slice_of $name
done
same an_empty_slice_is_written_once 1 "$(slice_of l)"

taken=$(spec j .spec.clusterIP)
kill -TERM "$server_pid"
wait "$server_pid"
start_server --service-cidr 10.77.0.0/16,fd77::/112
make k "{\"clusterIP\":\"$taken\",\"ports\":[{\"port\":80}]}" >/dev/null
same a_restart_forgets_no_address 422 "$(code)"
