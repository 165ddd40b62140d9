#!/usr/bin/env bash
# fuzz [SECONDS] [FILTER]: each tests/fuzz/ROOM/fuzz_NOUN.c under libFuzzer, ASan and UBSan, from its corpus
# (tests/fuzz/ROOM/corpus_NOUN/). What it learns stays in the build directory; a crash leaves its input there.
. "$(dirname "$0")/common.sh"
seconds=${1:-20} filter=${2:-}
options --fuzz
compgen -G "$root/tests/fuzz/*/fuzz_*.c" >/dev/null || exit 0
need_build || { echo "skip fuzz - clang or build packages are missing"; exit 0; }
mkdir -p "$build_dir"
failed=0
{ configure && compile fuzzers -- -k 0; } >"$build_dir/build.log" 2>&1 || {
	grep -A15 -E 'FAILED|error:' "$build_dir/build.log" | head -60
	echo "not ok build - see $build_dir/build.log"
	failed=1
}
for source in "$root"/tests/fuzz/*/fuzz_*.c; do
	room=$(basename "$(dirname "$source")")
	noun=$(basename "$source" .c)
	noun=${noun#fuzz_}
	case $room/$noun in *"$filter"*) ;; *) continue ;; esac
	work=$build_dir/corpus/$room/$noun
	mkdir -p "$work"
	seeds=("$root/tests/fuzz/$room/corpus_$noun")
	[ -d "${seeds[0]}" ] || seeds=()
	[ -x "$build_dir/fuzz/fuzz_$noun" ] || continue # the build said so
	if "$build_dir/fuzz/fuzz_$noun" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$work-" "$work" "${seeds[@]}" >"$work.log" 2>&1; then
		awk '/stat::number_of_executed_units/ { print $2 " inputs" }' "$work.log"
		echo "ok $room/$noun"
	else
		tail -40 "$work.log"
		echo "not ok $room/$noun - input kept beside $work"
		failed=1
	fi
done
exit $failed
