#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Objects that own each other in a circle go when one of them is deleted, whichever way.
. "$(dirname "$0")/server.sh"
start_server
eventually kubectl get serviceaccount default
make() { kubectl create configmap "$1" -o 'jsonpath={.metadata.uid}'; }
own() { kubectl patch configmap "$1" --type=merge -p "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"$2\",\"uid\":\"$3\",\"blockOwnerDeletion\":true}]}}" >/dev/null; }
gone() { [ -z "$(kubectl get configmap -l '!none' -o name | grep -E '/(a|b|c)$')" ]; }
for policy in foreground background; do
	a=$(make a) b=$(make b) c=$(make c)
	own a c "$c" && own b a "$a" && own c b "$b"
	kubectl delete configmap a --cascade=$policy --wait=false >/dev/null
	claim "a_circle_goes_in_the_$policy" eventually gone
done
# the collector still works, and has nothing to do
x=$(make x) && make y >/dev/null && own y x "$x" && kubectl delete configmap x >/dev/null
orphan_gone() { ! kubectl get configmap y; }
claim what_is_owned_goes_with_its_owner eventually orphan_gone
