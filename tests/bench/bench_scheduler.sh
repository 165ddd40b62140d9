#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench scheduler [NODES...]: upstream's scheduler_perf workloads at 100, 1,000 and 5,000 nodes, without an API and through it.
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- 100 1000 5000
"$BENCH_DIR/bench_scheduler" "$@"
for nodes; do
	start_hollow "perf$nodes"
	python3 "$bench_root/tests/bench/sched_perf.py" "$kubeconfig" "$server_pid" "$nodes"
	stop_allinone
done
