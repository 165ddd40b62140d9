#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench node: start of the cluster, start and end of pods, and what it costs while nothing happens, on a simulated host (root).
. "$(dirname "$0")/common.sh"
[ "$(id -u)" = 0 ] || { echo "node: left out, it needs root to start containers"; exit 0; }
hosts=$bench_root/tests/cluster/testhosts
export TESTHOSTS_DIR=$work/hosts
"$hosts" up 2 --ipv6 --prefix bench # the second one for an agent alone
trap '"$hosts" down --prefix bench; cleanup' EXIT
image=$work/busybox.tar
"$bench_root/tests/images/make-busybox" "$(dpkg --print-architecture)" "$image"
on_host() { "$hosts" exec bench1 "$@"; }
data=/var/lib/allinone kubeconfig=/var/lib/allinone/server/cred/admin.kubeconfig

printf 'allinone   %-28s %.2f MiB\n' "executable" "$(stat -c %s "$ALLINONE" | awk '{print $1 / 1048576}')"

# start WHAT: starts the server on the host, sets $pid, prints the times to /readyz and to the Ready node
start() {
	local log=$work/$1.log
	on_host "$ALLINONE" server --eviction-hard="memory.available<100Mi" --data-dir $data 2>"$log" &
	servers+=($!)
	ready=$(on_host python3 "$bench_root/tests/bench/wait_ready.py" 127.0.0.1 6443 30)
	until grep -q 'node ready' "$log"; do sleep 0.01; done
	printf 'allinone   %-28s /readyz %s ms, node Ready %s ms\n' "start ($1)" "$ready" "$(sed -n 's/.*node ready.* ms=\([0-9]*\).*/\1/p' "$log")"
	pid=$(on_host sh -c 'for p in /proc/[0-9]*; do [ "$(tr "\0" " " <$p/cmdline 2>/dev/null | cut -d" " -f2)" = server ] && echo ${p#/proc/}; done' | head -1)
}
stop() { on_host kill -TERM "$pid"; wait "${servers[-1]}" || true; unset 'servers[-1]'; }

start first
on_host "$ALLINONE" image import --data-dir $data "$image" >"$work/names"
stop
start again
on_host python3 "$bench_root/tests/bench/idle.py" "$pid" "${IDLE_SECONDS:-60}"
on_host python3 "$bench_root/tests/bench/pod_times.py" $kubeconfig "$(sed -n 's/imported //p;q' "$work/names")" 30 50
on_host python3 "$bench_root/tests/bench/idle.py" "$pid" 5 "80 pods later"
token=$(on_host "$ALLINONE" token create --data-dir $data)
ALLINONE_TOKEN=$token "$hosts" exec bench2 "$ALLINONE" agent --join https://10.80.0.1:6443 --eviction-hard="memory.available<100Mi" --data-dir $data 2>"$work/agent.log" &
servers+=($!)
until grep -q 'node ready' "$work/agent.log"; do sleep 0.05; done
agent=$("$hosts" exec bench2 sh -c 'for p in /proc/[0-9]*; do [ "$(tr "\0" " " <$p/cmdline 2>/dev/null | cut -d" " -f2)" = agent ] && echo ${p#/proc/}; done' | head -1)
"$hosts" exec bench2 python3 "$bench_root/tests/bench/idle.py" "$agent" "${IDLE_SECONDS:-60}" "agent alone"
"$hosts" exec bench2 kill -TERM "$agent"
wait "${servers[-1]}" || true
unset 'servers[-1]'
stop
