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
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/stranger.key" -out "$work/stranger.crt" -days 1 \
	-subj /O=system:masters/CN=root 2>/dev/null
stranger=(--cert "$work/stranger.crt" --key "$work/stranger.key")
same a_certificate_of_nobody_is_no_anonymous 401 "$(anonymous /healthz "${stranger[@]}")"
same a_token_beside_it_counts 200 "$(anonymous /apis "${stranger[@]}" -H "Authorization: Bearer $token")"

# a token that a Secret holds: the day of its last use is noted, and one that is marked invalid is refused
send POST /api/v1/namespaces/default/secrets '{"metadata":{"name":"held","annotations":{"kubernetes.io/service-account.name":"default"}},"type":"kubernetes.io/service-account-token"}' >/dev/null
held_token() { kubectl get secret held -o jsonpath='{.data.token}' | base64 -d | grep .; }
eventually held_token
held=$(held_token)
same a_token_of_a_secret_gets_in 200 "$(anonymous /apis -H "Authorization: Bearer $held")"
is_noted() { kubectl get secret held -o json | jq -e '.metadata.labels["kubernetes.io/legacy-token-last-used"] | test("^20..-..-..$")'; }
eventually is_noted
same its_use_is_noted true "$(is_noted)"
like it_is_counted '^serviceaccount_legacy_manual_token_uses_total [1-9]' "$(kubectl get --raw /metrics | grep '^serviceaccount_legacy_manual')"
kubectl label secret held kubernetes.io/legacy-token-invalid-since=2026-01-01 >/dev/null
same marked_invalid_it_is_refused 401 "$(anonymous /apis -H "Authorization: Bearer $held")"
like a_review_says_why 'has been marked invalid' "$(send POST /apis/authentication.k8s.io/v1/tokenreviews "{\"spec\":{\"token\":\"$held\"}}" | jq -r .status.error)"

same impersonation_needs_a_right 403 "$(anonymous /api -H "Authorization: Bearer $token" -H 'Impersonate-User: system:admin')"

send POST /api/v1/nodes '{"metadata":{"name":"n1"}}' >/dev/null
as_node() { # NAME METHOD PATH CURL OPTIONS…: the message of the refusal
	local node=$1 method=$2 path=$3
	shift 3
	api "$method" "$path" -H "Impersonate-User: system:node:$node" -H 'Impersonate-Group: system:nodes' "$@" | jq -r '.message // "fine"'
}
merge=(-H 'Content-Type: application/merge-patch+json')
same a_node_may_not_touch_another 'nodes "n1" is forbidden: node "n2" is not allowed to modify node "n1"' \
	"$(as_node n2 PATCH /api/v1/nodes/n1 "${merge[@]}" -d '{"metadata":{"labels":{"a":"b"}}}')"
same a_node_may_not_take_a_role 'nodes "n1" is forbidden: is not allowed to modify labels: node-role.kubernetes.io/x' \
	"$(as_node n1 PATCH /api/v1/nodes/n1 "${merge[@]}" -d '{"metadata":{"labels":{"node-role.kubernetes.io/x":""}}}')"
same a_node_may_not_lift_its_taints 'nodes "n1" is forbidden: node "n1" is not allowed to modify taints' \
	"$(as_node n1 PATCH /api/v1/nodes/n1 "${merge[@]}" -d '{"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}}')"
claim a_node_may_touch_itself kubectl label node n1 a=b --as system:node:n1 --as-group system:nodes
# one without a name is not the node of pods that have none yet, whatever its roles are
kubectl create clusterrolebinding nodes --clusterrole=cluster-admin --group=system:nodes >/dev/null
idle=$(send POST /api/v1/namespaces/default/pods '{"metadata":{"name":"idle"},"spec":{"schedulerName":"none","containers":[{"name":"c","image":"i"}]}}' | jq -r .metadata.uid)
json=(-H 'Content-Type: application/json')
nameless='is forbidden: could not determine node from user "system:node:"'
same a_node_without_a_name_gets_no_token "serviceaccounts \"default\" $nameless" "$(as_node '' POST /api/v1/namespaces/default/serviceaccounts/default/token "${json[@]}" \
	-d '{"spec":{"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"idle","uid":"'"$idle"'"}}}')"
