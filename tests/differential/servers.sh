# shellcheck shell=bash disable=SC2154  # root is the caller's
# SPDX-License-Identifier: Apache-2.0
# Sourced: the two servers of a differential run, on free loopback ports, without schedulers and controllers. They end with the shell.
servers_in() { # DIR: certificates, data and logs; goes at the end
	servers=$1 pids=()
	trap 'kill -TERM "${pids[@]}" 2>/dev/null; wait; rm -rf "$servers"' EXIT
}

start_upstream() { # sets upstream to a kubeconfig, upstream_authorities to a directory; builds what is missing
	local bin
	bin=${UPSTREAM_BIN:-$("$root/tests/upstream/build" kube-apiserver etcd)}
	mkdir -p "$servers/upstream"
	"$root/tests/upstream/up" "$bin" "$servers/upstream" >"$servers/upstream.line" 2>"$servers/upstream.err" &
	pids+=($!)
	until [ -s "$servers/upstream.line" ]; do
		kill -0 "${pids[-1]}" 2>/dev/null || { cat "$servers/upstream.err" >&2; return 1; }
		sleep 0.1
	done
	# shellcheck disable=SC2034
	upstream_authorities=$servers/upstream/pki
	# shellcheck disable=SC2034
	upstream=$(cut -d' ' -f1 "$servers/upstream.line")
}

start_ours() { # PROGRAM FLAGS…: sets ours to a kubeconfig, ours_authorities to a directory; the same Service range as upstream's
	local port program=$1
	shift
	port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	ours=$servers/ours.kubeconfig
	# shellcheck disable=SC2034
	ours_authorities=$servers/data/server/tls
	"$program" server --disable-agent "$@" --service-cidr 10.43.0.0/16 --bind-address 127.0.0.1 \
		--advertise-address 127.0.0.1 --data-dir "$servers/data" --https-listen-port "$port" --write-kubeconfig "$ours" \
		>"$servers/ours.log" 2>&1 &
	pids+=($!)
	until [ "$(curl -sk "https://127.0.0.1:$port/readyz")" = ok ]; do
		kill -0 "${pids[-1]}" 2>/dev/null || { tail -3 "$servers/ours.log" >&2; return 1; }
		sleep 0.05
	done
}
