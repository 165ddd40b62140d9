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

# a node's heartbeats may be lost in a crash, their versions never come again
leases=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases
send POST $leases '{"metadata":{"name":"n"},"spec":{"holderIdentity":"n"}}' >/dev/null
renew() { api PATCH $leases/n -H 'Content-Type: application/merge-patch+json' -d "{\"spec\":{\"renewTime\":\"2026-01-01T00:$1.000000Z\"}}" >/dev/null; }
for i in 1 2 3 4 5; do renew "00:0$i"; done
revision=$(jq -r .metadata.resourceVersion "$work/body")
same a_heartbeat_is_seen_at_once "$revision 2026-01-01T00:00:05.000000Z" "$(api GET $leases/n | jq -r '"\(.metadata.resourceVersion) \(.spec.renewTime)"')"
for crash in 1 2; do
	kill -KILL "$server_pid"
	wait "$server_pid" 2>/dev/null
	start_server
	same "the_lease_is_there_after_crash_$crash" n "$(api GET $leases/n | jq -r .spec.holderIdentity)"
	claim "a_list_is_not_older_than_before_crash_$crash" [ "$(api GET $cms | jq -r .metadata.resourceVersion)" -ge "$revision" ]
	renew "0$crash:30"
	claim "its_next_version_is_newer_after_crash_$crash" [ "$(jq -r .metadata.resourceVersion "$work/body")" -gt "$revision" ]
	revision=$(jq -r .metadata.resourceVersion "$work/body")
done
