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
