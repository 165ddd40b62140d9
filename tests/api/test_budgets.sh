#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Budgets whose pods belong to a custom resource: its subresource scale says how many are wanted; what has no size is told.
. "$(dirname "$0")/server.sh"
start_server
definition() { # PLURAL KIND SUBRESOURCES
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"$1.example.com"},"spec":{
		 "group":"example.com","scope":"Namespaced","names":{"plural":"$1","kind":"$2"},"versions":[{"name":"v1","served":true,"storage":true,
		 "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}},"subresources":$3}]}}
	YAML
	kubectl wait --for=condition=Established --timeout=30s "crd/$1.example.com" >/dev/null
}
definition herds Herd '{"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}}'
definition lumps Lump '{}'
has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
eventually has_account

owner() { # KIND PLURAL NAME
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"example.com/v1","kind":"$1","metadata":{"name":"$3"},"spec":{"size":4}}
	YAML
	uid=$(kubectl get "$2" "$3" -o 'jsonpath={.metadata.uid}')
}
pod() { # NAME KIND OWNER
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1","labels":{"of":"$3"},
		 "ownerReferences":[{"apiVersion":"example.com/v1","kind":"$2","name":"$3","uid":"$uid","controller":true}]},
		 "spec":{"containers":[{"name":"c","image":"i"}]}}
	YAML
	kubectl patch pod "$1" --subresource=status -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null
}
status() { kubectl get pdb "$1" -o json | jq -r '.status | [.expectedPods, .desiredHealthy, .currentHealthy, .disruptionsAllowed] | map(. // 0 | tostring) | join(" ")'; }
is() { [ "$(status "$1")" = "$2" ]; }
reason() { [ "$(kubectl get pdb "$1" -o json | jq -r '.status.conditions[0] | .reason + ": " + .message')" = "$2" ]; }

owner Herd herds cows
for i in 1 2 3 4; do pod "cow-$i" Herd cows; done
kubectl create pdb cows --selector of=cows --max-unavailable 50% >/dev/null
claim a_custom_owner_says_how_many_it_wants eventually is cows '4 2 4 2'
kubectl patch herd cows --type merge -p '{"spec":{"size":6}}' >/dev/null
kubectl label pod cow-1 touched=yes >/dev/null
claim and_is_asked_again eventually is cows '6 3 4 1'

owner Lump lumps rock
pod stone Lump rock
kubectl create pdb rocks --selector of=rock --max-unavailable 1 >/dev/null
claim what_has_no_size_allows_nothing eventually reason rocks 'SyncFailed: lumps.example.com does not implement the scale subresource'
has_event() { kubectl get events -o json | jq -e --arg r "$1" --arg m "$2" 'any(.items[]; .reason == $r and .message == $m)' >/dev/null; }
claim it_is_told eventually has_event CalculateExpectedPodCountFailed \
	'Failed to calculate the number of expected pods: lumps.example.com does not implement the scale subresource'
kubectl patch pdb rocks --type merge -p '{"spec":{"minAvailable":1,"maxUnavailable":null}}' >/dev/null
claim a_number_needs_no_size eventually is rocks '1 1 1 0'
