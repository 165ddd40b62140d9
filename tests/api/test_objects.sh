#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Create, read, change, delete: versions, names, dry runs, field validation, patches, apply, preconditions.
. "$(dirname "$0")/server.sh"
start_server
cms=/api/v1/namespaces/default/configmaps

# --- create ---
send POST $cms '{"metadata":{"name":"a"},"data":{"k":"1"}}' >/dev/null
same created 201 "$(code)"
like a_creation_fills_metadata '^[0-9a-f-]{36} 20..-..-..T..:..:..Z default$' "$(jq -r '.metadata | "\(.uid) \(.creationTimestamp) \(.namespace)"' "$work/body")"
same a_second_one_exists 'configmaps "a" already exists' "$(send POST $cms '{"metadata":{"name":"a"}}' | jq -r .message)"
same exists_is_a_conflict 409 "$(code)"
same namespace_mismatch 'the namespace of the provided object does not match the namespace sent on the request' \
	"$(send POST $cms '{"metadata":{"name":"b","namespace":"x"}}' | jq -r .message)"
same no_namespace 'namespaces "none" not found' "$(send POST /api/v1/namespaces/none/configmaps '{"metadata":{"name":"b"}}' | jq -r .message)"
send POST $cms '{"metadata":{"name":"b","resourceVersion":"5"}}' >/dev/null
same a_new_object_has_no_version 'resourceVersion should not be set on objects to be created' "$(jq -r .message "$work/body")"
like a_generated_name '^g-[bcdfghjklmnpqrstvwxz2456789]{5}$' "$(send POST $cms '{"metadata":{"generateName":"g-"}}' | jq -r .metadata.name)"
send POST $cms '{"metadata":{"name":"Not_A_Name"}}' >/dev/null
same a_wrong_name_is_invalid 422 "$(code)"
send POST "$cms?dryRun=All" '{"metadata":{"name":"dry"}}' >/dev/null
same a_dry_run_answers 201 "$(code)"
api GET $cms/dry >/dev/null
same a_dry_run_writes_nothing 404 "$(code)"
same not_found 'configmaps "dry" not found' "$(jq -r .message "$work/body")"

# --- bodies ---
send POST $cms '{"metadata":' >/dev/null
same broken_json 400 "$(code)"
api POST $cms -H 'Content-Type: text/plain' -d x >/dev/null
same unknown_media_type 415 "$(code)"
api GET $cms -H 'Accept: text/html' >/dev/null
same not_acceptable 406 "$(code)"
api POST $cms -H 'Content-Type: application/yaml' --data-binary $'metadata:\n  name: yaml\ndata:\n  k: v\n' >/dev/null
same yaml_is_read 201 "$(code)"
send POST "$cms?fieldValidation=Strict" '{"metadata":{"name":"s"},"nope":1,"data":{"a":"1","a":"2"}}' >/dev/null
like strict_refuses_unknown_and_duplicate 'strict decoding error: unknown field \\?"nope\\?", duplicate field \\?"data.a\\?"' "$(jq -r .message "$work/body")"
send POST "$cms?fieldValidation=Warn&dryRun=All" '{"metadata":{"name":"s"},"nope":1}' >/dev/null
like warn_says_it_in_a_header '^[Ww]arning: 299 - "unknown field \\"nope\\""' "$(tr -d '\r' <"$work/head" | grep -i '^warning')"
send POST "$cms?fieldValidation=Ignore&dryRun=All" '{"metadata":{"name":"s"},"nope":1}' >/dev/null
claim ignore_says_nothing sh -c "! grep -qi '^warning' $work/head"
head -c 4000000 /dev/zero | tr '\0' a >"$work/big"
api POST $cms --http1.1 -H 'Content-Type: application/json' --data-binary "@$work/big" -H 'Expect:' >/dev/null
same a_body_has_a_limit 413 "$(code)"

# --- update ---
api GET $cms/a >"$work/a1"
jq '.data.k="2"' "$work/a1" >"$work/a2"
api PUT $cms/a -H 'Content-Type: application/json' -d "@$work/a2" >/dev/null
same updated 200 "$(code)"
api PUT $cms/a -H 'Content-Type: application/json' -d "@$work/a2" >/dev/null
same an_old_version_conflicts 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again' \
	"$(jq -r .message "$work/body")"
send PUT $cms/a '{"metadata":{"name":"a"},"data":{"k":"3"}}' >/dev/null
same no_version_overwrites 200 "$(code)"
before=$(jq -r .metadata.resourceVersion "$work/body")
same the_same_again_is_no_write "$before" "$(send PUT $cms/a '{"metadata":{"name":"a"},"data":{"k":"3"}}' | jq -r .metadata.resourceVersion)"
send PUT $cms/a '{"metadata":{"name":"z"}}' >/dev/null
same the_name_must_match 400 "$(code)"
send PUT $cms/a '{"metadata":{"name":"a","uid":"no"}}' >/dev/null
same the_uid_must_match 409 "$(code)"
send PUT $cms/missing '{"metadata":{"name":"missing"}}' >/dev/null
same put_does_not_create 404 "$(code)"
send PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/l '{"metadata":{"name":"l"},"spec":{}}' >/dev/null
same put_creates_a_lease 201 "$(code)"

