#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods as the API sees them, without a node: admission, binding, status, two-phase deletion, eviction, subresources.
. "$(dirname "$0")/server.sh"
start_server
pods=/api/v1/namespaces/default/pods
eventually kubectl get serviceaccount default
make() { send POST $pods "{\"metadata\":{\"name\":\"$1\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"${2:-}}]${3:-}}}"; }
patch() { api PATCH "$1" -H "Content-Type: application/merge-patch+json" -d "$2"; }

make a >/dev/null
same created 201 "$(code)"
send POST /api/v1/namespaces '{"metadata":{"name":"fresh"}}' >/dev/null
send POST /api/v1/namespaces/fresh/pods '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}' >/dev/null
same a_pod_right_after_its_namespace_gets_its_account '201 default' "$(code) $(jq -r .spec.serviceAccountName "$work/body")"
same pending 'Pending BestEffort' "$(jq -r '.status | "\(.phase) \(.qosClass)"' "$work/body")"
same runs_as_default default "$(jq -r .spec.serviceAccountName "$work/body")"
like has_its_token '^kube-api-access-[a-z0-9]{5} /var/run/secrets/kubernetes.io/serviceaccount$' \
	"$(jq -r '"\(.spec.volumes[0].name) \(.spec.containers[0].volumeMounts[0].mountPath)"' "$work/body")"
same tolerates_for_five_minutes '[300,300]' "$(jq -c '[.spec.tolerations[].tolerationSeconds]' "$work/body")"
same has_defaults 'Always ClusterFirst default-scheduler 30 0' \
	"$(jq -r '.spec | "\(.restartPolicy) \(.dnsPolicy) \(.schedulerName) \(.terminationGracePeriodSeconds) \(.priority)"' "$work/body")"
make n '' ',"automountServiceAccountToken":false' >/dev/null
same no_token_on_request null "$(jq .spec.volumes "$work/body")"
make p '' ',"priorityClassName":"system-node-critical"' >/dev/null
same a_priority_class 2000001000 "$(jq .spec.priority "$work/body")"
make q '' ',"priorityClassName":"nope"' >/dev/null
like an_unknown_class 'no PriorityClass with name nope was found' "$(jq -r .message "$work/body")"
make s '' ',"serviceAccountName":"nope"' >/dev/null
like an_unknown_account 'error looking up service account default/nope' "$(jq -r .message "$work/body")"
send POST $pods '{"metadata":{"name":"x"},"spec":{"containers":[]}}' >/dev/null
like a_pod_needs_containers 'Pod "x" is invalid: spec.containers: Required value' "$(jq -r .message "$work/body")"
make r ',"resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}' >/dev/null
same guaranteed Guaranteed "$(jq -r .status.qosClass "$work/body")"

# --- what may change ---
api PATCH $pods/a -H 'Content-Type: application/strategic-merge-patch+json' -d '{"spec":{"containers":[{"name":"c","image":"j"}]}}' >/dev/null
same an_image_may_change 'j 2' "$(jq -r '"\(.spec.containers[0].image) \(.metadata.generation)"' "$work/body")"
patch $pods/a '{"spec":{"hostNetwork":true}}' >/dev/null
same the_rest_may_not 422 "$(code)"
patch $pods/a '{"status":{"phase":"Running"}}' >/dev/null
same status_has_its_own_door Pending "$(jq -r .status.phase "$work/body")"
patch $pods/a/status '{"status":{"phase":"Running"},"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"b","uid":"u"}]}}' >/dev/null
same status_changes_status 'Running null' "$(jq -r '"\(.status.phase) \(.metadata.ownerReferences)"' "$work/body")"

# --- binding ---
send POST $pods/a/binding '{"target":{"kind":"Node","name":"n1"}}' >/dev/null
same bound '201 n1' "$(code) $(api GET $pods/a | jq -r .spec.nodeName)"
same scheduled True "$(api GET $pods/a | jq -r '.status.conditions[] | select(.type == "PodScheduled").status')"
send POST $pods/a/binding '{"target":{"kind":"Node","name":"n2"}}' >/dev/null
like bound_once 'pod a is already assigned to node "n1"' "$(jq -r .message "$work/body")"
same by_node '["a"]' "$(api GET "$pods?fieldSelector=spec.nodeName%3Dn1" | jq -c '[.items[].metadata.name]')"

