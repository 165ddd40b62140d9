#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A thousand Jobs whose pods can't be made cost a bounded number of attempts and don't keep a healthy Deployment from its pods.
. "$(dirname "$0")/server.sh"
start_server
jobs=1000
for ns in bad good; do kubectl create namespace $ns >/dev/null; done
for ns in bad good; do eventually kubectl -n $ns get serviceaccount default; done
kubectl -n bad create quota none --hard=pods=0 >/dev/null
known() { kubectl -n bad get quota none -o 'jsonpath={.status.used.pods}' | grep -q 0; }
eventually known
for i in $(seq $jobs); do
	printf '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j%d","namespace":"bad"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}\n' "$i"
done >"$work/jobs"
split -n l/8 "$work/jobs" "$work/jobs."
makers=()
for part in "$work"/jobs.*; do
	kubectl create -f "$part" >/dev/null &
	makers+=($!)
done
kubectl -n good create deployment web --image=i --replicas=20 >/dev/null
pods() { [ "$(kubectl -n good get pods -o name | wc -l)" = "$1" ]; }
claim a_healthy_deployment_gets_its_pods_meanwhile eventually pods 20
wait "${makers[@]}"
same all_jobs_are_there $jobs "$(kubectl -n bad get jobs -o name | wc -l)"
refused() { # attempts to make a pod that were refused
	api GET /metrics | awk '/^apiserver_request_total/ && /code="403"/ && /resource="pods"/ && /verb="POST"/ {n += $2} END {print n + 0}'
}
tried() { [ "$(refused)" -ge $jobs ]; }
claim each_has_tried eventually tried
kubectl -n good scale deployment web --replicas=40 >/dev/null
claim and_more_when_it_is_scaled eventually pods 40
after=$(refused)
claim attempts_are_bounded [ "$after" -le $((jobs * 14)) ] # 5 ms, 10 ms … 40 s
told=$(kubectl -n bad get events -o json | jq '[.items[] | select(.reason == "FailedCreate")] | length')
claim events_are_few_for_each [ "$told" -le $((jobs * 11)) ] # ten, then one for all that are like them
