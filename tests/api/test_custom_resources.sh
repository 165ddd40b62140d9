#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CustomResourceDefinition makes a resource like any other: served at once, checked, pruned, defaulted, shown, explained, scaled, deleted.
. "$(dirname "$0")/server.sh"
start_server
eventually kubectl get serviceaccount default
tabs=/apis/stable.example.com/v1/namespaces/default/crontabs

kubectl apply -f - >/dev/null <<-'YAML'
	apiVersion: apiextensions.k8s.io/v1
	kind: CustomResourceDefinition
	metadata: {name: crontabs.stable.example.com}
	spec:
	  group: stable.example.com
	  scope: Namespaced
	  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
	  versions:
	  - name: v1
	    served: true
	    storage: true
	    subresources:
	      status: {}
	      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}
	    selectableFields: [{jsonPath: .spec.color}]
	    additionalPrinterColumns:
	    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
	    - {name: Replicas, type: integer, jsonPath: .spec.replicas, priority: 1}
	    schema:
	      openAPIV3Schema:
	        type: object
	        required: [spec]
	        properties:
	          spec:
	            type: object
	            description: What the table does.
	            required: [cronSpec]
	            properties:
	              cronSpec: {type: string, pattern: '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$', description: When it is due.}
	              replicas: {type: integer, minimum: 1, maximum: 10, default: 2}
	              color: {type: string, enum: [red, blue]}
	              port: {x-kubernetes-int-or-string: true}
	              note: {type: string, nullable: true, default: none}
	              open: {type: object, x-kubernetes-preserve-unknown-fields: true}
	              items:
	                type: array
	                x-kubernetes-list-type: map
	                x-kubernetes-list-map-keys: [name]
	                items: {type: object, required: [name], properties: {name: {type: string}, value: {type: string}}}
	          status:
	            type: object
	            properties: {replicas: {type: integer}, selector: {type: string}}
	  - name: v1beta1
	    served: true
	    storage: false
	    deprecated: true
	    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
	  - name: v1alpha1
	    served: false
	    storage: false
	    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
YAML
served() { api GET "$1" >/dev/null; [ "$(code)" = 200 ]; }
claim served_soon eventually served $tabs
claim established kubectl wait --for=condition=Established crd/crontabs.stable.example.com --timeout=5s
same its_names_are_accepted '["crontabs","crontab","CronTab"]' "$(kubectl get crd crontabs.stable.example.com -o json | jq -c '.status.acceptedNames|[.plural,.singular,.kind]')"
api GET /apis/stable.example.com/v1alpha1/namespaces/default/crontabs >/dev/null
same a_version_that_is_not_served_is_not_there 404 "$(code)"

make() { send POST "$tabs${2:-}" "{\"apiVersion\":\"stable.example.com/v1\",\"kind\":\"CronTab\",\"metadata\":{\"name\":\"${3:-a}\"},$1}" >/dev/null; }
message() { jq -r .message "$work/body"; }
make '"spec":{"cronSpec":"* * * * */5","junk":1,"open":{"junk":1},"note":null,"items":[{"name":"x","value":"1"}]}'
same created 201 "$(code)"
same unknown_fields_are_pruned_and_defaults_set '{"cronSpec":"* * * * */5","items":[{"name":"x","value":"1"}],"note":null,"open":{"junk":1},"replicas":2}' "$(jq -Sc .spec "$work/body")"
same generation_counts 1 "$(jq .metadata.generation "$work/body")"
make '"spec":{"cronSpec":"never","replicas":11,"color":"green"}' '' b
same several_errors_at_once 'spec.color spec.cronSpec spec.replicas' "$(jq -r '[.details.causes[].field]|sort|join(" ")' "$work/body")"
like wording 'spec.replicas in body should be less than or equal to 10' "$(message)"
make '"spec":{"replicas":1}' '' b
like required_fields_are 'spec.cronSpec: Required value' "$(message)"
make '"spec":{"cronSpec":"* * * * *","junk":1}' '?fieldValidation=Strict' b
like strict_refuses_unknown_fields 'strict decoding error: unknown field "spec.junk"' "$(message)"

