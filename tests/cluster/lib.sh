# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests here: one simulated host with a server, kubectl beside it, and claims that print their own result lines.
#   host_up PREFIX [N]        fresh hosts PREFIX1…; taken down at exit. The server's is PREFIX1
#   server_start, server_kill the server on it; waits until the node is Ready
#   agent_start HOST [FLAGS…], agent_kill HOST      a further node on another of them
#   k ARGS…                   kubectl as administrator, on that host
#   claim NAME COMMAND…       runs it (output is commentary); prints ok or not ok
#   until_true SECONDS COMMAND…
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts=$here/testhosts
kubeconfig=/var/lib/allinone/server/cred/admin.kubeconfig
image=docker.io/library/busybox:test

skip_all() { echo "skip $(basename "$0" .sh) - $1"; exit 0; }

host_up() {
	prefix=$1 host=${1}1
	declare -gA agents=()
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	command -v kubectl >/dev/null || skip_all "needs kubectl"
	work=$(mktemp -d /var/tmp/allinone-cluster.XXXXXX)
	trap host_down EXIT
	"$hosts" down --prefix "$prefix" >/dev/null 2>&1
	"$hosts" leaks before "$work/leaks" >/dev/null
	"$hosts" up "${2:-1}" --prefix "$prefix" --ipv6 || skip_all "no simulated host here"
	"$here/../images/make-busybox" amd64 "$work/busybox.tar" >"$work/busybox.log" 2>&1 || skip_all "no busybox image: $(tail -1 "$work/busybox.log")"
}
host_down() {
	local one
	for one in "${!agents[@]}"; do { kill -TERM "${agents[$one]}"; wait "${agents[$one]}"; } 2>/dev/null; done
	[ -z "${server:-}" ] || { kill -TERM "$server"; wait "$server"; } 2>/dev/null
	"$hosts" down --prefix "$prefix"
	rm -rf "$work"
}

kubectl_since() { # MINOR: is it at least 1.MINOR?
	[ "$(kubectl version --client -o json 2>/dev/null | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p')" -ge "$1" ] 2>/dev/null
}
on_host() { "$hosts" exec "$host" "$@"; }
k() { on_host kubectl --kubeconfig "$kubeconfig" "$@"; }

server_start() {
	"$hosts" exec "$host" "$ALLINONE" server "$@" >>"$work/server.log" 2>&1 &
	server=$!
	until_true 20 node_is_ready || { tail -20 "$work/server.log"; return 1; }
}
server_kill() { # -9: nothing is said, nothing is flushed
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	server=
	until_true 10 on_host flock -n /var/lib/allinone/server/lock true # its memory may take a while to go
}
agent_start() { # HOST FLAGS…; with the token in ALLINONE_TOKEN, if one is needed
	local on=$1; shift
	"$hosts" exec "$on" "$ALLINONE" agent --join https://10.80.0.1:6443 "$@" >>"$work/$on.log" 2>&1 &
	agents[$on]=$!
}
agent_kill() {
	kill -KILL "${agents[$1]}"
	wait "${agents[$1]}" 2>/dev/null
	unset "agents[$1]"
	until_true 10 "$hosts" exec "$1" flock -n /var/lib/allinone/agent/lock true
}
node_is_ready() { # [NODE]
	[ "$(k get node "${1:-$host}" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

until_true() { # SECONDS COMMAND…
	local end=$((SECONDS + $1)); shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
claim() { # NAME COMMAND…
	local name=$1; shift
	if "$@" >"$work/claim" 2>&1; then # no subshell: what it sets stays set
		echo "ok $name"
	else
		cat "$work/claim"
		echo "not ok $name - $(tail -n 1 "$work/claim" | cut -c1-300)"
	fi
}
equals() { # WANT GOT
	[ "$1" = "$2" ] || { echo "wanted '$1', got '$2'"; return 1; }
}
contains() { # PART TEXT
	[[ $2 == *"$1"* ]] || { echo "no '$1' in: ${2:0:400}"; return 1; }
}
field() { k get pod "$1" -o "jsonpath=$2"; }
pod_phase_is() { [ "$(field "$1" '{.status.phase}' 2>/dev/null)" = "$2" ]; }
pod_gone() { ! k get pod "$1" >/dev/null 2>&1; }
run_pod() { # NAME CONTAINER-FIELDS…: JSON of one container beside its name and image; waits until it runs
	local name=$1 fields=$2
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$name"},"spec":{"terminationGracePeriodSeconds":1,
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$fields}]}}
	JSON
	k wait --for=condition=Ready "pod/$name" --timeout=20s >/dev/null
}
SLEEP='"command":["sleep","100000"]'
