#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Operators as users run them: the definitions of well-known ones, from their Go modules, and objects of theirs.
. "$(dirname "$0")/server.sh"
command -v go >/dev/null || skip_all "Go is not installed: the operators' definitions come from their Go modules"
here=$(cd "$(dirname "$0")" && pwd)
operators=(
	github.com/cert-manager/cert-manager@v1.18.2:deploy/crds
	github.com/prometheus-operator/prometheus-operator@v0.84.0:example/prometheus-operator-crd-full
	github.com/argoproj/argo-cd/v2@v2.14.0:manifests/crds
	github.com/crossplane/crossplane@v1.20.0:cluster/crds
	sigs.k8s.io/gateway-api@v1.3.0:config/crd/standard
	sigs.k8s.io/cluster-api@v1.10.0:config/crd/bases
)
mkdir "$work/crds"
for operator in "${operators[@]}"; do
	dir=$(cd "$work" && timeout 120 go mod download -json "${operator%%:*}" 2>/dev/null | jq -r '.Dir // empty')
	[ -n "$dir" ] || skip_all "the Go module ${operator%%:*} cannot be fetched"
	for file in "$dir/${operator##*:}"/*.yaml; do
		case $file in *kustomization*) continue ;; esac
		sed '/{{/d' "$file" >"$work/crds/$(basename "$dir")-$(basename "$file")" # charts' labels
	done
done
n=$(grep -l '^kind: CustomResourceDefinition' "$work"/crds/*.yaml | wc -l)

start_server
eventually kubectl get serviceaccount default
claim applied_by_the_server kubectl apply --server-side -f "$work/crds"
claim applied_twice kubectl apply --server-side -f "$work/crds"
claim all_are_established kubectl wait --for=condition=Established crd --all --timeout=20s
same none_is_missing "$n" "$(kubectl get crd -o name | wc -l)"
mkdir "$work/small"
find "$work/crds" -type f -size -200k -exec cp -t "$work/small" {} +
kubectl delete crd --all --wait >/dev/null
claim applied_by_the_client kubectl apply -f "$work/small"
claim applied_by_the_client_twice kubectl apply -f "$work/small"
claim and_by_the_server_after_it kubectl apply --server-side --force-conflicts -f "$work/crds"
claim all_are_established_again kubectl wait --for=condition=Established crd --all --timeout=20s

objects=$here/operators/objects.yaml
for way in --server-side=false --server-side; do
	force=; [ $way = --server-side=false ] || force=--force-conflicts # the client before it left some fields its own
	claim "objects_are_applied_$way" kubectl apply $way $force -f "$objects"
done
claim objects_are_read kubectl get -f "$objects"
same defaults_are_there PathPrefix "$(kubectl get httproute web -o jsonpath='{.spec.rules[0].matches[0].path.type}')"
like columns 'gw +example.com/gateway +Unknown' "$(kubectl get gatewayclass)"
like explained 'dnsNames' "$(kubectl explain certificate.spec)"
claim explained_to_the_leaves kubectl explain --recursive application
claim scaled kubectl scale machinedeployment md --replicas=5
same scaled_to 5 "$(kubectl get machinedeployment md -o jsonpath='{.spec.replicas}')"
claim patched kubectl patch prometheus main --type=merge -p '{"spec":{"replicas":3}}'
claim patched_in_a_list kubectl patch servicemonitor web --type=json -p '[{"op":"add","path":"/spec/endpoints/-","value":{"port":"m"}}]'
like a_wrong_object_is_refused 'spec.endpoints.*in body must be of type array' \
	"$(kubectl patch servicemonitor web --type=merge -p '{"spec":{"endpoints":"x"}}' 2>&1)"
like an_unknown_field_is_told 'unknown field "spec.nonsense"' \
	"$(kubectl patch prometheus main --type=merge -p '{"spec":{"nonsense":1}}' 2>&1)"
timeout 10 kubectl get applications --watch-only -o name >"$work/watched" 2>/dev/null &
watcher=$!
changed() { kubectl annotate application shop seen="$RANDOM" --overwrite >/dev/null && grep -q application.argoproj.io/shop "$work/watched"; }
claim watched eventually changed
kill $watcher 2>/dev/null
claim deleted kubectl delete -f "$objects"
kubectl delete crd --all --wait=false >/dev/null
none() { [ -z "$(kubectl get crd -o name)" ]; }
claim all_definitions_go eventually none
