#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What nodes and pods use, with nothing installed: metrics.k8s.io, kubectl top, and the kubelet's own pages.
set -u
. "$(dirname "$0")/lib.sh"
host_up "${TOP_PREFIX:-kt}"
claim server_starts server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null
claim a_pod_runs run_pod busy '"command":["sh","-c","while :; do :; done"],"resources":{"limits":{"cpu":"100m","memory":"32Mi"}}'

available() { equals True "$(k get apiservice v1beta1.metrics.k8s.io -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}')"; }
claim the_api_is_available available
raw() { k get --raw "$1"; }
nano() { raw /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/busy 2>/dev/null | sed -n 's/.*"cpu":"\([0-9]*\)n".*/\1/p'; }
is_near() { local n; n=$(nano); [ "${n:-0}" -gt 10000000 ] && [ "$n" -lt 150000000 ]; }
cpu() { until_true 25 is_near || { raw /apis/metrics.k8s.io/v1beta1/pods; return 1; }; }
claim a_busy_pod_uses_its_limit cpu
top_pods() { k top pods --containers | grep -E '^busy +main +[0-9]+m +[0-9]+Mi'; }
claim kubectl_top_shows_containers top_pods
top_nodes() { k top nodes | grep -E "^$host +[0-9]+m +[0-9]+% +[0-9]+Mi +[0-9]+%"; }
claim kubectl_top_shows_nodes top_nodes
columns() { k get pods.metrics.k8s.io -o wide | grep -E '^busy +[0-9]+[num] +[0-9]+[KM]i +10s'; }
claim a_table_has_the_sums columns
selected() { equals "" "$(k get pods.metrics.k8s.io -l none=none -o name 2>/dev/null)"; }
claim selectors_select selected
page() { contains "$2" "$(raw "/api/v1/nodes/$host/proxy/$1")"; }
claim the_kubelet_has_a_summary page stats/summary '"usageNanoCores":'
claim and_resource_metrics page metrics/resource 'pod_memory_working_set_bytes{namespace="default",pod="busy"}'
claim and_container_metrics page metrics/cadvisor 'container_cpu_usage_seconds_total{container="main",'
claim and_probe_metrics page metrics/probes '# TYPE prober_probe_total counter'
claim nothing_is_left_on_the_host nothing_left