same nor_does_it_evict "pods \"idle\" $nameless" "$(as_node '' POST /api/v1/namespaces/default/pods/idle/eviction "${json[@]}" -d '{"metadata":{"name":"idle"}}')"
same nor_does_it_delete "pods \"idle\" $nameless" "$(as_node '' DELETE /api/v1/namespaces/default/pods/idle)"
kubectl delete clusterrolebinding/nodes pod/idle >/dev/null

# roles
kubectl create serviceaccount bob >/dev/null
kubectl create rolebinding bob --clusterrole=admin --serviceaccount=default:bob >/dev/null
bob=(--as system:serviceaccount:default:bob)
eventually kubectl auth can-i create roles "${bob[@]}" # the controller has gathered what admin is
claim who_has_a_right_may_hand_it_on kubectl "${bob[@]}" create role reader --verb=get --resource=pods
like who_has_it_not_may_not 'is attempting to grant RBAC permissions not currently held:' "$(kubectl "${bob[@]}" create role r2 --verb=get --resource=nodes 2>&1)"
like nor_bind_it 'NonResourceURLs:\["\*"\], Verbs:\["\*"\]' "$(kubectl "${bob[@]}" create rolebinding b2 --clusterrole=cluster-admin --user=x 2>&1)"
like a_role_reference_stays 'field is immutable' "$(kubectl patch rolebinding bob -p '{"roleRef":{"name":"view"}}' 2>&1)"
like what_one_may_do_is_listed '^pods +\[\] +\[\] +\[.*get' "$(kubectl auth can-i --list "${bob[@]}" 2>&1 | grep '^pods  *')"
echo '{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"made","namespace":"default"},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}' >"$work/role.json"
like roles_are_reconciled 'made reconciled' "$(kubectl auth reconcile -f "$work/role.json" 2>&1)"
same bob_sees_no_templates no "$(kubectl auth can-i get podtemplates "${bob[@]}" 2>/dev/null)"
kubectl create clusterrole part --verb=get --resource=podtemplates >/dev/null
kubectl label clusterrole part rbac.authorization.k8s.io/aggregate-to-view=true >/dev/null
eventually kubectl auth can-i get podtemplates "${bob[@]}"
same a_gathering_role_gives_what_it_gathers yes "$(kubectl auth can-i get podtemplates "${bob[@]}" 2>/dev/null)"

# a new node gets in
kubectl -n kube-system create secret generic bootstrap-token-abcdef --type bootstrap.kubernetes.io/token --from-literal=token-id=abcdef \
	--from-literal=token-secret=0123456789abcdef --from-literal=usage-bootstrap-authentication=true \
	--from-literal=auth-extra-groups=system:bootstrappers:allinone:default-node-token >/dev/null
bootstrap=(-H 'Authorization: Bearer abcdef.0123456789abcdef')
same a_bootstrap_token_gets_in 403 "$(anonymous /api/v1/nodes "${bootstrap[@]}")"
same a_token_review_knows_it system:bootstrap:abcdef "$(send POST /apis/authentication.k8s.io/v1/tokenreviews '{"spec":{"token":"abcdef.0123456789abcdef"}}' | jq -r .status.user.username)"
same a_wrong_bootstrap_token_does_not 401 "$(anonymous /api/v1/nodes -H 'Authorization: Bearer abcdef.0123456789abcdee')"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/n9.key" -subj /O=system:nodes/CN=system:node:n9 -out "$work/n9.csr" 2>/dev/null
request=$(base64 -w0 "$work/n9.csr")
curl -sk "${bootstrap[@]}" -H 'Content-Type: application/json' "$url/apis/certificates.k8s.io/v1/certificatesigningrequests" -o "$work/body" -d '{"metadata":{"name":"n9"},"spec":{
	"request":"'"$request"'","signerName":"kubernetes.io/kube-apiserver-client-kubelet","usages":["digital signature","client auth"]}}'
