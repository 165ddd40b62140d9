#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nodes that fall silent: conditions, taints and events; a zone is not emptied when nobody answers at all; pods that have ended are kept,
# but not too many of them.
. "$(dirname "$0")/server.sh"
start_server --node-monitor-grace-period 3s --node-startup-grace-period 2s --terminated-pod-gc-threshold 3 \
	--node-eviction-rate 1

kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"List","items":[
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"mute","labels":{"topology.kubernetes.io/zone":"a","kubernetes.io/os":"linux"}}},
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"gone","labels":{"topology.kubernetes.io/zone":"a"}},
	 "status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"},{"type":"NetworkUnavailable","status":"False"}]}},
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"well","labels":{"topology.kubernetes.io/zone":"b"}},
	 "status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}]}}]}
YAML
has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
eventually has_account
kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"there"},"spec":{"nodeName":"gone","containers":[{"name":"c","image":"i"}]}}
YAML
kubectl patch pod there --subresource=status -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null

# A heartbeat of the one that is well, while a claim waits
beat() {
	api PATCH /api/v1/nodes/well/status -H 'Content-Type: application/strategic-merge-patch+json' -d \
		"{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"$1\",\"lastHeartbeatTime\":\"$(date -u +%FT%TZ)\"}]}}" >/dev/null
}
beating() { beat True; "$@"; }
taints() { kubectl get node "$1" -o json | jq -r '[.spec.taints[]? | select(.timeAdded) | .key + ":" + .effect] | sort | join(" ")'; }
conditions() { kubectl get node "$1" -o json | jq -r '[.status.conditions[] | .type + "=" + .status + ":" + .reason] | sort | join(" ")'; }
has() { [ "$($1 "$2")" = "$3" ]; }
never=Unknown:NodeStatusNeverUpdated
unreachable='node.kubernetes.io/unreachable:NoExecute node.kubernetes.io/unreachable:NoSchedule'

claim a_silent_node_turns_unknown eventually beating has conditions gone "DiskPressure=$never MemoryPressure=$never NetworkUnavailable=False: PIDPressure=$never Ready=Unknown:NodeStatusUnknown"
claim one_that_never_spoke_as_well eventually beating has conditions mute "DiskPressure=$never MemoryPressure=$never PIDPressure=$never Ready=$never"
claim it_is_tainted eventually beating has taints gone "$unreachable"
same the_one_that_is_well_is_not '' "$(taints well)"
ready() { kubectl get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
claim its_pods_are_not_ready eventually beating has ready there False
has_event() { kubectl get events -A -o json | jq -e --arg r "$1" --arg m "$2" 'any(.items[]; .reason == $r and .message == $m)' >/dev/null; }
for e in 'NodeNotReady:Node gone status is now: NodeNotReady' 'NodeNotReady:Node is not ready' 'RegisteredNode:Node well event: Registered Node well in Controller'; do
	claim "event_${e%%:*}" eventually beating has_event "${e%%:*}" "${e#*:}"
done
same old_labels_repeat_the_new linux "$(kubectl get node mute -o 'jsonpath={.metadata.labels.beta\.kubernetes\.io/os}')"
zone() { api GET /metrics | grep -F "node_collector_unhealthy_nodes_in_zone{zone=\":$1\"}" | awk '{print $2}'; }
same the_metrics_count_them 2 "$(zone a)"

claim the_last_node_falls_silent eventually has conditions well "DiskPressure=$never MemoryPressure=$never PIDPressure=$never Ready=Unknown:NodeStatusUnknown"
claim then_nobody_is_emptied eventually has taints gone node.kubernetes.io/unreachable:NoSchedule
claim nor_the_last eventually has taints well node.kubernetes.io/unreachable:NoSchedule
claim when_one_answers_the_others_are eventually beating has taints gone "$unreachable"
claim and_it_has_no_taint eventually beating has taints well ''
kubectl delete node gone mute >/dev/null
claim a_node_that_is_removed eventually has_event RemovingNode 'Node gone event: Removing Node gone from Controller'

for i in 1 2 3 4 5; do
	kubectl create -f - >/dev/null <<-YAML
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"end-$i"},"spec":{"nodeName":"well","tolerations":[{"operator":"Exists"}],"containers":[{"name":"c","image":"i"}]}}
	YAML
	reason=$([ $i != 4 ] || echo '"reason":"Evicted",')
	kubectl patch pod "end-$i" --subresource=status -p "{\"status\":{$reason\"phase\":\"Failed\"}}" >/dev/null
done
ended() { kubectl get pods -o name | grep -o 'end-.' | paste -sd' '; }
are_kept() { [ "$(ended)" = "$1" ]; }
claim three_of_five_that_have_ended_are_kept eventually are_kept 'end-2 end-3 end-5'
refused() { "$ALLINONE" server --disable-agent --data-dir "$work/none" "$1" "$2" 2>&1 | grep -q -- "$1: \"$2\" is not"; }
claim a_rate_is_a_number refused --node-eviction-rate fast
claim a_grace_period_is_a_duration refused --node-monitor-grace-period 50
