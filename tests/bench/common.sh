# shellcheck shell=bash
# What the benchmarks share: a server of our own on a spare port with its data on a real file system, ended and removed at exit.
set -eu
bench_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${BENCH_TMP:-/var/tmp}/allinone-bench.XXXXXX")
servers=()

cleanup() {
	local pid
	for pid in "${servers[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap cleanup EXIT

port_free() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The last one that was started.
stop_allinone() {
	kill -TERM "$server_pid"
	wait "$server_pid" || true
	unset 'servers[-1]'
}

# start_hollow NAME: for nodes that nobody speaks for
start_hollow() { start_allinone "$1" --disable-agent --node-monitor-grace-period 1h --node-startup-grace-period 1h; }

# start_allinone NAME [FLAGS...]: sets $server_pid and $kubeconfig; returns once /readyz says ok
start_allinone() {
	local name=$1 port; shift
	port=$(port_free)
	kubeconfig=$work/$name/server/cred/admin.kubeconfig
	mkdir -p "$work/$name"
	"$ALLINONE" server --data-dir "$work/$name" --https-listen-port "$port" "$@" 2>"$work/$name.log" &
	server_pid=$!
	servers+=("$server_pid")
	python3 "$bench_root/tests/bench/wait_ready.py" "127.0.0.1" "$port" 30 >/dev/null || { cat "$work/$name.log" >&2; exit 1; }
}
