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
