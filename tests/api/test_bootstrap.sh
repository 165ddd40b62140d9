#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What exists from the first second, and the addresses of Services as objects: made, kept and taken back with them.
. "$(dirname "$0")/server.sh"
start_server --service-cidr 10.77.0.0/16
names() { kubectl get "$1" -o json | jq -r '[.items[].metadata.name] | join(" ")'; }
same namespaces 'default kube-node-lease kube-public kube-system' "$(names namespaces)"
same flow_schemas 'catch-all exempt global-default kube-controller-manager kube-scheduler kube-system-service-accounts probes service-accounts system-leader-election system-node-high system-nodes' \
	"$(names flowschemas)"
same priority_levels 'catch-all exempt global-default leader-election node-high system workload-high workload-low' "$(names prioritylevelconfigurations)"
same priority_classes 'system-cluster-critical system-node-critical' "$(names priorityclasses)"
same no_schema_dangles False "$(kubectl get flowschemas -o json | jq -r '[.items[].status.conditions[0].status] | unique | join(" ")')"
same api_services_are_available True "$(kubectl get apiservices -o json | jq -r '[.items[] | select(.spec.service == null) | .status.conditions[0].status] | unique | join(" ")')"
same the_range '["10.77.0.0/16"] True' "$(kubectl get servicecidr kubernetes -o json | jq -r -c '"\(.spec.cidrs) \(.status.conditions[0].status)"')"
parent() { kubectl get ipaddress "$1" -o json 2>/dev/null | jq -r '.spec.parentRef | "\(.namespace)/\(.name)"'; }
same the_first_address default/kubernetes "$(parent 10.77.0.1)"

services=/api/v1/namespaces/default/services
send POST $services '{"metadata":{"name":"a"},"spec":{"clusterIP":"10.77.0.9","ports":[{"port":80}]}}' >/dev/null
same an_address_with_its_service default/a "$(parent 10.77.0.9)"
kubectl delete ipaddress 10.77.0.9 >/dev/null
back() { [ "$(parent 10.77.0.9)" = default/a ]; }
claim it_is_made_again eventually back
kubectl delete service a >/dev/null
gone() { [ -z "$(parent 10.77.0.9)" ]; }
claim it_goes_with_its_service eventually gone
kubectl create -f - >/dev/null <<-YAML
	apiVersion: networking.k8s.io/v1
	kind: IPAddress
	metadata: {name: 10.77.0.11}
	spec: {parentRef: {resource: services, namespace: xx, name: yy}}
YAML
send POST $services '{"metadata":{"name":"b"},"spec":{"clusterIP":"10.77.0.11","ports":[{"port":80}]}}' >/dev/null
same one_of_someone_else_is_taken 422 "$(code)"
send POST "$services?dryRun=All" '{"metadata":{"name":"b"},"spec":{"ports":[{"port":80}]}}' >/dev/null
claim a_dry_run_makes_none test -z "$(parent "$(jq -r .spec.clusterIP "$work/body")")"