# --- patches ---
patch() { api PATCH "$1" -H "Content-Type: application/$2" -d "$3"; }
same merge_patch '{"n":"1"}' "$(patch $cms/a merge-patch+json '{"data":{"k":null,"n":"1"}}' | jq -c .data)"
same json_patch '{"n":"2"}' "$(patch $cms/a json-patch+json '[{"op":"test","path":"/data/n","value":"1"},{"op":"replace","path":"/data/n","value":"2"}]' | jq -c .data)"
patch $cms/a json-patch+json '[{"op":"test","path":"/data/n","value":"9"}]' >/dev/null
same a_failed_test_is_invalid 422 "$(code)"
same strategic_patch '{"n":"2","s":"t"}' "$(patch $cms/a strategic-merge-patch+json '{"data":{"s":"t"}}' | jq -c .data)"
patch $cms/a merge-patch+json '{"metadata":{"resourceVersion":"1"}}' >/dev/null
same a_patch_with_an_old_version_conflicts 409 "$(code)"
patch $cms/a foo '{}' >/dev/null
same an_unknown_patch 415 "$(code)"
same apply_needs_a_manager 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch' \
	"$(patch $cms/a apply-patch+yaml '{"kind":"ConfigMap","apiVersion":"v1"}' | jq -r .message)"
patch "$cms/new?fieldManager=m1" apply-patch+yaml '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"new"},"data":{"x":"1"}}' >/dev/null
same apply_creates 201 "$(code)"
patch "$cms/new?fieldManager=m2" apply-patch+yaml '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"new"},"data":{"x":"2"}}' >/dev/null
like apply_finds_the_conflict 'Apply failed with 1 conflict: conflict with "m1": .data.x' "$(jq -r .message "$work/body")"
same force_takes_over 2 "$(patch "$cms/new?fieldManager=m2&force=true" apply-patch+yaml '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"new"},"data":{"x":"2"}}' | jq -r .data.x)"
same not_applied_any_more_is_removed null "$(patch "$cms/new?fieldManager=m2" apply-patch+yaml '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"new"}}' | jq .data.x)"

# --- delete ---
uid=$(api GET $cms/a | jq -r .metadata.uid)
send DELETE $cms/a '{"preconditions":{"uid":"other"}}' >/dev/null
same a_precondition_holds_it 409 "$(code)"
send DELETE "$cms/a" "{\"preconditions\":{\"uid\":\"$uid\"}}" >/dev/null
same deleted "Success $uid" "$(jq -r '"\(.status) \(.details.uid)"' "$work/body")"
send POST $cms '{"metadata":{"name":"held","finalizers":["example.com/hold"]}}' >/dev/null
like a_finalizer_holds_it '^20' "$(api DELETE $cms/held | jq -r .metadata.deletionTimestamp)"
same it_is_still_there 200 "$(api GET $cms/held >/dev/null; code)"
patch $cms/held merge-patch+json '{"metadata":{"finalizers":null}}' >/dev/null
same without_finalizers_it_goes 404 "$(api GET $cms/held >/dev/null; code)"
for i in 1 2 3; do send POST $cms "{\"metadata\":{\"name\":\"c$i\",\"labels\":{\"n\":\"$((i % 2))\"}}}" >/dev/null; done
same a_collection_is_deleted_by_label '["c1","c3"]' "$(api DELETE "$cms?labelSelector=n%3D1" | jq -c '[.items[].metadata.name]')"
for n in p1 p2 p3; do send POST $cms "{\"metadata\":{\"name\":\"$n\",\"labels\":{\"paged\":\"1\"}}}" >/dev/null; done
api DELETE "$cms?labelSelector=paged&limit=2" >"$work/page"
same a_collection_is_deleted_page_by_page '["p1","p2"] ["p3"]' \
	"$(jq -c '[.items[].metadata.name]' "$work/page") $(api GET "$cms?labelSelector=paged" | jq -c '[.items[].metadata.name]')"
api DELETE "$cms?labelSelector=paged&limit=2&continue=$(jq -r .metadata.continue "$work/page")" >"$work/page"
same the_next_page_of_a_deletion '["p3"] null []' \
	"$(jq -c '[.items[].metadata.name], .metadata.continue' "$work/page" | tr '\n' ' ')$(api GET "$cms?labelSelector=paged" | jq -c .items)"
api DELETE "$cms?continue=nonsense" >/dev/null
same a_deletion_wants_a_token_of_ours 400 "$(code)"
same others_stay 200 "$(api GET $cms/c2 >/dev/null; code)"
