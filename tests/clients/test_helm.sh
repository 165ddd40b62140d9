#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Helm installs, upgrades, rolls back and uninstalls a chart.
. "$(dirname "$0")/../api/server.sh"
helm=$("$(dirname "$0")/helm" 2>"$work/build") || skip_all "no Helm: $(tail -n 1 "$work/build")"
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
start_server
chart=$work/chart
mkdir -p "$chart/templates" "$chart/crds"
cat >"$chart/Chart.yaml" <<'YAML'
apiVersion: v2
name: shop
version: 1.2.3
kubeVersion: ">=1.37.0-0"
YAML
cat >"$chart/values.yaml" <<'YAML'
greeting: hello
replicas: 2
extra: false
YAML
cat >"$chart/crds/orders.yaml" <<'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.shop.example.org}
spec:
  group: shop.example.org
  scope: Namespaced
  names: {kind: Order, plural: orders}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
YAML
cat >"$chart/templates/all.yaml" <<'YAML'
{{- if not (.Capabilities.APIVersions.Has "apps/v1/Deployment") }}{{ fail "no Deployments here" }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {greeting: {{ .Values.greeting }}, known: {{ lookup "v1" "Namespace" "" "default" | empty | not | quote }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: c, image: "example.org/shop:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
---
apiVersion: shop.example.org/v1
kind: Order
metadata: {name: first}
spec: {of: {{ .Values.greeting }}}
{{- if .Values.extra }}
---
apiVersion: v1
kind: Secret
metadata: {name: extra}
stringData: {a: b}
{{- end }}
YAML
h() { "$helm" -n shop "$@" 2>>"$work/helm.err"; }
field() { kubectl -n shop get "$1" -o "jsonpath=$2"; }
state() { h list -o json | jq -r '.[] | [.name, .revision, .status] | join(" ")'; }

claim a_chart_is_installed h install one "$chart" --create-namespace
same its_release_is_deployed "one 1 deployed" "$(state)"
same its_values_are_there "hello 2 hello" "$(field configmap/one '{.data.greeting}') $(field deployment/one '{.spec.replicas}') $(field order/first '{.spec.of}')"
same it_saw_what_the_cluster_has true "$(field configmap/one '{.data.known}')"
like its_manager_is_helm '"?helm"?' "$(field deployment/one '{.metadata.managedFields[*].manager}')"
before=$(field service/one '{.metadata.uid}{.spec.clusterIP}')
claim an_upgrade_is_tried_on_the_server h upgrade one "$chart" --set greeting=never --dry-run=server
claim it_is_upgraded h upgrade one "$chart" --set greeting=bye,replicas=3,extra=true
same upgraded_values_are_there "bye 3 bye b" "$(field configmap/one '{.data.greeting}') $(field deployment/one '{.spec.replicas}') $(field order/first '{.spec.of}') $(field secret/extra '{.data.a}' | base64 -d)"
same what_did_not_change_stayed "$before" "$(field service/one '{.metadata.uid}{.spec.clusterIP}')"
claim a_bad_upgrade_is_refused bash -c '! "$0" -n shop upgrade one "$1" --reuse-values --set replicas=-1' "$helm" "$chart"
claim it_is_rolled_back h rollback one 1
same old_values_are_back "hello 2 hello" "$(field configmap/one '{.data.greeting}') $(field deployment/one '{.spec.replicas}') $(field order/first '{.spec.of}')"
same what_was_extra_is_gone "" "$(kubectl -n shop get secret extra --ignore-not-found -o name)"
same its_history_is_told "1 superseded 2 superseded 3 failed 4 deployed" "$(h history one -o json | jq -r '.[] | "\(.revision) \(.status)"' | xargs)"
claim it_is_uninstalled h uninstall one --wait --timeout 30s
same nothing_is_left "" "$(kubectl -n shop get deployment,service,configmap/one,order,secret --ignore-not-found -o name 2>/dev/null | grep -v kube-root-ca)"
same no_release_is_left "" "$(state)"
