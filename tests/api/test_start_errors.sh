#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong at start is told in one line that says what to do, with a non-zero exit, and nothing is destroyed.
set -u
work=$(mktemp -d /var/tmp/allinone-errors.XXXXXX)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
	rm -rf "$work"
}
trap cleanup EXIT
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# refuses NAME PATTERN COMMAND...: the command fails within 10 s and its one line on stderr matches
refuses() {
	local name=$1 pattern=$2 code lines; shift 2
	timeout 10 "$@" >"$work/out" 2>"$work/err"; code=$?
	lines=$(grep -c '^allinone: ' "$work/err")
	if [ $code = 0 ] || [ $code = 124 ]; then
		echo "not ok $name - exit code $code"
	elif [ "$lines" != 1 ] || ! grep -Eq -- "$pattern" "$work/err"; then
		echo "not ok $name - $(head -c 300 "$work/err" | tr '\n' ' ')"
	else
		echo "ok $name"
	fi
}
as_root() { # NAME: true when root; says the skip otherwise
	[ "$(id -u)" = 0 ] || { echo "skip $1 - needs root"; return 1; }
}
server() { echo "$ALLINONE" server --disable-agent --https-listen-port "$(port)" "$@"; }

# shellcheck disable=SC2046 # the words of `server` are meant to be split
{
refuses unknown_flag_names_the_nearest 'unknown flag "data-dri"; did you mean "data-dir"\?' $(server --data-dri x)
printf 'tls-sann: a\n' >"$work/config.yaml"
refuses unknown_key_names_the_nearest 'unknown key "tls-sann"; did you mean "tls-san"\?' $(server --config "$work/config.yaml")
refuses wrong_cidr 'cluster-cidr: "10.42.0.0" is not an address range' $(server --data-dir "$work/d" --cluster-cidr 10.42.0.0)
refuses address_of_another_family 'advertise-address: 192.0.2.1 is not of IPv6, as the first range of service-cidr' $(server --data-dir "$work/d" --service-cidr fd43::/112 --advertise-address 192.0.2.1)
touch "$work/file"
refuses data_dir_is_a_file 'data-dir .*file.*not usable|is not a directory' $(server --data-dir "$work/file")
refuses config_file_is_missing 'config file' $(server --config "$work/none.yaml")

if as_root not_root; then
	refuses not_root 'must run as root' setpriv --reuid 65534 --regid 65534 --clear-groups "$ALLINONE" server --data-dir "$work/n"
fi
if as_root full_disk; then
	refuses full_disk 'less than [0-9]+ MiB free' unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs "$1"; shift; exec "$@"' sh "$work" \
		"$ALLINONE" server --disable-agent --data-dir "$work/full"
	mkdir "$work/o"
	refuses overlayfs 'overlayfs.*mount a volume' unshare -m sh -c 'mount -t tmpfs t "$1/o" && cd "$1/o" && mkdir lower upper work merged &&
		mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged && shift && exec "$@"' sh "$work" \
		"$ALLINONE" server --data-dir "$work/o/merged" --https-listen-port "$(port)"
fi

busy=$(port)
python3 -c 'import socket,sys,time; s=socket.socket(socket.AF_INET6); s.bind(("::", int(sys.argv[1]))); s.listen(); print("up", flush=True); time.sleep(60)' "$busy" >"$work/busy" &
pids+=($!)
until [ -s "$work/busy" ]; do :; done
refuses port_in_use "port $busy|:$busy.*in use|in use.*$busy" "$ALLINONE" server --disable-agent --data-dir "$work/p" --https-listen-port "$busy"

mkdir -p "$work/c/server/db"
head -c 65536 /dev/urandom >"$work/c/server/db/state.db"
before=$(sha256sum <"$work/c/server/db/state.db")
refuses corrupt_database 'state.db' $(server --data-dir "$work/c")
[ "$before" = "$(sha256sum <"$work/c/server/db/state.db")" ] && echo "ok corrupt_database_is_kept" || echo "not ok corrupt_database_is_kept - the file has changed"

first=$(port)
"$ALLINONE" server --disable-agent --data-dir "$work/two" --https-listen-port "$first" 2>"$work/first.log" &
pids+=($!)
until curl -sk -o /dev/null "https://127.0.0.1:$first/readyz" || ! kill -0 "${pids[-1]}" 2>/dev/null; do :; done
refuses second_server_on_one_directory 'another allinone server runs' $(server --data-dir "$work/two")
}
