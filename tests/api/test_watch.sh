#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Watches: from a version, with initial events, selector edges, bookmarks, expiry, forms.
. "$(dirname "$0")/server.sh"
start_server
cms=/api/v1/namespaces/default/configmaps
stream() { # FILE QUERY [CURL OPTIONS…]: a watch in the background, its pid in $stream
	local file=$1 query=$2
	shift 2
	curl -sN --cacert "$work/ca" --cert "$work/crt" --key "$work/key" "$url$cms?watch=true&$query" "$@" >"$file" &
	stream=$!
}
events() { jq -c '[.type, .object.metadata.name]' "$1" | tr '\n' ' '; }
send POST $cms '{"metadata":{"name":"a","labels":{"x":"1"}}}' >/dev/null
revision=$(jq -r .metadata.resourceVersion "$work/body")

stream "$work/w1" "resourceVersion=$revision&timeoutSeconds=9223372036854775807&labelSelector=x%3D1" # no end that one would see
w1=$stream
send POST $cms '{"metadata":{"name":"b","labels":{"x":"1"}}}' >/dev/null
send POST $cms '{"metadata":{"name":"c"}}' >/dev/null
kubectl label cm b x=2 --overwrite >/dev/null
kubectl label cm c x=1 >/dev/null
kubectl annotate cm c y=z >/dev/null
kubectl delete cm c >/dev/null
claim seven_events_arrive eventually sh -c "[ \$(wc -l <$work/w1) -ge 5 ]"
kill "$w1"
same selector_edges '["ADDED","b"] ["DELETED","b"] ["ADDED","c"] ["MODIFIED","c"] ["DELETED","c"] ' "$(events "$work/w1")"
claim versions_rise sh -c "jq -r .object.metadata.resourceVersion $work/w1 | sort -nc"

stream "$work/w2" "timeoutSeconds=1&labelSelector=x"
wait "$stream"
same without_a_version_what_is_there_comes_first '["ADDED","a"] ["ADDED","b"] ' "$(events "$work/w2")"
stream "$work/w3" "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1&labelSelector=x"
wait "$stream"
same initial_events_end_with_a_bookmark 'BOOKMARK true' "$(tail -n 1 "$work/w3" | jq -r '"\(.type) \(.object.metadata.annotations["k8s.io/initial-events-end"])"')"
api GET "$cms?watch=true&resourceVersionMatch=NotOlderThan" >/dev/null
same a_match_needs_initial_events 422 "$(code)"

stream "$work/w4" "resourceVersion=$revision&timeoutSeconds=1" -H 'Accept: application/json;as=Table;g=meta.k8s.io;v=v1'
wait "$stream"
same a_table_has_its_header_once '3 null' "$(jq -s -r '"\(.[0].object.columnDefinitions | length) \(.[1].object.columnDefinitions)"' "$work/w4")"
stream "$work/w5" "resourceVersion=$revision&timeoutSeconds=1" -H 'Accept: application/vnd.kubernetes.protobuf;stream=watch'
wait "$stream"
size=$((16#$(head -c 4 "$work/w5" | od -An -tx1 | tr -d ' \n')))
same protobuf_frames_have_their_length 6b387300 "$(head -c $((size + 4)) "$work/w5" | od -An -tx1 | tr -d ' \n' | grep -o 6b387300 | head -n 1)"

# more events than the ring keeps: the old version is gone
send POST $cms '{"metadata":{"name":"churn"}}' >/dev/null
stream "$work/w7" "resourceVersion=$(jq -r .metadata.resourceVersion "$work/body")&timeoutSeconds=120"
still=$stream
kill -STOP "$still" # a client that takes nothing
filler=$(head -c 2000 /dev/zero | tr '\0' x)
for i in $(seq 5000); do
	printf 'url = "%s%s/churn"\nrequest = "PATCH"\nheader = "Content-Type: application/merge-patch+json"\ndata = "{\\"data\\":{\\"i\\":\\"%d%s\\"}}"\noutput = "/dev/null"\n' "$url" "$cms" "$i" "$filler"
	[ "$i" = 5000 ] || echo next
done >"$work/curlrc"
sed -i "s|^url = |cacert = \"$work/ca\"\ncert = \"$work/crt\"\nkey = \"$work/key\"\nurl = |" "$work/curlrc"
curl -s -K "$work/curlrc" >/dev/null
stream "$work/w6" "resourceVersion=$revision&timeoutSeconds=5"
wait "$stream"
same an_old_version_has_expired 'ERROR 410 Expired' "$(head -n 1 "$work/w6" | jq -r '"\(.type) \(.object.code) \(.object.reason)"')"
memory=$(awk '/^Rss/ {print $2}' "/proc/$server_pid/smaps_rollup")
kill -CONT "$still"
claim it_ends wait "$still"
same who_falls_behind_is_told 'ERROR 410' "$(tail -n 1 "$work/w7" | jq -r '"\(.type) \(.object.code)"')"
claim and_nothing_was_kept_for_it [ "$memory" -lt 100000 ]
