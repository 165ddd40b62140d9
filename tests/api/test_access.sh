#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who gets in, and how far: certificates, tokens, anonymous, impersonation, and the words of a refusal.
. "$(dirname "$0")/server.sh"
start_server

same anonymous_health 200 "$(anonymous /healthz)"
same anonymous_version 200 "$(anonymous /version)"
same anonymous_metrics_refused 403 "$(anonymous /metrics)"
same anonymous_objects_refused 403 "$(anonymous /api/v1/namespaces/default/pods)"
same refusal_reads_as_upstreams 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"' \
	"$(jq -r .message "$work/body")"
same a_wrong_token_is_no_anonymous 401 "$(anonymous /healthz -H 'Authorization: Bearer a.b.c')"
same a_malformed_token_is_refused 401 "$(anonymous /api/v1/pods -H 'Authorization: Bearer x')"

eventually kubectl get serviceaccount default
token=$(kubectl create token default)
same a_token_is_its_account system:serviceaccount:default:default "$(kubectl create token default >/dev/null; curl -sk -H "Authorization: Bearer $token" \
	-H 'Content-Type: application/json' -d '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}' \
	"$url/apis/authentication.k8s.io/v1/selfsubjectreviews" | jq -r .status.userInfo.username)"
same a_token_has_no_rights_of_its_own 403 "$(anonymous /api/v1/secrets -H "Authorization: Bearer $token")"
same a_token_sees_discovery 200 "$(anonymous /apis/apps/v1 -H "Authorization: Bearer $token")"
broken=${token%?}$([ "${token: -1}" = A ] && echo B || echo A)
same a_changed_token_is_refused 401 "$(anonymous /apis -H "Authorization: Bearer ${broken%????}AAAA")"

like a_token_is_bound_to_an_hour '^3[56][0-9][0-9]$' "$(echo "$token" | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null | jq '.exp - .iat')"
same a_token_review_knows_the_token true "$(send POST /apis/authentication.k8s.io/v1/tokenreviews \
	"{\"spec\":{\"token\":\"$token\"}}" | jq .status.authenticated)"
same a_token_review_knows_a_wrong_token null "$(send POST /apis/authentication.k8s.io/v1/tokenreviews \
	'{"spec":{"token":"x"}}' | jq .status.authenticated)"

same the_admin_is_a_master '["system:masters","system:authenticated"]' "$(send POST /apis/authentication.k8s.io/v1/selfsubjectreviews '{}' | jq -c .status.userInfo.groups)"
claim the_admin_may kubectl auth can-i '*' '*'
claim someone_else_may_not sh -c '! kubectl auth can-i list pods --as somebody'
like impersonation_takes_rights_away 'User "system:serviceaccount:default:default" cannot list' \
	"$(kubectl get secrets --as system:serviceaccount:default:default 2>&1)"
same impersonation_needs_a_right 403 "$(anonymous /api -H "Authorization: Bearer $token" -H 'Impersonate-User: system:admin')"

send POST /api/v1/nodes '{"metadata":{"name":"n1"}}' >/dev/null
like a_node_may_not_touch_another 'nodes "n1" is forbidden: node "n2" is not allowed to modify node "n1"' \
	"$(kubectl patch node n1 -p '{"metadata":{"labels":{"a":"b"}}}' --as system:node:n2 --as-group system:nodes 2>&1)"
claim a_node_may_touch_itself kubectl label node n1 a=b --as system:node:n1 --as-group system:nodes

same an_unknown_path_is_told_after_authorization 403 "$(anonymous /nothing/here)"
api GET /nothing/here >/dev/null
same an_unknown_path_is_not_found 404 "$(code)"
