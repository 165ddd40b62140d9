#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the controllers write to nodes.
. "$(dirname "$0")/server.sh"
start_server

kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}
YAML
ttl() { [ "$(kubectl get node n1 -o 'jsonpath={.metadata.annotations.node\.alpha\.kubernetes\.io/ttl}')" = "$1" ]; }
claim a_node_is_told_how_long_to_keep_config eventually ttl 0
kubectl annotate --overwrite node n1 node.alpha.kubernetes.io/ttl=77 >/dev/null
claim it_is_put_right eventually ttl 0

has_account() { kubectl get serviceaccount default >/dev/null 2>&1; }
eventually has_account
kubectl create -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"stuck"},"spec":{"nodeName":"n1","tolerations":[{"operator":"Exists"}],
	 "containers":[{"name":"c","image":"i"}]}}
YAML
kubectl delete pod stuck --wait=false >/dev/null
is_gone() { ! kubectl get pod stuck >/dev/null 2>&1 && kubectl get node n1 >/dev/null; }
same a_pod_waits_for_its_node stuck "$(kubectl get pod stuck -o 'jsonpath={.metadata.name}')"
kubectl taint node n1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute >/dev/null
claim a_node_out_of_service_is_not_waited_for eventually is_gone
