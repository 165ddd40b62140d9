# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests here: one simulated host with a server, kubectl beside it, and claims that print their own result lines.
#   host_up PREFIX [N]        fresh hosts PREFIX1…; taken down at exit. The server's is PREFIX1
#   server_start, server_kill the server on it; waits until the node is Ready
#   agent_start HOST [FLAGS…], agent_kill HOST      a further node on another of them
#   k ARGS…                   kubectl as administrator, on that host
#   host_note HOST            remembers what it holds, before its first pod; server_start does so by itself
#   nothing_left              deletes what the test made, stops server and agents: true if their hosts hold no more than they did
#   claim NAME COMMAND…       runs it (output is commentary); prints ok or not ok
#   until_true SECONDS COMMAND…
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts=$here/testhosts
kubeconfig=/var/lib/allinone/server/cred/admin.kubeconfig
image=docker.io/library/busybox:test
roomy='--eviction-hard=memory.available<100Mi' # all hosts share the machine's disk, which may be fuller than a node's should be

skip_all() { echo "skip $(basename "$0" .sh) - $1"; exit 0; }

host_up() {
	prefix=$1 host=${1}1
	declare -gA agents=()
	[ -x "${ALLINONE:-}" ] || { echo "ALLINONE does not name the executable to test" >&2; exit 2; }
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
	"$hosts" exec "$host" "$ALLINONE" server "$roomy" "$@" >>"$work/server.log" 2>&1 &
	server=$!
	until_true 20 node_is_ready || { tail -20 "$work/server.log"; return 1; }
	[ -e "$work/holds.$host" ] || host_note "$host"
}
server_kill() { # -9: nothing is said, nothing is flushed
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	server=
	until_true 10 on_host flock -n /var/lib/allinone/server/lock true # its memory may take a while to go
}
agent_start() { # HOST FLAGS…; with the token in ALLINONE_TOKEN, if one is needed
	local on=$1; shift
	"$hosts" exec "$on" "$ALLINONE" agent --join https://10.80.0.1:6443 "$roomy" "$@" >>"$work/$on.log" 2>&1 &
	agents[$on]=$!
}
agent_kill() {
	kill -KILL "${agents[$1]}"
	wait "${agents[$1]}" 2>/dev/null
	unset "agents[$1]"
	until_true 10 "$hosts" exec "$1" flock -n /var/lib/allinone/agent/lock true
}

# --- what is left on a host ---

# HOST: a line for each mount, cgroup, process, link, route, rule and file that a pod may leave. Chains that choose among N endpoints are
# made when a Service first has N, belong to no Service, and stay.
host_holds() {
	"$hosts" exec "$1" bash -c '
		awk "{ print \"mount\", \$5 }" /proc/self/mountinfo
		find /sys/fs/cgroup -mindepth 1 -type d -printf "cgroup %p\n"
		for p in /proc/[0-9]*; do
			[ "$(stat -Lc %i $p/ns/net 2>/dev/null)" = "$(stat -Lc %i /proc/1/ns/net)" ] || [ ! -e $p/exe ] || echo "namespace of $(tr "\0" " " <$p/cmdline)"
			case $(tr "\0" " " <$p/cmdline) in "" | "python3 -c"* | "bash -c"* | "awk "* | "find "* | "sed "*) ;; *) [ ! -e $p/exe ] || echo "process $(tr "\0" " " <$p/cmdline)" ;; esac
		done
		ip -o link | sed -E "s/^[0-9]+: ([^:@]+).*/link \1/"
		for f in -4 -6; do ip $f route show table all | sed "s/ expires [^ ]*//; /^[a-z]* fe80::[^ ]* dev eth0/d; s/^/route /"; ip $f rule | sed "s/^/ip rule /"; done
		nft list ruleset | sed -E "s/counter packets [0-9]+ bytes [0-9]+//; s/ expires [0-9a-z]+//; s/^/rule /"
		find /run/allinone /var/log/pods /var/log/containers /var/lib/allinone/agent /var/lib/allinone/storage \
			-path /var/lib/allinone/agent/images -prune -o -printf "file %p\n"
		find /var/lib/allinone/agent/images/pins -mindepth 1 -printf "file %p\n"' 2>/dev/null | grep -vE '^rule[[:space:]}]*$|numgen random mod [0-9]+ map @backends|chain [a-z]+[46]-[a-z]*[0-9]+ \{' | sort -u
}
serves_itself() { "$hosts" exec "$1" nft list ruleset 2>/dev/null | grep -qE '10\.43\.0\.1 |fd43::1 '; }
host_note() { # HOST: once its node is ready
	until_true 10 serves_itself "$1" # the cluster's own Services are no leak
	{ # and what is made once, for all pods
		host_holds "$1"
		printf 'file /%s\n' run/allinone/kubelet run/allinone/kubelet/pods var/log/pods var/log/containers var/lib/allinone/storage
	} | sort -u >"$work/holds.$1"
}
delete_all() {
	k delete deployments,statefulsets,daemonsets,cronjobs,jobs,replicationcontrollers,replicasets --all --wait=false
	k delete services --wait=false --field-selector metadata.name!=kubernetes
	k delete pods --all --timeout=60s && k delete persistentvolumeclaims --all --timeout=30s
	until_true 20 says_nothing k get pods,persistentvolumes -A -o name
} >/dev/null
says_nothing() { ! "$@" 2>&1 | grep -qv "^No resources found"; }
holds_no_more() { # HOST
	local more
	more=$(host_holds "$1" | comm -13 "$work/holds.$1" -)
	[ -z "$more" ] || { echo "on $1 are left: $(head -n 20 <<<"$more")"; return 1; }
}
nothing_left() {
	local one looked=("$host" "${!agents[@]}")
	delete_all || { k get all,pvc,pv -A; return 1; }
	for one in "${looked[@]}"; do until_true 15 says_nothing "$hosts" exec "$one" ls /run/allinone/pods; done # forced deletions come first
	for one in "${looked[@]}"; do until_true 15 says_nothing "$hosts" exec "$one" ls /var/log/pods; done # what is not done when a kubelet ends is done when it starts
	for one in "${!agents[@]}"; do
		kill -TERM "${agents[$one]}"; wait "${agents[$one]}"; unset "agents[$one]"
		k delete node "$one" >/dev/null
	done
	until_true 10 says_nothing on_host ip route show proto 77
	kill -TERM "$server"; wait "$server"; server=
	for one in "${looked[@]}"; do until_true 15 holds_no_more "$one" >"$work/left" || { tail -n 21 "$work/left"; return 1; }; done
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
