#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lists: pages that are one state, selectors, versions, forms of the answer.
. "$(dirname "$0")/server.sh"
start_server
cms=/api/v1/namespaces/default/configmaps
names() { jq -c '[.items[].metadata.name]'; }
eventually kubectl get cm kube-root-ca.crt
kubectl delete cm kube-root-ca.crt >/dev/null
eventually kubectl get cm kube-root-ca.crt # the controller put it back: nothing else will change
for i in 0 1 2 3 4 5 6 7 8 9; do send POST $cms "{\"metadata\":{\"name\":\"c$i\",\"labels\":{\"n\":\"$i\"}}}" >/dev/null; done

api GET "$cms?limit=4" >"$work/page"
same a_page '["c0","c1","c2","c3"] 7' "$(names <"$work/page") $(jq .metadata.remainingItemCount "$work/page")"
revision=$(jq -r .metadata.resourceVersion "$work/page")
token=$(jq -r .metadata.continue "$work/page")
api DELETE $cms/c5 >/dev/null
send POST $cms '{"metadata":{"name":"c55"}}' >/dev/null
api GET "$cms?limit=4&continue=$token" >"$work/page"
same the_next_page_is_of_the_same_state "[\"c4\",\"c5\",\"c6\",\"c7\"] $revision" "$(names <"$work/page") $(jq -r .metadata.resourceVersion "$work/page")"
token=$(jq -r .metadata.continue "$work/page")
api GET "$cms?limit=4&continue=$token" >"$work/page"
same the_last_page_has_no_token '["c8","c9","kube-root-ca.crt"] null' "$(names <"$work/page") $(jq -c .metadata.continue "$work/page")"
same an_exact_state '["c0","c1","c2","c3","c4","c5","c6","c7","c8","c9","kube-root-ca.crt"]' \
	"$(api GET "$cms?resourceVersion=$revision&resourceVersionMatch=Exact" | names)"
api GET "$cms?continue=eyJ2IjoiYmFkIn0" >/dev/null
same a_forged_token_is_refused 400 "$(code)"

same by_label '["c1","c3"]' "$(api GET "$cms?labelSelector=n+in+(1,3)" | names)"
same by_absence '["c55","kube-root-ca.crt"]' "$(api GET "$cms?labelSelector=!n" | names)"
same by_name '["c2"]' "$(api GET "/api/v1/configmaps?fieldSelector=metadata.name%3Dc2" | names)"
api GET "$cms?fieldSelector=data.x%3D1" >/dev/null
same an_unknown_field_is_refused 400 "$(code)"
api GET "$cms?labelSelector=((" >/dev/null
same a_broken_selector_is_refused 400 "$(code)"
api GET "$cms?resourceVersion=999999" >/dev/null
same the_future_is_a_timeout 504 "$(code)"
api GET "$cms?resourceVersionMatch=Exact" >/dev/null
same a_match_needs_a_version 422 "$(code)"

same a_table 'Table ["Name","Data","Age"]' "$(api GET "$cms" -H 'Accept: application/json;as=Table;g=meta.k8s.io;v=v1' | jq -c -r '"\(.kind) \([.columnDefinitions[].name])"')"
same metadata_only '["metadata.k8s.io"]' "$(api GET "$cms?limit=1" -H 'Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' |
	jq -c '[if .items[0].data == null and .kind == "PartialObjectMetadataList" then "metadata.k8s.io" else . end]')"
api GET "$cms" -H 'Accept: application/vnd.kubernetes.protobuf' >/dev/null
same protobuf_has_its_magic "6b387300" "$(head -c 4 "$work/body" | od -An -tx1 | tr -d ' \n')"
like protobuf_says_so 'application/vnd.kubernetes.protobuf' "$(grep -i '^content-type' "$work/head")"
api GET "$cms" -H 'Accept: application/yaml' >/dev/null
like yaml_on_request '^"?kind"?: ' "$(cat "$work/body")"
claim items_carry_no_kind sh -c "[ \"\$(kubectl get --raw '$cms?limit=1' | jq '.items[0].kind')\" = null ]"

same discovery_of_a_group '"apps/v1"' "$(api GET /apis/apps | jq .preferredVersion.groupVersion)"
api GET /apis -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' >/dev/null
same aggregated_discovery APIGroupDiscoveryList "$(jq -r .kind "$work/body")"
etag=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "etag:" {print $2}')
api GET /apis -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' -H "If-None-Match: $etag" >/dev/null
same discovery_is_asked_once 304 "$(code)"
claim explain_knows_pods sh -c "kubectl explain pod.spec.containers | grep -q imagePullPolicy"
