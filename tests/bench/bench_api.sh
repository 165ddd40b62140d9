#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench api [--kubeconfig FILE [--pids A,B]] [--seconds S] [SCENARIO...]: what an API costs. Without a kubeconfig: our own server, and in the
# same run upstream's kube-apiserver with etcd, when Go is there to build them (tests/upstream).
. "$(dirname "$0")/common.sh"
client=$BENCH_DIR/bench_client

for word; do
	[ "$word" != --kubeconfig ] || { "$client" "$@"; exit; }
done

python3 "$(dirname "$0")/fsync_rate.py" "$work" # what creates can be held against
start_allinone ours --disable-agent --disable-scheduler --disable-controller-manager # as upstream below
"$client" --name allinone --kubeconfig "$kubeconfig" --pids "$server_pid" "$@"

if ! command -v go >/dev/null; then
	echo "upstream: left out, there is no Go on this machine to build it with"
	exit
fi
bin=$("$bench_root/tests/upstream/build" kube-apiserver etcd)
coproc UP { exec "$bench_root/tests/upstream/up" "$bin" "$work/upstream"; }
servers+=("$UP_PID")
read -r -t 60 -u "${UP[0]}" kubeconfig pids || { echo "upstream does not start: $(tail -3 "$work"/upstream/*.log)" >&2; exit 1; }
"$client" --name upstream --kubeconfig "$kubeconfig" --pids "$pids" "$@"
