#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A node that runs short: pods beyond their own limits go, then those that take more than they asked for; the node says so meanwhile.
set -u
. "$(dirname "$0")/lib.sh"
host_up "${EVICTION_PREFIX:-kv}"

started() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim server_starts started
condition() { k get node "$host" -o "jsonpath={.status.conditions[?(@.type==\"$1\")].$2}"; }
calm() { equals "FalseFalseFalse" "$(condition MemoryPressure status)$(condition DiskPressure status)$(condition PIDPressure status)"; }
claim a_node_with_room_has_no_pressure calm

pod() { # NAME SPEC-FIELDS CONTAINER-FIELDS
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1"},"spec":{"terminationGracePeriodSeconds":1,$2
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$3}]}}
	JSON
}
says() { # POD TEXT: it was evicted with these words
	[ "$(field "$1" '{.status.phase} {.status.reason}' 2>/dev/null)" = "Failed Evicted" ] && field "$1" '{.status.message}' | grep -qF "$2"
}
told() { until_true 40 says "$1" "$2" || { k get pod "$1" -o 'jsonpath={.status}'; return 1; }; }
WRITES='"command":["sh","-c","dd if=/dev/zero of=$D/f bs=1M count=4; sleep 100000"],"env":[{"name":"D","value":"'
too_large() {
	pod large '"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Mi"}}],' "$WRITES/v\"}],\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]"
	told large 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
}
claim an_empty_dir_beyond_its_limit_evicts too_large
too_much() {
	pod much "" "$WRITES/tmp\"}],\"resources\":{\"limits\":{\"ephemeral-storage\":\"2Mi\"}}"
	told much 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. '
}
claim a_container_beyond_its_limit_evicts too_much
evicted_event() { k get events --field-selector involvedObject.name=large,reason=Evicted -o 'jsonpath={.items[*].type}' | grep -q Warning; }
claim an_event_tells_of_it until_true 10 evicted_event

# --- short for a while: a soft threshold that no node of this machine meets ---

has_condition() { [ "$(condition "$1" status)" = True ]; }
since() { date -d "$1" +%s; }
patient() {
	pod waits "" "$SLEEP"
	k wait --for=condition=Ready pod/waits --timeout=20s >/dev/null || return 1
	kill -TERM "$server"; wait "$server"
	server_start --eviction-soft 'memory.available<99%' --eviction-soft-grace-period memory.available=12s --eviction-max-pod-grace-period 3 &&
		until_true 20 has_condition MemoryPressure && told waits 'The node was low on resource: memory. Threshold quantity: ' || return 1
	local short gone
	short=$(condition MemoryPressure lastTransitionTime) gone=$(field waits '{.status.conditions[?(@.type=="DisruptionTarget")].lastTransitionTime}')
	[ $(($(since "$gone") - $(since "$short"))) -ge 11 ] || { echo "short since $short, gone at $gone"; return 1; }
}
claim a_soft_threshold_is_told_at_once_and_evicts_after_its_grace patient

# --- short of memory: a threshold that no node of this machine meets ---

is_running() { pod_phase_is "$1" Running; }
restarted() { kill -TERM "$server"; wait "$server"; server_start && until_true 20 calm; }
three() {
	restarted || return 1
	pod frugal "" "$SLEEP,"'"resources":{"requests":{"memory":"64Mi"}}'
	pod greedy "" "$SLEEP"
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"vital","namespace":"kube-system"},"spec":{"priorityClassName":"system-node-critical",
	 "terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$SLEEP}]}}
	JSON
	until_true 20 is_running frugal && until_true 20 is_running greedy && until_true 20 vital_runs
}
vital_runs() { [ "$(k get pod -n kube-system vital -o 'jsonpath={.status.phase}')" = Running ]; }
claim pods_run three
pressed() { # SIGNALS CONDITION
	kill -TERM "$server"; wait "$server"
	server_start --eviction-hard "$1" && until_true 20 has_condition "$2" || { k describe node "$host" | tail -40; return 1; }
}
insufficient() { pressed 'memory.available<99%' MemoryPressure && equals KubeletHasInsufficientMemory "$(condition MemoryPressure reason)"; }
claim a_node_without_memory_says_so insufficient
greedy_goes() { told greedy 'The node was low on resource: memory. Threshold quantity: ' && says greedy 'Container main was using ' && says greedy ', request is 0, has larger consumption of memory. '; }
claim who_asked_for_nothing_goes greedy_goes
disrupted() { equals "True TerminationByKubelet" "$(field greedy '{.status.conditions[?(@.type=="DisruptionTarget")].status} {.status.conditions[?(@.type=="DisruptionTarget")].reason}')"; }
claim it_was_a_disruption disrupted
ended() { field "$1" '{.status.containerStatuses[0].state.terminated.finishedAt}'; }
order() { told frugal 'The node was low on resource: memory. ' && [[ ! $(ended frugal) < $(ended greedy) ]] || { ended frugal; ended greedy; return 1; }; }
claim who_stays_within_its_request_goes_later order
claim what_is_critical_stays vital_runs
kept_out() {
	pod late "\"nodeName\":\"$host\"," "$SLEEP"
	told late 'Pod was rejected: The node had condition: [MemoryPressure]. '
}
claim no_pod_without_requests_comes_in kept_out
tainted() { k get node "$host" -o 'jsonpath={.spec.taints[*].key}' | grep -q node.kubernetes.io/memory-pressure; }
claim the_node_is_tainted until_true 20 tainted

# --- short of disk ---

no_disk() { k delete pod --all >/dev/null; pressed 'nodefs.available<99.9%' DiskPressure && equals KubeletHasDiskPressure "$(condition DiskPressure reason)"; }
claim a_node_without_disk_says_so no_disk
images_left() { on_host "$ALLINONE" image list | grep -c busybox; }
collected() { k delete pod -n kube-system vital >/dev/null && until_true 150 no_images; }
no_images() { [ "$(images_left)" = 0 ]; }
claim images_that_nobody_uses_go collected
claim nothing_is_left_on_the_host nothing_left
