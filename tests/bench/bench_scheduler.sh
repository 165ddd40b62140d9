#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench scheduler: upstream's scheduler_perf workloads at 100, 1,000 and 5,000 nodes, without an API and through it, and Deployments until
# their last pod is bound.
. "$(dirname "$0")/common.sh"
"$BENCH_DIR/bench_scheduler"
stop_allinone() {
	kill -TERM "$server_pid"
	wait "$server_pid" || true
	unset 'servers[-1]'
}
hollow=(--disable-agent --node-monitor-grace-period 1h --node-startup-grace-period 1h) # nobody speaks for the nodes
for nodes in 100 1000 5000; do
	start_allinone "nodes$nodes" "${hollow[@]}"
	python3 "$bench_root/tests/bench/bind_times.py" "$kubeconfig" "$server_pid" "$nodes" 2000
	sleep 5
	python3 "$bench_root/tests/bench/idle.py" "$server_pid" 10 # controllers and scheduler, with these nodes and nothing to do
	stop_allinone
	start_allinone "perf$nodes" "${hollow[@]}"
	python3 "$bench_root/tests/bench/sched_perf.py" "$kubeconfig" "$server_pid" "$nodes"
	stop_allinone
done
