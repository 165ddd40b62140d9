#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The server is killed in the middle of what its controllers do: nothing is lost, nothing is made twice.
. "$(dirname "$0")/server.sh"
start_server
killed() { # and started again on what it left behind
	kill -KILL "$server_pid"
	wait "$server_pid" 2>/dev/null
	start_server
}
pods_of() { kubectl get pods -l "app=$1" --no-headers 2>/dev/null | wc -l; }
count_is() { [ "$(pods_of "$1")" = "$2" ]; }

kubectl apply -f - >/dev/null <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 300
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  completions: 200
  parallelism: 200
  completionMode: Indexed
  template: {metadata: {labels: {app: work}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 50
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}
YAML
killed
claim after_a_kill_a_deployment_has_its_pods eventually count_is web 300
claim after_a_kill_a_job_has_its_pods eventually count_is work 200
claim after_a_kill_a_stateful_set_has_its_pods eventually count_is db 50
same each_index_has_one_pod 200 "$(kubectl get pods -l app=work -o jsonpath='{range .items[*]}{.metadata.labels.batch\.kubernetes\.io/job-completion-index}{"\n"}{end}' | sort -u | wc -l)"

kubectl set image deployment/web c=j >/dev/null
killed
new_pods() { [ "$(kubectl get pods -l app=web -o jsonpath='{.items[*].spec.containers[0].image}' | tr ' ' '\n' | sort | uniq -c | xargs)" = "300 j" ]; }
claim after_a_kill_in_a_roll_out_all_pods_are_new eventually new_pods
kubectl scale deployment web --replicas=7 >/dev/null
killed
claim after_a_kill_in_a_scaling_the_size_is_right eventually count_is web 7
observed() { [ "$(kubectl get deployment web -o jsonpath='{.status.replicas}')" = 7 ]; }
claim after_a_kill_the_status_is_right eventually observed

# roll-outs that are cut off at drawn moments, again and again
seed=${SEED:-$RANDOM}
RANDOM=$seed
echo "# SEED=$seed"
kubectl apply -f - >/dev/null <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: roll}
spec:
  replicas: 100
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 100%}} # nobody makes pods ready here
  selector: {matchLabels: {app: roll}}
  template: {metadata: {labels: {app: roll}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: v0}]}}
YAML
claim the_roll_outs_begin_with_all_pods eventually count_is roll 100
of_version() { kubectl get pods -l app=roll -o jsonpath='{range .items[*]}{.spec.containers[0].image}{"\n"}{end}' 2>/dev/null | grep -cx "$1"; }
has_begun() { [ "$(of_version "$1")" -ge "$2" ]; }
staying() { kubectl get pods -l app=roll -o json | jq '[.items[] | select(.metadata.deletionTimestamp == null)] | length'; }
all_are() { [ "$(of_version "$1") $(pods_of roll)" = "100 100" ]; }
most=0
for round in 1 2 3 4; do
	kubectl set image deployment/roll "c=v$round" >/dev/null
	for kill in 1 2; do
		eventually has_begun "v$round" $((RANDOM % 60 + 1)) || true
		killed
		now=$(staying)
		[ "$now" -le "$most" ] || most=$now
	done
	[ "$round" != 2 ] || claim a_roll_out_that_is_killed_twice_ends eventually all_are v2
done
claim no_kill_makes_more_pods_than_the_surge_allows [ "$most" -le 125 ]
claim the_last_of_many_killed_roll_outs_ends eventually all_are v4
sets() { kubectl get replicasets -l app=roll -o json | jq -c '[.items[] | select(.spec.replicas > 0)] | length'; }
same one_replica_set_is_left_with_pods 1 "$(sets)"
