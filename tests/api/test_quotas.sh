#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Quotas and limits: nothing is given out twice, however many ask at once; what is refused says why; the status tells what is used.
. "$(dirname "$0")/server.sh"
start_server
kubectl create namespace q >/dev/null
eventually kubectl -n q get serviceaccount default
eventually kubectl -n q get configmap kube-root-ca.crt
used() { kubectl -n q get quota "$1" -o json | jq -c '.status.used'; }
known() { [ "$(used "$1")" != null ]; }
maps=/api/v1/namespaces/q/configmaps pods=/api/v1/namespaces/q/pods

kubectl -n q create quota maps --hard=count/configmaps=11 >/dev/null
eventually known maps
seq 30 | xargs -P 30 -I{} curl -s --cacert "$work/ca" --cert "$work/crt" --key "$work/key" -H 'Content-Type: application/json' -o /dev/null \
	-w '%{http_code}\n' "$url$maps" -d '{"metadata":{"name":"m{}"}}' | sort | uniq -c | awk '{print $2"="$1}' | paste -sd' ' >"$work/codes"
same thirty_at_once_get_ten '201=10 403=20' "$(cat "$work/codes")"
same and_ten_are_there 11 "$(kubectl -n q get configmaps -o name | wc -l)"
same the_status_says_so '{"count/configmaps":"11"}' "$(used maps)"
send POST $maps '{"metadata":{"name":"more"}}' >/dev/null
same why 'configmaps "more" is forbidden: exceeded quota: maps, requested: count/configmaps=1, used: count/configmaps=11, limited: count/configmaps=11' "$(jq -r .message "$work/body")"
kubectl -n q delete configmap m1 m2 m3 m4 m5 m6 m7 m8 m9 m10 m11 m12 m13 m14 m15 --ignore-not-found >/dev/null
room() { send POST "$maps?dryRun=All" '{"metadata":{"name":"more"}}' >/dev/null; [ "$(code)" = 201 ]; }
claim room_again_when_some_go eventually room

kubectl -n q create quota compute --hard=pods=2,requests.cpu=1 >/dev/null
eventually known compute
pod() { send POST $pods "{\"metadata\":{\"name\":\"$1\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"a\"$2}]}}" >/dev/null; }
pod silent ''
same cpu_has_to_be_named 'pods "silent" is forbidden: failed quota: compute: must specify requests.cpu for: a' "$(jq -r .message "$work/body")"
pod big ',"resources":{"requests":{"cpu":"1100m"}}'
same too_big 'pods "big" is forbidden: exceeded quota: compute, requested: requests.cpu=1100m, used: requests.cpu=0, limited: requests.cpu=1' "$(jq -r .message "$work/body")"
pod fits ',"resources":{"requests":{"cpu":"600m"}}'
same fits 201 "$(code)"
same used_at_once '{"pods":"1","requests.cpu":"600m"}' "$(used compute)"

kubectl -n q create -f - >/dev/null <<-YAML
	apiVersion: v1
	kind: LimitRange
	metadata: {name: limits}
	spec: {limits: [{type: Container, max: {memory: 1Gi}, default: {memory: 64Mi}, defaultRequest: {cpu: 10m}}]}
YAML
pod limited ''
same limits_are_defaults '{"limits":{"memory":"64Mi"},"requests":{"cpu":"10m","memory":"64Mi"}} LimitRanger plugin set: cpu, memory request for container a; memory limit for container a' \
	"$(jq -r -c '"\(.spec.containers[0].resources) \(.metadata.annotations["kubernetes.io/limit-ranger"])"' "$work/body")"
pod large ',"resources":{"limits":{"memory":"2Gi"}}'
same limits_are_bounds 'pods "large" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi' "$(jq -r .message "$work/body")"

kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"herds.example.com"},"spec":{
	 "group":"example.com","scope":"Namespaced","names":{"plural":"herds","kind":"Herd"},"versions":[{"name":"v1","served":true,"storage":true,
	 "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
YAML
kubectl wait --for=condition=Established --timeout=30s crd/herds.example.com >/dev/null
herd() { send POST /apis/example.com/v1/namespaces/q/herds "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Herd\",\"metadata\":{\"name\":\"$1\"}}" >/dev/null; }
herd cows
kubectl -n q create quota herds --hard=count/herds.example.com=2 >/dev/null
used_is() { [ "$(used "$1")" = "$2" ]; }
claim custom_resources_are_counted eventually used_is herds '{"count/herds.example.com":"1"}'
herd sheep
herd goats
same and_no_more_are_made_than_may 'herds.example.com "goats" is forbidden: exceeded quota: herds, requested: count/herds.example.com=1, used: count/herds.example.com=2, limited: count/herds.example.com=2' "$(jq -r .message "$work/body")"
kubectl -n q delete herd sheep >/dev/null
claim one_that_goes_makes_room eventually used_is herds '{"count/herds.example.com":"1"}'
kubectl delete crd herds.example.com >/dev/null
claim without_a_definition_there_are_none eventually used_is herds '{"count/herds.example.com":"0"}'
