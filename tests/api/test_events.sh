#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Events go by themselves after --event-ttl, from memory and from disk; nothing else does.
. "$(dirname "$0")/server.sh"
refused() { "$ALLINONE" server --disable-agent --data-dir "$work/none" --event-ttl "$1" 2>&1 | grep -q 'event-ttl: "'"$1"'" is not a duration'; }
claim a_time_that_is_none_is_refused refused soon
claim a_time_below_a_second_is_refused refused 10ms

start_server --event-ttl 2s
events=/api/v1/namespaces/default/events
number_is() { [ "$(api GET "$events" | jq '.items | length')" = "$1" ]; }
event_list() { # FROM TO
	local i
	for i in $(seq "$1" "$2"); do
		echo '{"apiVersion":"v1","kind":"Event","metadata":{"name":"e'"$i"'","namespace":"default"},"involvedObject":{"kind":"Pod","name":"p","namespace":"default"},"reason":"R","message":"m"}'
	done
}
kubectl create configmap stays >/dev/null
claim many_events_are_taken kubectl create -f <(event_list 1 300)
claim all_of_them_go eventually number_is 0
claim what_is_no_event_stays kubectl get configmap stays

# one that is cut off comes back with the time that it has left at most
kubectl create -f <(event_list 1 5) >/dev/null
kill -KILL "$server_pid"
wait "$server_pid" 2>/dev/null
start_server --event-ttl 2s
claim those_of_before_a_kill_go eventually number_is 0
