#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the API tests: one server of the test's own ($ALLINONE server --disable-agent) on a free port, kubectl and curl
# towards it, and claims. A test file says `claim NAME CONDITION…` and so on; at its end the server goes with its directory.
set -u
work=$(mktemp -d /var/tmp/allinone-api.XXXXXX)
server_pid=""
cleanup() {
	[ -z "$server_pid" ] || { kill -TERM "$server_pid" 2>/dev/null; wait "$server_pid" 2>/dev/null; }
	rm -rf "$work"
}
trap cleanup EXIT

skip_all() { echo "skip $(basename "$0" .sh) - $1"; exit 0; }
command -v kubectl >/dev/null || skip_all "kubectl is not installed"
command -v curl >/dev/null || skip_all "curl is not installed"
command -v jq >/dev/null || skip_all "jq is not installed"
[ "$(id -u)" = 0 ] || skip_all "needs root"

free_port() {
	local p
	for p in $(seq "${API_PORT_FIRST:-17110}" 17199 | shuf); do
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
	done
}

# start_server [FLAGS…]: returns when it is ready
start_server() {
	port=${port:-$(free_port)}
	url=https://127.0.0.1:$port
	export KUBECONFIG=$work/kubeconfig
	"$ALLINONE" server --disable-agent --data-dir "$work/data" --https-listen-port "$port" \
		--write-kubeconfig "$KUBECONFIG" "$@" 2>>"$work/log" &
	server_pid=$!
	until [ "$(curl -sk --max-time 5 "$url/readyz")" = ok ]; do
		kill -0 "$server_pid" 2>/dev/null || { echo "not ok $(basename "$0" .sh) - the server ended: $(tail -n 3 "$work/log" | tr '\n' ' ')"; exit 1; }
	done
	credentials
}

# credentials: the admin's certificate as files for curl
credentials() {
	local field
	for field in certificate-authority-data:ca client-certificate-data:crt client-key-data:key; do
		awk -v f="${field%%:*}:" '$1 == f {print $2}' "$KUBECONFIG" | base64 -d >"$work/${field##*:}"
	done
}

# api METHOD PATH [CURL OPTIONS…]: as the admin; the body goes to stdout, the code to $work/code
api() {
	local method=$1 path=$2
	shift 2
	curl -sS --cacert "$work/ca" --cert "$work/crt" --key "$work/key" -X "$method" "$url$path" -o "$work/body" -D "$work/head" \
		-w '%{http_code}' "$@" >"$work/code"
	cat "$work/body"
}
code() { cat "$work/code"; }
send() { # METHOD PATH JSON [CURL OPTIONS…]
	local method=$1 path=$2 json=$3
	shift 3
	api "$method" "$path" -H 'Content-Type: application/json' -d "$json" "$@"
}
anonymous() { curl -sk -o "$work/body" -w '%{http_code}' "$url$1" "${@:2}"; }

# claim NAME CONDITION…: the command succeeds
claim() {
	local name=$1
	shift
	if "$@" >"$work/claim" 2>&1; then echo "ok $name"; else echo "not ok $name - $* $(head -c 200 "$work/claim" | tr '\n' ' ')"; fi
}
# same NAME WANTED HAVE
same() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1 - wanted '$2', have '$(printf %s "$3" | head -c 400 | tr '\n' ' ')'"; fi; }
# like NAME PATTERN TEXT: an extended regular expression
like() { if printf '%s' "$3" | grep -Eq -- "$2"; then echo "ok $1"; else echo "not ok $1 - wanted /$2/, have '$(printf %s "$3" | head -c 400 | tr '\n' ' ')'"; fi; }
# eventually COMMAND…: waits until it succeeds, at most 20 s
eventually() {
	local end=$((SECONDS + 20))
	until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; done
}