# --- deletion in two phases ---
api DELETE $pods/a >/dev/null
same time_to_end '200 30' "$(code) $(jq .metadata.deletionGracePeriodSeconds "$work/body")"
same still_there 200 "$(api GET $pods/a >/dev/null; code)"
send DELETE $pods/a '{"gracePeriodSeconds":60}' >/dev/null
same never_longer 30 "$(jq .metadata.deletionGracePeriodSeconds "$work/body")"
send DELETE $pods/a '{"gracePeriodSeconds":5}' >/dev/null
same but_shorter 5 "$(jq .metadata.deletionGracePeriodSeconds "$work/body")"
send DELETE $pods/a '{"gracePeriodSeconds":0}' >/dev/null
same the_kubelets_word 404 "$(api GET $pods/a >/dev/null; code)"
api DELETE $pods/n >/dev/null
same never_scheduled_goes_at_once 404 "$(api GET $pods/n >/dev/null; code)"

# --- eviction ---
kubectl apply -f - >/dev/null <<-YAML
	apiVersion: policy/v1
	kind: PodDisruptionBudget
	metadata: {name: b}
	spec: {minAvailable: 1, selector: {matchLabels: {app: x}}}
YAML
allowed() { api GET /apis/policy/v1/namespaces/default/poddisruptionbudgets/b | jq .status.disruptionsAllowed; }
running() { # NAME: a pod of the budget that is ready
	send POST $pods "{\"metadata\":{\"name\":\"$1\",\"labels\":{\"app\":\"x\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}" >/dev/null
	patch "$pods/$1/status" '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null
}
evict() { send POST "$pods/$1/eviction" "{\"kind\":\"Eviction\",\"apiVersion\":\"policy/v1\",\"metadata\":{\"name\":\"$1\"}}" >/dev/null; }
running e
evict e
same a_budget_holds "429 Cannot evict pod as it would violate the pod's disruption budget." "$(code) $(jq -r .message "$work/body")"
running f
claim two_are_one_more_than_needed eventually sh -c "[ \"\$(kubectl get pdb b -o jsonpath='{.status.disruptionsAllowed}')\" = 1 ]"
evict e
same a_budget_lets_go 201 "$(code)"
same and_counts 0 "$(allowed)"
send POST $pods '{"metadata":{"name":"g","finalizers":["example.com/hold"]},"spec":{"containers":[{"name":"c","image":"i"}]}}' >/dev/null
evict g
same the_end_says_that_it_was_an_eviction 'True EvictionByEvictionAPI Eviction API: evicting' \
	"$(api GET $pods/g | jq -r '.status.conditions[] | select(.type == "DisruptionTarget") | "\(.status) \(.reason) \(.message)"')"
patch $pods/g '{"metadata":{"finalizers":null}}' >/dev/null
# pods that are not ready: kept while the budget is broken, free when it is kept without them or says so
unready() { # NAME
	running "$1"
	patch "$pods/$1/status" '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}' >/dev/null
}
healthy_is() { [ "$(kubectl get pdb b -o 'jsonpath={.status.currentHealthy}/{.status.expectedPods}')" = "$1" ]; }
unready h
claim an_unready_pod_is_not_healthy eventually healthy_is 1/2
evict h
same an_unready_pod_goes_while_the_budget_is_kept_without_it 201 "$(code)"
unready i
patch "$pods/f/status" '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}' >/dev/null
claim nobody_is_healthy_now eventually healthy_is 0/2
evict i
same an_unready_pod_stays_while_the_budget_is_broken '429 The disruption budget b needs 1 healthy pods and has 0 currently' "$(code) $(jq -r '.details.causes[0].message' "$work/body")"
kubectl patch pdb b --type=merge -p '{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}' >/dev/null
evict i
same unless_the_budget_lets_unready_pods_go_always 201 "$(code)"

# --- towards a node that is not there ---
make l >/dev/null
same logs_of_what_never_ran '204 ' "$(api GET $pods/l/log >/dev/null; code) $(cat "$work/body")"
api POST "$pods/l/exec?command=sh&stdout=1" >/dev/null
like no_host 'pod l does not have a host assigned' "$(jq -r .message "$work/body")"
api GET "$pods/l/log?container=z" >/dev/null
like no_such_container 'container z is not valid for pod l' "$(jq -r .message "$work/body")"

# --- limit ranges ---
kubectl apply -f - >/dev/null <<-YAML
	apiVersion: v1
	kind: LimitRange
	metadata: {name: lr}
	spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 100m}, max: {cpu: "1"}}]}
YAML
make m >/dev/null
same limits_are_filled_in '500m 100m' "$(jq -r '.spec.containers[0].resources | "\(.limits.cpu) \(.requests.cpu)"' "$work/body")"
make o ',"resources":{"limits":{"cpu":"2"}}' >/dev/null
like and_kept 'maximum cpu usage per Container is 1, but limit is 2' "$(jq -r .message "$work/body")"
