#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where pods go, as a user sees it: nodes without an agent, kubectl, events and conditions.
. "$(dirname "$0")/server.sh"
start_server

node() { # NAME CPU ZONE
	kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"$1","labels":{"kubernetes.io/hostname":"$1","topology.kubernetes.io/zone":"$3"}}}
	YAML
	kubectl patch node "$1" --subresource=status --type=merge -p '{"status":{"capacity":{"cpu":"'"$2"'","memory":"8Gi","pods":"110"},
		"allocatable":{"cpu":"'"$2"'","memory":"8Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}' >/dev/null
}
pod() { # NAME CPU [MORE OF THE SPEC]
	kubectl apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1","labels":{"app":"${4:-$1}"}},"spec":{${3:-}"terminationGracePeriodSeconds":0,
	 "containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"$2"}}}]}}
	JSON
}
of() { kubectl get "$1" "$2" -o "jsonpath=$3"; }
node_of() { of pod "$1" '{.spec.nodeName}'; }
is_on() { [ "$(node_of "$1")" = "$2" ]; }
bound() { [ -n "$(node_of "$1")" ]; }
why() { of pod "$1" '{.status.conditions[?(@.type=="PodScheduled")].message}'; }
says() { [ -n "$(why "$1")" ]; }
has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
schedulable() { [ -z "$(of node "$1" '{.spec.taints}')" ]; }
eventually has_account

pod first 1
eventually says first
same without_nodes_it_says_so "no nodes available to schedule pods" "$(why first)"
node n1 2 a
node n2 4 b
eventually schedulable n1
eventually schedulable n2
claim a_new_node_wakes_what_waits eventually bound first
pod large 9
eventually says large
same the_message_counts_nodes "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling." "$(why large)"
event_of() { kubectl get events --field-selector "involvedObject.name=$1,reason=$2" -o 'jsonpath={.items[0].message}'; }
has_event() { [ -n "$(event_of "$1" "$2")" ]; }
eventually has_event large FailedScheduling
like the_event_says_the_same '^0/2 nodes are available: 2 Insufficient cpu' "$(event_of large FailedScheduling)"
eventually has_event first Scheduled
like success_is_told 'Successfully assigned default/first to n[12]' "$(event_of first Scheduled)"

pod chosen 100m '"nodeSelector":{"topology.kubernetes.io/zone":"b"},'
claim a_selector_is_kept eventually is_on chosen n2
kubectl cordon n2 >/dev/null
pod cordoned 100m '"nodeSelector":{"topology.kubernetes.io/zone":"b"},'
eventually says cordoned
like a_cordoned_node_takes_none "1 node\(s\) didn't match Pod's node affinity/selector, 1 node\(s\) were unschedulable" "$(why cordoned)"
kubectl uncordon n2 >/dev/null
claim uncordon_wakes_it eventually is_on cordoned n2

pod gated 100m '"schedulingGates":[{"name":"example.com/wait"}],'
same gates_hold SchedulingGated "$(kubectl get pod gated --no-headers | awk '{print $3}')"
kubectl patch pod gated --type=json -p '[{"op":"remove","path":"/spec/schedulingGates"}]' >/dev/null
claim and_let_go eventually bound gated
pod other 100m '"schedulerName":"somebody-else",'
pod mine 100m
eventually bound mine
same pods_of_others_are_left_alone "" "$(node_of other)"

kubectl delete pod --all --grace-period=0 --force >/dev/null 2>&1
kubectl create priorityclass high --value=1000 >/dev/null
pod low1 2 '"nodeSelector":{"kubernetes.io/hostname":"n1"},'
eventually bound low1
pod low2 4 '"nodeSelector":{"kubernetes.io/hostname":"n2"},' guarded
eventually bound low2
kubectl create poddisruptionbudget guard --selector=app=guarded --min-available=1 >/dev/null
pod vip 2 '"priorityClassName":"high",'
claim room_is_made eventually is_on vip n1
gone() { ! kubectl get pod "$1" >/dev/null 2>&1; }
claim by_who_matters_less eventually gone low1
claim budgets_are_kept bound low2
eventually has_event low1 Preempted
like the_victim_is_told '^Preempted by pod .* on node n1$' "$(event_of low1 Preempted)"

kubectl create deployment spread --image=i --replicas=4 >/dev/null
all_bound() { [ "$(kubectl get pods -l app=spread --no-headers -o custom-columns=N:.spec.nodeName | grep -c '^n')" = 4 ]; }
kubectl delete pod vip low2 --grace-period=0 --force >/dev/null 2>&1
claim a_deployment_is_bound eventually all_bound
same its_pods_are_spread "2 2" "$(kubectl get pods -l app=spread --no-headers -o custom-columns=N:.spec.nodeName | sort | uniq -c | awk '{print $1}' | xargs)"

kubectl apply -f - >/dev/null <<-YAML
{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}
YAML
waiting() { has_event data WaitForFirstConsumer; }
eventually waiting
same a_claim_waits_for_its_consumer "waiting for first consumer to be created before binding" "$(event_of data WaitForFirstConsumer)"
pod user 100m '"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}],'
claim its_pod_is_bound eventually bound user
same to_the_node_of_the_volume "$(node_of user)" "$(kubectl get pv -o 'jsonpath={.items[0].spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}')"
same the_claim_is_bound Bound "$(of pvc data '{.status.phase}')"
kubectl delete pvc data --wait=false >/dev/null
same a_claim_in_use_stays Terminating "$(kubectl get pvc data --no-headers | awk '{print $2}')"
kubectl delete pod user --grace-period=0 --force >/dev/null 2>&1
no_volume() { [ -z "$(kubectl get pv -o name)" ]; }
claim claim_and_volume_go_with_the_pod eventually no_volume