same a_table_with_its_columns 'NAME SPEC' "$(kubectl get ct | head -1 | tr -s ' ' | sed 's/ $//')"
like wide_columns REPLICAS "$(kubectl get ct -o wide | head -1)"
like in_its_category crontab.stable.example.com/a "$(kubectl get all -o name)"
explained() { kubectl explain crontab.spec | grep -q 'When it is due'; }
claim explained_from_its_schema eventually explained
like deprecated_versions_warn 'deprecated' "$(kubectl get crontabs.v1beta1.stable.example.com 2>&1)"
same other_versions_show_the_same_object stable.example.com/v1beta1 "$(kubectl get crontabs.v1beta1.stable.example.com a -o 'jsonpath={.apiVersion}' 2>/dev/null)"

kubectl scale crontab/a --replicas=5 >/dev/null
same scaled 5 "$(kubectl get ct a -o 'jsonpath={.spec.replicas}')"
same a_change_of_the_spec_counts 2 "$(kubectl get ct a -o 'jsonpath={.metadata.generation}')"
kubectl patch ct a --subresource=status --type=merge -p '{"status":{"replicas":3},"spec":{"replicas":9}}' >/dev/null
same a_status_update_changes_the_status_alone '3 5' "$(kubectl get ct a -o 'jsonpath={.status.replicas} {.spec.replicas}')"
make '"spec":{"cronSpec":"* * * * *","color":"red"}' '' red
same selectable_fields_select crontab.stable.example.com/red "$(kubectl get ct --field-selector spec.color=red -o name)"
apply() { kubectl apply --server-side --field-manager="$1" -f - <<<"{\"apiVersion\":\"stable.example.com/v1\",\"kind\":\"CronTab\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"items\":[{\"name\":\"$2\",\"value\":\"$3\"}]}}" 2>&1; }
apply one y 1 >/dev/null
same list_maps_merge_by_key 'x y' "$(kubectl get ct a -o 'jsonpath={.spec.items[*].name}')"
like another_manager_conflicts 'conflict with "one"' "$(apply two y 2)"

send POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions '{"metadata":{"name":"wrong.example.com"},"spec":{"group":"stable.example.com","scope":"Namespaced","names":{"plural":"tables","kind":"Table"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"x":{"properties":{"y":{"type":"string"}}}}}}}]}}' >/dev/null
same a_wrong_definition_is_refused 422 "$(code)"
like it_says_so_about_the_name 'metadata.name: Invalid value: "wrong.example.com": must be spec.names.plural\+"."\+spec.group' "$(message)"
like and_about_the_type 'spec.validation.openAPIV3Schema.properties\[x\].type: Required value: must not be empty for specified object fields' "$(message)"

# etag PATH [WORDS…]: that of the document, and whether it has these words
etag() { api GET "$1" >"$work/document"; tr -d '\r' <"$work/head" | awk 'tolower($1) == "etag:" {print $2}'; }
of_all=$(etag /openapi/v2)
claim openapi_v2_has_its_schema grep -q 'When it is due' "$work/document"
of_version=$(etag /openapi/v3/apis/stable.example.com/v1)
claim openapi_v3_has_its_schema grep -q 'When it is due' "$work/document"
of_apps=$(etag /openapi/v3/apis/apps/v1)

kill -KILL $server_pid; wait $server_pid 2>/dev/null
start_server
same openapi_known_before_a_restart_is_known_after_it "$of_all $of_version" "$(etag /openapi/v2) $(etag /openapi/v3/apis/stable.example.com/v1)"
kubectl get crd crontabs.stable.example.com -o json | sed 's/When it is due/At what time/' | kubectl replace -f - >/dev/null
told() { etag "$1" >"$work/etag"; grep -q 'At what time' "$work/document"; }
claim openapi_v2_tells_of_a_change eventually told /openapi/v2
claim then_its_etag_is_another test "$(cat "$work/etag")" != "$of_all"
claim openapi_v3_tells_of_a_change eventually told /openapi/v3/apis/stable.example.com/v1
same others_stay_what_they_were "$of_apps" "$(etag /openapi/v3/apis/apps/v1)"
same there_after_a_crash crontab.stable.example.com/a "$(kubectl get ct a -o name)"

kubectl delete crd crontabs.stable.example.com --timeout=20s >/dev/null
same with_the_definition_its_resource_goes 404 "$(api GET $tabs >/dev/null; code)"
