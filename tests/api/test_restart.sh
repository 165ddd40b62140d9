#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What was acknowledged is there after a stop and after a kill; versions go on; a watch from before continues.
. "$(dirname "$0")/server.sh"
start_server
cms=/api/v1/namespaces/default/configmaps
send POST $cms '{"metadata":{"name":"a"}}' >/dev/null
revision=$(jq -r .metadata.resourceVersion "$work/body")
uid=$(jq -r .metadata.uid "$work/body")
send POST $cms '{"metadata":{"name":"b"}}' >/dev/null
token=$(eventually kubectl get serviceaccount default; kubectl create token default)

started=$SECONDS
kill -TERM "$server_pid"
wait "$server_pid"
same a_stop_is_a_success 0 "$?"
claim a_stop_is_quick [ $((SECONDS - started)) -le 5 ]
start_server
same the_same_object "$uid $revision" "$(api GET $cms/a | jq -r '"\(.metadata.uid) \(.metadata.resourceVersion)"')"
same the_same_keys 200 "$(anonymous /apis -H "Authorization: Bearer $token")"
send POST $cms '{"metadata":{"name":"c"}}' >/dev/null
claim versions_go_on [ "$(jq -r .metadata.resourceVersion "$work/body")" -gt "$revision" ]
curl -sN --cacert "$work/ca" --cert "$work/crt" --key "$work/key" "$url$cms?watch=true&resourceVersion=$revision&timeoutSeconds=1&fieldSelector=metadata.name!=kube-root-ca.crt" >"$work/watch"
same a_watch_from_before_goes_on '["ADDED b","ADDED c"]' "$(jq -s -c '[.[] | "\(.type) \(.object.metadata.name)"]' "$work/watch")"

# writes until the power goes
(
	i=0
	while send POST $cms "{\"metadata\":{\"name\":\"k$i\"}}" >/dev/null 2>&1 && [ "$(code)" = 201 ]; do echo "k$i"; i=$((i + 1)); done >"$work/acknowledged"
) &
writer=$!
eventually sh -c "[ \$(wc -l <$work/acknowledged) -ge 20 ]"
kill -KILL "$server_pid"
wait "$server_pid" 2>/dev/null
wait "$writer"
start_server
api GET $cms | jq -r '.items[].metadata.name' | sort >"$work/there"
same nothing_acknowledged_is_lost '' "$(sort "$work/acknowledged" | comm -23 - "$work/there" | tr '\n' ' ')"
