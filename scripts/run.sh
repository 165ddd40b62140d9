#!/usr/bin/env bash
# run [-- SERVER-FLAGS]: build, then `allinone server` in the foreground; says how to reach it once the node is Ready.
. "$(dirname "$0")/common.sh"
[ "${1:-}" != -- ] || shift
[ "$(id -u)" = 0 ] || die "run needs root: it starts containers (sudo ./build.sh run)"
options
need_build
mkdir -p "$build_dir"
configure
compile all
python3 "$root/scripts/wait-ready.py" "$build_dir/allinone" $$ "$@" &
exec "$build_dir/allinone" server "$@"
