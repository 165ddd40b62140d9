#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Manifests in DATADIR/server/manifests: applied at start and when they change, removed when they are removed.
. "$(dirname "$0")/server.sh"
dir=$work/data/server/manifests
mkdir -p "$dir"

# put PATH: the file appears at once, as a whole
put() { cat >"$work/new" && mv "$work/new" "$dir/$1"; }
map() { # NAME VALUE [NAMESPACE]
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s%s}\ndata: {key: "%s"}\n' "$1" "${3:+, namespace: $3}" "$2"
}
value() { kubectl get configmap "$1" -n "${2:-default}" -o 'jsonpath={.data.key}' 2>/dev/null; }
is() { [ "$(value "$1" "${3:-default}")" = "$2" ]; }
gone() { ! kubectl get "$@" >/dev/null 2>&1 && kubectl get namespace default >/dev/null; }
record_says() { kubectl get configmap -n kube-system -l manifests.allinone.dev/record -o json | jq -r '.items[].data.objects' | grep -q "$1"; }
record_is_gone() { [ "$(kubectl get configmap -n kube-system -l manifests.allinone.dev/record -o json | jq --arg s "$1" '[.items[] | select(.data.source == $s)] | length')" = 0 ]; }
event() { kubectl get events -n kube-system -o json | jq -e --arg r "$1" --arg m "$2" '[.items[] | select(.reason == $r and (.message | contains($m)))] | length > 0'; }
stop_server() {
	kill -TERM "$server_pid"
	wait "$server_pid"
	server_pid=""
}

{ map one 1; map two 2; } | put first.yaml
start_server
claim what_is_there_at_start_is_applied eventually is one 1
claim each_document_counts eventually is two 2
same the_field_manager_is_deploy deploy "$(kubectl get configmap one --show-managed-fields -o 'jsonpath={.metadata.managedFields[0].manager}')"
claim it_is_told_in_an_event eventually event AppliedManifest first.yaml
claim what_it_made_is_recorded eventually record_says "v1 ConfigMap two"

map one changed | put first.yaml
claim a_change_is_applied eventually is one changed
claim what_vanished_from_the_file_is_deleted eventually gone configmap two

mkdir -p "$dir/sub/deep"
map below 3 | put sub/deep/below.yml
claim directories_below_are_watched_as_they_come eventually is below 3
printf '%s' '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json","namespace":"own"},"data":{"key":"4"}},{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"own"}}]}' | put list.json
claim lists_and_json_are_read_and_namespaces_come_first eventually is json 4 own

put custom.yaml <<'Y'
apiVersion: example.com/v1
kind: Lamp
metadata: {name: red}
spec: {watt: 5}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp, listKind: LampList}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
    - {name: v1alpha1, served: true, storage: false, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
Y
lamp() { kubectl get lamps.example.com "$1"; }
claim custom_resources_come_after_their_definition eventually lamp red
printf 'apiVersion: example.com/v1alpha1\nkind: Lamp\nmetadata: {name: green}\n' | put other-version.yaml
claim versions_that_are_not_stored_may_be_written eventually lamp green

put bad.yaml <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: Not_A_Name}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fine}
data: {key: "yes"}
Y
claim what_is_invalid_is_told eventually event ApplyManifestFailed "Not_A_Name"
claim and_does_not_keep_the_others_away eventually is fine yes
printf 'a: [\n' | put broken.yaml
claim what_is_no_yaml_is_told eventually event ApplyManifestFailed broken.yaml
claim the_log_says_so_too grep -q 'manifest failed.*broken.yaml' "$work/log"

map skipped 5 >"$work/skipped"
: >"$dir/skipped.yaml.skip"
put skipped.yaml <"$work/skipped"
map after 6 | put after.yaml
claim a_later_file_is_applied eventually is after 6
claim a_skipped_file_is_not gone configmap skipped
rm "$dir/skipped.yaml.skip"
claim until_its_mark_goes eventually is skipped 5

rm "$dir/after.yaml"
claim a_removed_file_takes_its_objects_with_it eventually gone configmap after
claim and_its_record eventually record_is_gone after.yaml

map moves 7 | put old-place.yaml
eventually is moves 7
uid=$(kubectl get configmap moves -o 'jsonpath={.metadata.uid}')
map moves 8 default | put new-place.yaml
eventually is moves 8
rm "$dir/old-place.yaml"
claim the_record_of_the_old_place_goes eventually record_is_gone old-place.yaml
same what_moves_to_another_file_stays "$uid" "$(kubectl get configmap moves -o 'jsonpath={.metadata.uid}')"

kubectl patch configmap one --type=merge -p '{"data":{"key":"drifted"}}' >/dev/null
stop_server
rm "$dir/sub/deep/below.yml" "$dir/custom.yaml" "$dir/other-version.yaml"
start_server
claim a_start_applies_again eventually is one changed
claim what_was_removed_while_it_was_down_is_removed eventually gone configmap below
claim definitions_too eventually gone crd lamps.example.com
