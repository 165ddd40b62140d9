#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench network: Services into the kernel, names out of the name server (Debian's dnsperf), and how soon a new endpoint is found, on a simulated host (root).
. "$(dirname "$0")/common.sh"
[ "$(id -u)" = 0 ] || { echo "network: left out, it needs root for network namespaces"; exit 0; }
"$BENCH_DIR/bench_services"

hosts=$bench_root/tests/cluster/testhosts
export TESTHOSTS_DIR=$work/hosts
"$hosts" up 1 --prefix bnet
trap '"$hosts" down --prefix bnet; cleanup' EXIT
on_host() { "$hosts" exec bnet1 "$@"; }
kubeconfig=/var/lib/allinone/server/cred/admin.kubeconfig
on_host "$ALLINONE" server --eviction-hard="memory.available<100Mi" 2>"$work/server.log" &
servers+=($!)
on_host python3 "$bench_root/tests/bench/wait_ready.py" 127.0.0.1 6443 30 >"$work/ready" || { cat "$work/server.log" >&2; exit 1; }
on_host python3 "$bench_root/tests/bench/endpoint_times.py" $kubeconfig 30

# --- names ---

. "$bench_root/scripts/apt-view.sh"
cache=${ALLINONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/allinone}
tools=$cache/tools/dnsperf
if [ ! -x "$tools/usr/bin/dnsperf" ]; then
	arch=$(dpkg --print-architecture 2>/dev/null) && apt_view_open "$cache/apt-$arch" "$arch" bookworm && view_unpack "$tools.new" dnsperf libldns3 libnghttp2-14 ||
		{ echo "names: left out, no dnsperf from Debian here"; exit 0; }
	mv "$tools.new" "$tools"
fi
dns=10.43.0.10 services=${1:-2000} seconds=${2:-5}
on_host python3 "$bench_root/tests/bench/services.py" $kubeconfig "$services" "$work/names"
dns_cpu() { # in ms: of the thread that answers
	on_host sh -c 'for t in /proc/[0-9]*/task/*; do read -r name <$t/comm && [ "$name" = dns ] && awk "{ sub(/.*\) /, \"\"); print (\$12 + \$13) * 10 }" $t/stat; done; true' 2>/dev/null
}
# ask WHAT FILE FLAGS…: names per second of time and of the name server's CPU
ask() {
	local what=$1 file=$2 before after; shift 2
	before=$(dns_cpu)
	on_host env LD_LIBRARY_PATH="$(echo "$tools"/usr/lib/*/)" "$tools/usr/bin/dnsperf" -s $dns -d "$file" "$@" >"$work/dnsperf" 2>&1 || { cat "$work/dnsperf"; return 1; }
	after=$(dns_cpu)
	awk -v what="$what" -v cpu=$((after - before)) '
		/Queries completed/ { done = $3 } /Queries lost/ { lost = $3 } /Queries per second/ { rate = $4 } /Average Latency/ { latency = $4 }
		END { printf "names      %-26s %8.0f/s, %8.0f per second of CPU, %.2f ms on average, %d lost\n", what, rate, cpu ? done * 1000 / cpu : 0, latency * 1000, lost }' "$work/dnsperf"
}
ask "each for the first time" "$work/names.all" -n 1
ask "again and again" "$work/names.all" -l "$seconds" -c 16 -q 200
ask "none, by search domains" "$work/names.search" -l "$seconds" -c 16 -q 200
ask "over TCP" "$work/names.all" -l "$seconds" -c 16 -q 200 -m tcp
