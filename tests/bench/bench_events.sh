#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench events [NUMBER] [TTL] [INTERVAL]: so many events (a million) through a server that keeps each for TTL (20s) and forgets old
# revisions every INTERVAL (10s): what it takes of memory and disk
# meanwhile. Bounded means: what it takes in the second half of the run is what it took in the first.
. "$(dirname "$0")/common.sh"
start_allinone events --disable-agent --event-ttl "${2:-20s}" --etcd-compaction-interval "${3:-10s}"
python3 "$bench_root/tests/bench/events.py" "$kubeconfig" "$server_pid" "$work/events" "${1:-1000000}"
