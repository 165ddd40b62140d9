#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people type all day, with the real kubectl (any from 1.20 on): apply, diff, edit, patch, label, annotate, explain, api-resources, describe, events, delete.
. "$(dirname "$0")/server.sh"
start_server

deployment() { # REPLICAS IMAGE
	cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: $1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "$2", ports: [{containerPort: 80}]}]}
YAML
}
field() { kubectl get deployment web -o "jsonpath=$1"; }

same apply_creates 'deployment.apps/web created' "$(deployment 2 a:1 | kubectl apply -f -)"
same apply_again_changes_nothing 'deployment.apps/web unchanged' "$(deployment 2 a:1 | kubectl apply -f -)"
same apply_configures 'deployment.apps/web configured' "$(deployment 2 a:2 | kubectl apply -f -)"
same apply_is_seen a:2 "$(field '{.spec.template.spec.containers[0].image}')"
like diff_shows_the_difference '^\+ +replicas: 5$' "$(deployment 5 a:2 | kubectl diff -f - | grep replicas: | tail -1)"
deployment 5 a:2 | kubectl diff -f - >/dev/null
same diff_tells_by_its_code 1 $?
deployment 2 a:2 | kubectl diff -f - >/dev/null
same no_difference_no_code 0 $?

same server_side_apply 'deployment.apps/web serverside-applied' "$(deployment 2 a:2 | kubectl apply --server-side --force-conflicts -f -)"
like another_manager_meets_a_conflict 'conflicts? with "kubectl".*\.spec\.replicas' \
	"$(deployment 3 a:2 | kubectl apply --server-side --field-manager=other -f - 2>&1 | tr '\n' ' ')"
same force_takes_it_over 'deployment.apps/web serverside-applied' \
	"$(deployment 3 a:2 | kubectl apply --server-side --field-manager=other --force-conflicts -f -)"
same and_changes_it 3 "$(field '{.spec.replicas}')"

same edit_saves 'deployment.apps/web edited' "$(KUBE_EDITOR='sed -i s/a:2/a:3/' kubectl edit deployment web)"
same edit_is_seen a:3 "$(field '{.spec.template.spec.containers[0].image}')"
like edit_without_a_change 'Edit cancelled, no changes made' "$(KUBE_EDITOR=true kubectl edit deployment web 2>&1)"

same strategic_patch 'deployment.apps/web patched' \
	"$(kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}')"
same merges_containers_by_name 'side c' "$(field '{.spec.template.spec.containers[*].name}')"
kubectl patch deployment web --type json -p '[{"op":"remove","path":"/spec/template/spec/containers/0"}]' >/dev/null
same json_patch c "$(field '{.spec.template.spec.containers[*].name}')"
kubectl patch deployment web --type merge -p '{"metadata":{"labels":{"tier":null,"x":"y"}}}' >/dev/null
same merge_patch '{"x":"y"}' "$(field '{.metadata.labels}')"
same label 'deployment.apps/web labeled' "$(kubectl label deployment web tier=back)"
like label_wants_overwrite "already has a value" "$(kubectl label deployment web tier=front 2>&1)"
like unlabel 'deployment.apps/web (un)?labeled' "$(kubectl label deployment web tier-)"
same annotate 'deployment.apps/web annotated' "$(kubectl annotate deployment web note=hello)"
same scale 'deployment.apps/web scaled' "$(kubectl scale deployment web --replicas=1)"

like explain_teaches '(FIELD|RESOURCE): containers <\[\](Container|Object)> +DESCRIPTION: +The containers' "$(kubectl explain pod.spec.containers | tr '\n' ' ')"
like explain_goes_all_the_way 'terminationGracePeriodSeconds' "$(kubectl explain pod --recursive)"
like api_resources_have_short_names '^deployments +deploy +apps/v1 +true +Deployment' "$(kubectl api-resources | grep '^deployments ')"
like describe_tells_events 'ScalingReplicaSet +[0-9]+s.* +deployment-controller +Scaled up replica set web-' "$(kubectl describe deployment web | tr -s '\n' ' ')"
like events_of_one_object 'ScalingReplicaSet' "$(kubectl get events --field-selector involvedObject.name=web)"
like a_pod_nobody_can_run 'no nodes available to schedule pods' "$(kubectl get events --field-selector reason=FailedScheduling)"
like an_unknown_field_is_refused 'unknown field "?.*replica' "$(deployment 1 a:1 | sed s/replicas/replica/ | kubectl create -f - 2>&1)"

same rollout_undo 'deployment.apps/web rolled back' "$(kubectl rollout undo deployment web)"
same dry_run 'deployment.apps "web" deleted (server dry run)' "$(kubectl delete deployment web --dry-run=server | sed 's/ from default namespace//')"
same delete 'deployment.apps "web" deleted' "$(kubectl delete deployment web | sed 's/ from default namespace//')"
kubectl wait --for=delete pod -l app=web --timeout=20s >/dev/null 2>&1
same and_what_it_owned 0 "$(kubectl get pods,replicasets -l app=web -o name | wc -l)"
kubectl create namespace doomed >/dev/null && kubectl -n doomed create configmap c >/dev/null
same a_namespace_goes_with_its_content 'namespace "doomed" deleted' "$(kubectl delete namespace doomed --timeout=20s)"
same and_is_gone '' "$(kubectl get namespace doomed --ignore-not-found -o name)"
