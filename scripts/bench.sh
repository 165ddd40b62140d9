#!/usr/bin/env bash
# bench [NAME] [ARGS...]: tests/bench/bench_NAME.sh with the release binary in $ALLINONE; without a name, all of them.
. "$(dirname "$0")/common.sh"
name=${1:-}
[ $# -eq 0 ] || shift
options
need_build
mkdir -p "$build_dir"
configure
compile all
compile benches
export ALLINONE=$build_dir/allinone BENCH_DIR=$build_dir/bench
found=0
for script in "$root"/tests/bench/bench_*.sh; do
	[ -f "$script" ] || continue
	this=$(basename "$script" .sh)
	[ -z "$name" ] || [ "$this" = "bench_$name" ] || continue
	found=1
	bash "$script" "$@"
done
[ $found = 1 ] || die "no benchmark '${name:-at all}' in tests/bench"
