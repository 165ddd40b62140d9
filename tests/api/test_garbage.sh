#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes with its owner or its namespace, custom resources included.
. "$(dirname "$0")/server.sh"
start_server

kubectl apply -f - >/dev/null <<'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
YAML
kubectl wait --for=condition=Established crd/widgets.example.com --timeout=20s >/dev/null
kubectl create namespace x >/dev/null
widget() { # NAME [OWNER]
	local owners="" uid
	if [ $# = 2 ]; then
		uid=$(kubectl get widget -n x "$2" -o jsonpath='{.metadata.uid}')
		owners=", ownerReferences: [{apiVersion: example.com/v1, kind: Widget, name: $2, uid: $uid}]"
	fi
	printf 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: %s%s}\n' "$1" "$owners" | kubectl create -n x -f - >/dev/null
}
gone() { ! kubectl get -n x "$@"; }

widget parent
widget child parent
uid=$(kubectl get widget -n x parent -o jsonpath='{.metadata.uid}')
kubectl create -n x -f - >/dev/null <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: owned, ownerReferences: [{apiVersion: example.com/v1, kind: Widget, name: parent, uid: $uid}]}
YAML
kubectl delete widget -n x parent >/dev/null
claim a_custom_resource_goes_with_its_owner eventually gone widget child
claim what_a_custom_resource_owns_goes_with_it eventually gone configmap owned

widget parent
widget child parent
kubectl delete widget -n x parent --cascade=orphan >/dev/null
same an_orphan_has_no_owner "" "$(kubectl get widget -n x child -o jsonpath='{.metadata.ownerReferences}')"
widget parent
widget other parent
kubectl delete widget -n x parent --cascade=foreground --timeout=20s >/dev/null
claim in_the_foreground_dependents_go_first gone widget other

kubectl create namespace elsewhere >/dev/null
kubectl create configmap -n elsewhere owner >/dev/null
kubectl create -n x -f - >/dev/null <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: misplaced
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "$(kubectl get configmap -n elsewhere owner -o jsonpath='{.metadata.uid}')"}]
YAML
claim an_owner_in_another_namespace_owns_nothing eventually gone configmap misplaced
told() { kubectl get events -n x -o jsonpath='{.items[*].reason}' | grep -q OwnerRefInvalidNamespace; }
claim an_owner_in_another_namespace_is_told eventually told

claim a_namespace_takes_its_custom_resources_along kubectl delete namespace x --timeout=20s
claim a_definition_goes kubectl delete crd widgets.example.com --timeout=20s

# --- attributes classes ---
kubectl apply -f - >/dev/null <<YAML
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: gold}
driverName: example.com
parameters: {iops: "5"}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec: {capacity: {storage: 1Mi}, accessModes: [ReadWriteOnce], volumeAttributesClassName: gold, csi: {driver: example.com, volumeHandle: v}}
YAML
held() { [ "$(kubectl get volumeattributesclass gold -o jsonpath='{.metadata.finalizers[0]}')" = kubernetes.io/vac-protection ]; }
claim an_attributes_class_is_protected eventually held
kubectl delete volumeattributesclass gold --wait=false >/dev/null
claim a_class_in_use_stays held
kubectl delete pv v --timeout=20s >/dev/null
claim a_class_that_nobody_names_goes eventually sh -c '! kubectl get volumeattributesclass gold'
