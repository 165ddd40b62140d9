#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hints of EndpointSlices: by zones in proportion to their CPU (topology-mode: Auto), by spec.trafficDistribution, or none.
. "$(dirname "$0")/server.sh"
start_server
node() { # NAME ZONE CPU
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"v1","kind":"Node","metadata":{"name":"$1","labels":{"topology.kubernetes.io/zone":"$2"}},
		 "status":{"allocatable":{"cpu":"$3","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}}
	YAML
}
node n1 a 4
node n2 b 4
has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
eventually has_account
for i in 1 2 3 4 5 6; do
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p$i","labels":{"app":"web"}},
		 "spec":{"nodeName":"n$([ $i -gt 4 ] && echo 2 || echo 1)","containers":[{"name":"c","image":"i"}]}}
	YAML
	kubectl patch pod "p$i" --subresource=status -p \
		"{\"status\":{\"phase\":\"Running\",\"podIP\":\"10.9.0.$i\",\"podIPs\":[{\"ip\":\"10.9.0.$i\"}],\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}" >/dev/null
done
kubectl create service clusterip web --tcp 80 >/dev/null
hints() {
	kubectl get endpointslices -l kubernetes.io/service-name=web -o json |
		jq -r '[.items[0].endpoints | sort_by(.targetRef.name)[] | ((.hints.forZones[0].name // "-") + (.hints.forNodes[0].name // ""))] | join(" ")'
}
are() { [ "$(hints)" = "$1" ]; }
has_event() { kubectl get events -o json | jq -e --arg r "$1" --arg m "$2" 'any(.items[]; .reason == $r and .message == $m)' >/dev/null; }
claim none_at_first eventually are '- - - - - -'
kubectl annotate service web service.kubernetes.io/topology-mode=Auto >/dev/null
claim zones_get_their_share eventually are 'b a a a b b'
claim which_is_told eventually has_event TopologyAwareHintsEnabled 'Topology Aware Hints has been enabled, addressType: IPv4'
kubectl delete node n2 >/dev/null
claim one_zone_alone_needs_none eventually are '- - - - - -'
claim which_is_told_as_well eventually has_event TopologyAwareHintsDisabled \
	'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4'
node n2 b 4
claim another_zone_brings_them_back eventually are 'b a a a b b'
kubectl annotate service web service.kubernetes.io/topology-mode- >/dev/null
claim they_go_with_the_annotation eventually are '- - - - - -'
claim the_user_hears_of_it eventually has_event TopologyAwareHintsDisabled 'Topology Aware Hints has been disabled, addressType: IPv4'
kubectl patch service web -p '{"spec":{"trafficDistribution":"PreferSameNode"}}' >/dev/null
claim traffic_distribution eventually are 'an1 an1 an1 an1 bn2 bn2'
kubectl annotate service web service.kubernetes.io/topology-mode=Auto >/dev/null
claim the_annotation_goes_first eventually are 'b a a a b b'