issued() { [ -n "$(kubectl get csr n9 -o 'jsonpath={.status.certificate}')" ]; }
eventually issued
kubectl get csr n9 -o 'jsonpath={.status.certificate}' | base64 -d >"$work/n9.crt"
same its_certificate_is_the_nodes system:node:n9 "$(curl -sk --cert "$work/n9.crt" --key "$work/n9.key" -H 'Content-Type: application/json' \
	-d '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}' "$url/apis/authentication.k8s.io/v1/selfsubjectreviews" | jq -r .status.userInfo.username)"

signed() { kubectl get configmap -n kube-public cluster-info -o 'jsonpath={.data.jws-kubeconfig-ghijkl}' | grep -q '\.\.'; }
kubectl -n kube-system create secret generic bootstrap-token-ghijkl --type bootstrap.kubernetes.io/token --from-literal=token-id=ghijkl \
	--from-literal=token-secret=0123456789abcdef --from-literal=usage-bootstrap-signing=true >/dev/null
eventually signed
claim the_clusters_whereabouts_are_signed signed
same everybody_may_read_them 200 "$(anonymous /api/v1/namespaces/kube-public/configmaps/cluster-info)"
same a_token_for_signing_does_not_get_in 401 "$(anonymous /api -H 'Authorization: Bearer ghijkl.0123456789abcdef')"
kubectl -n kube-system create secret generic bootstrap-token-oldold --type bootstrap.kubernetes.io/token --from-literal=expiration=2020-01-01T00:00:00Z >/dev/null
old_is_gone() { ! kubectl get secret -n kube-system bootstrap-token-oldold >/dev/null 2>&1; }
eventually old_is_gone
claim an_expired_token_is_removed old_is_gone

# tokens in Secrets
send POST /api/v1/namespaces/default/secrets '{"metadata":{"name":"lasting","annotations":{"kubernetes.io/service-account.name":"bob"}},"type":"kubernetes.io/service-account-token"}' >/dev/null
filled() { [ -n "$(kubectl get secret lasting -o 'jsonpath={.data.token}')" ]; }
eventually filled
lasting=$(kubectl get secret lasting -o 'jsonpath={.data.token}' | base64 -d)
same a_lasting_token_gets_in 200 "$(anonymous /api/v1/namespaces/default/pods -H "Authorization: Bearer $lasting")"
kubectl patch serviceaccount bob --type merge -p '{"secrets":[{"name":"lasting"},{"name":"other"}]}' >/dev/null
kubectl delete secret lasting >/dev/null
same it_ends_with_its_secret 401 "$(anonymous /api/v1/namespaces/default/pods -H "Authorization: Bearer $lasting")"

forgotten() { [ "$(kubectl get serviceaccount bob -o 'jsonpath={.secrets[*].name}')" = other ]; }
claim the_account_forgets_it eventually forgotten
send POST /api/v1/namespaces/default/secrets '{"metadata":{"name":"nobodys","annotations":{"kubernetes.io/service-account.name":"nobody"}},"type":"kubernetes.io/service-account-token"}' >/dev/null
is_removed() { ! kubectl get secret nobodys >/dev/null 2>&1; }
claim a_secret_of_no_account_is_removed eventually is_removed

# a front proxy
proxy() {
	curl -sk --cert "$work/data/server/tls/client-auth-proxy.crt" --key "$work/data/server/tls/client-auth-proxy.key" -H 'Content-Type: application/json' \
		-d '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}' "$url/apis/authentication.k8s.io/v1/selfsubjectreviews" "$@"
}
same a_proxy_says_who_it_is '["jane",["dev","system:authenticated"]]' "$(proxy -H 'X-Remote-User: jane' -H 'X-Remote-Group: dev' | jq -c '[.status.userInfo.username,.status.userInfo.groups]')"
same a_proxy_alone_is_nobody 401 "$(proxy | jq .code)"
same nobody_else_says_who_he_is system:admin "$(send POST /apis/authentication.k8s.io/v1/selfsubjectreviews '{}' -H 'X-Remote-User: jane' | jq -r .status.userInfo.username)"

same an_unknown_path_is_told_after_authorization 403 "$(anonymous /nothing/here)"
api GET /nothing/here >/dev/null
same an_unknown_path_is_not_found 404 "$(code)"
