#!/usr/bin/env bash
# run [BUILD OPTIONS] [-- SERVER-FLAGS]: build, then `allinone server` in the foreground; says how to reach it once the node is Ready.
. "$(dirname "$0")/common.sh"
[ "$(id -u)" = 0 ] || die "run needs root: it starts containers (sudo ./build.sh run)"
building=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	building+=("$1")
	shift
done
[ "${1:-}" != -- ] || shift
options "${building[@]}"
[ ${#rest[@]} -eq 0 ] || die "run: unknown option ${rest[0]}; flags of the server follow --"
need_build
mkdir -p "$build_dir"
configure
compile all
python3 "$root/scripts/wait-ready.py" "$build_dir/allinone" $$ "$@" &
exec "$build_dir/allinone" server "$@"
