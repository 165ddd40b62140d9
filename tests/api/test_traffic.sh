#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# spec.trafficDistribution of Services becomes hints of their endpoints.
. "$(dirname "$0")/server.sh"
start_server

kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"z1"}}}
YAML
has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
eventually has_account
kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app":"web"}},"spec":{"nodeName":"n1","tolerations":[{"operator":"Exists"}],
	 "containers":[{"name":"c","image":"i"}]}}
YAML
kubectl patch pod web --subresource=status --type=merge -p '{"status":{"phase":"Running","podIP":"10.42.0.9","podIPs":[{"ip":"10.42.0.9"}],
	"conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null
kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}
YAML
hints() { kubectl get endpointslices -l kubernetes.io/service-name=web -o json | jq -cS '.items[0].endpoints[0] | [.zone, .hints]'; }
hinted() { [ "$(hints)" = "$1" ]; }
prefer() { kubectl patch service web --type=merge -p "{\"spec\":{\"trafficDistribution\":$1}}" >/dev/null; }
claim a_service_has_no_hints_by_itself eventually hinted '["z1",null]'
prefer '"PreferSameZone"'
claim the_zone_is_preferred eventually hinted '["z1",{"forZones":[{"name":"z1"}]}]'
prefer '"PreferSameNode"'
claim the_node_is_preferred eventually hinted '["z1",{"forNodes":[{"name":"n1"}],"forZones":[{"name":"z1"}]}]'
prefer null
claim hints_go_with_the_wish eventually hinted '["z1",null]'
