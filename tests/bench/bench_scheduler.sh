#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench scheduler: upstream's scheduler_perf workloads without an API, and Deployments until their last pod is bound.
. "$(dirname "$0")/common.sh"
"$BENCH_DIR/bench_scheduler"
for nodes in 100 1000 5000; do
	start_allinone "nodes$nodes" --disable-agent
	python3 "$bench_root/tests/bench/bind_times.py" "$kubeconfig" "$server_pid" "$nodes" 2000
	kill -TERM "$server_pid"
	wait "$server_pid" || true
	unset 'servers[-1]'
done
