#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench deployment [NODES...]: a Deployment of 2,000 pods from its creation until all of them are bound (controllers, scheduler, API server and store
# together), on 100, 1,000 and 5,000 hollow nodes; then, with 5,000 pods in all, what it costs while nothing changes.
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- 100 1000 5000
for nodes; do
	start_hollow "nodes$nodes"
	python3 "$bench_root/tests/bench/bind_times.py" "$kubeconfig" "$server_pid" "$nodes" 2000
	python3 "$bench_root/tests/bench/bind_times.py" "$kubeconfig" "$server_pid" "$nodes" 3000
	sleep 5
	python3 "$bench_root/tests/bench/idle.py" "$server_pid" 30
	stop_allinone
done
