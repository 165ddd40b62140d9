#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Health, version, metrics, OpenAPI, keys of tokens, and what the server leaves on disk.
. "$(dirname "$0")/server.sh"
start_server --tls-san extra.example

same healthz ok "$(anonymous /healthz >/dev/null; cat "$work/body")"
api GET '/readyz?verbose' >/dev/null
like readyz_lists_its_checks '^\[\+\]ping ok' "$(cat "$work/body")"
like readyz_ends_with_the_verdict 'readyz check passed$' "$(cat "$work/body")"
same one_check ok "$(api GET /livez/ping)"
api GET /livez/nope >/dev/null
same no_such_check 404 "$(code)"
like an_excluded_check '^\[\+\]etcd excluded: ok' "$(api GET '/readyz?verbose&exclude=etcd' | grep etcd)"
like what_cannot_be_excluded 'no matches for "nope"' "$(api GET '/readyz?verbose&exclude=nope')"
like health_is_plain_text '^[Cc]ontent-[Tt]ype: text/plain; charset=utf-8' "$(grep -i '^content-type' "$work/head")"

like version '^1 37 v1\.37\.' "$(anonymous /version >/dev/null; jq -r '"\(.major) \(.minor) \(.gitVersion)"' "$work/body")"
like metrics_count_requests 'apiserver_request_total\{verb="GET"' "$(api GET /metrics)"
like metrics_have_latencies 'apiserver_request_duration_seconds_bucket' "$(cat "$work/body")"

api GET /openapi/v3 >/dev/null
path=$(jq -r '.paths["apis/apps/v1"].serverRelativeURL' "$work/body")
api GET "$path" >/dev/null
same openapi_v3_of_a_group '3.0.0 true' "$(jq -r '"\(.openapi) \(.components.schemas | has("io.k8s.api.apps.v1.Deployment"))"' "$work/body")"
etag=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "etag:" {print $2}')
api GET "$path" -H "If-None-Match: $etag" >/dev/null
same openapi_is_asked_once 304 "$(code)"
like openapi_named_by_its_hash_may_be_kept '^public, immutable$' "$(api GET "$path" >/dev/null; tr -d '\r' <"$work/head" | awk 'tolower($1) == "cache-control:" {$1 = ""; print substr($0, 2)}')"
same openapi_by_an_old_hash_has_moved "301 $path" "$(api GET "${path%=*}=0" >/dev/null; echo "$(code) $(tr -d '\r' <"$work/head" | awk 'tolower($1) == "location:" {print $2}')")"
same openapi_by_no_hash_is_not_kept 'no-cache, private' "$(api GET "${path%\?*}" >/dev/null; tr -d '\r' <"$work/head" | awk 'tolower($1) == "cache-control:" {$1 = ""; print substr($0, 2)}')"
same openapi_of_nothing 404 "$(api GET /openapi/v3/apis/nope/v1 >/dev/null; code)"
same openapi_v2 2.0 "$(api GET /openapi/v2 | jq -r .swagger)"
api GET /openapi/v2 -H 'Accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf' >/dev/null
same openapi_v2_for_old_clients '200 0a03322e30' "$(code) $(head -c 5 "$work/body" | od -An -tx1 | tr -d ' \n')"

etag=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "etag:" {print $2}')
same openapi_v2_of_old_clients_is_asked_once 304 "$(api GET /openapi/v2 -H 'Accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf' -H "If-None-Match: $etag" >/dev/null; code)"
same openapi_v2_in_another_form_is_another 200 "$(api GET /openapi/v2 -H "If-None-Match: $etag" >/dev/null; code)"

same token_keys 'ES256' "$(api GET /openid/v1/jwks | jq -r '.keys[0].alg')"
like token_issuer 'https://kubernetes.default.svc' "$(api GET /.well-known/openid-configuration | jq -r .issuer)"
like every_answer_has_its_audit_id '^[Aa]udit-[Ii][Dd]: [0-9a-f-]{36}' "$(tr -d '\r' <"$work/head" | grep -i '^audit-id')"

same kubeconfig_is_private 600 "$(stat -c %a "$KUBECONFIG")"
same keys_are_private 600 "$(find "$work/data/server/tls" -name '*.key' -printf '%m\n' | sort -u)"
names=$(openssl x509 -in "$work/data/server/tls/serving-kube-apiserver.crt" -noout -ext subjectAltName 2>/dev/null)
for name in localhost kubernetes.default.svc.cluster.local extra.example 127.0.0.1 10.43.0.1; do
	like "the_certificate_names_$name" "$name(,|$)" "$names"
done
before=$(openssl x509 -in "$work/data/server/tls/serving-kube-apiserver.crt" -noout -serial)
kill -TERM "$server_pid"
wait "$server_pid"
start_server --tls-san extra.example
same the_same_certificate_after_a_restart "$before" "$(openssl x509 -in "$work/data/server/tls/serving-kube-apiserver.crt" -noout -serial)"
kill -TERM "$server_pid"
wait "$server_pid"
start_server --tls-san other.example
claim another_name_is_another_certificate [ "$before" != "$(openssl x509 -in "$work/data/server/tls/serving-kube-apiserver.crt" -noout -serial)" ]
same the_index_is_sorted "$(api GET / | jq -r '.paths[]' | LC_ALL=C sort -u)" "$(api GET / | jq -r '.paths[]')"
same the_index_names_groups_versions_and_checks "/api/v1 /apis/apps/v1 /livez/ping /readyz" \
	"$(api GET / | jq -r '.paths[]' | grep -x -e /api/v1 -e /apis/apps/v1 -e /livez/ping -e /readyz | xargs)"
like component_statuses_have_their_columns '^NAME +STATUS +MESSAGE +ERROR$' "$(kubectl get componentstatuses 2>/dev/null | head -1 | sed 's/ *$//')"
same component_statuses_by_field scheduler "$(api GET '/api/v1/componentstatuses?fieldSelector=metadata.name%3Dscheduler' | jq -r '.items[].metadata.name')"
