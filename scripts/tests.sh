# shellcheck shell=bash disable=SC2154  # sourced by test.sh after common.sh
# The layers of `./build.sh test`, in the order of `all`: cheap and telling ones first.
ALL_LAYERS=(lint unit clang asan tsan arm64 api differential cluster conformance clients fuzz vm)

wanted_dir() { # ARGS...: the --build-dir among them, or nothing
	while [ $# -gt 0 ]; do
		[ "$1" != --build-dir ] || echo "$2"
		shift
	done
}

collect() { # LAYER: stdin is a layer's output; result lines are counted and shown
	awk -v layer="$1" -v out="$results" '
		/^(ok|not ok|skip) / {
			line = $0; sub(/^(ok|not ok|skip) /, "", line)
			kind = $0; sub(/ .*/, "", kind); if (kind == "not") kind = "not ok"
			print kind " " layer "/" line >> out
			if (kind == "not ok") printf "%s", held
			if (kind != "ok" || ENVIRON["VERBOSE"]) print kind " " layer "/" line
			held = ""; next
		}
		{ held = held $0 "\n"; if (length(held) > 40000) held = substr(held, length(held) - 20000) }'
}

summary() { # closes the run
	local passed failed skipped
	passed=$(grep -c '^ok ' "$results") || true
	failed=$(grep -c '^not ok ' "$results") || true
	skipped=$(grep -c '^skip ' "$results") || true
	if [ "$failed" != 0 ]; then
		echo && grep '^not ok ' "$results"
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || return 1
	[ -s "$results" ] || [ -z "$filter" ] || die "no test is called '$filter'"
}

flavoured() { # LAYER [build options]: sets build_dir and friends, configures it; a failure is a result
	local layer=$1
	shift
	build_dir="" arch=amd64 flavour=release cc=gcc rest=()
	options "$@"
	# a directory that the caller chose holds the flavour that the caller chose
	[ -z "$given_dir" ] || [ "$*" != "${unit_options[*]}" ] || build_dir=$(realpath -m "$given_dir")
	mkdir -p "$build_dir"
	log=$build_dir/build.log
	need_build || { echo "skip build - packages are missing" | collect "$layer" && return 1; }
	configure >"$log" 2>&1 || { { tail -30 "$log" && echo "not ok build - see $log"; } | collect "$layer" && return 1; }
}

made() { # LAYER TARGET...: compiles as much of them as compiles
	local layer=$1
	shift
	if ! compile "$@" -- -k 0 >"$log" 2>&1; then
		{ grep -A15 -E '^FAILED|error:' "$log" | head -60 || tail -20 "$log"; echo "not ok build - see $log"; } | collect "$layer"
		return 1
	fi
}

run_unit() { # LAYER FILTER RUNNER: the unit tests of build_dir, JOBS at a time
	local layer=$1 targets
	unit_matching() { # by what the results are called, ROOM/NOUN, or by path
		awk -v f="$1" '{ name = $2; sub(/.*\/test_/, $1 "/", name) }
			f == "" || index(name, f) || index($2, f) { print $1, $2 }' "$build_dir/unit.list"
	}
	compile generated >"$log" 2>&1 || true # globs again: tests that are new since the last build enter unit.list
	mapfile -t targets < <(unit_matching "$2" | awk '{ sub(/.*\//, "", $2); print $2 }')
	[ ${#targets[@]} -gt 0 ] || return 0
	# a program that did not compile must not be run as it was before
	made "$layer" "${targets[@]}" || unit_matching "$2" | while read -r _ program; do
		ninja -C "$build_dir" "$(basename "$program")" >/dev/null 2>&1 </dev/null || rm -f "$program"
	done
	unit_matching "$2" | xargs -r -P "$JOBS" -L 1 "$root/scripts/unit-one" "$3" | collect "$layer"
}

unit_layer() { # LAYER FILTER RUNNER build-options...
	local layer=$1 filter=$2 runner=$3
	shift 3
	flavoured "$layer" "$@" && run_unit "$layer" "$filter" "$runner"
	return 0
}

layer_lint() {
	"$root/scripts/lint.sh" 2>&1 | collect lint || true
}
layer_unit() { unit_layer unit "$1" "" "${unit_options[@]}"; }
layer_asan() { unit_layer asan "$1" "" --asan; }
layer_tsan() { unit_layer tsan "$1" "" --tsan; }
layer_arm64() {
	need qemu-aarch64-static=qemu-user-static || {
		echo "skip unit - qemu-user-static is not installed" | collect arm64
		return 0
	}
	flavoured arm64 --arch arm64 || return 0
	[ -n "$1" ] || { made arm64 all && echo "ok build" | collect arm64; }
	export ALLINONE_EMULATED=1
	run_unit arm64 "$1" qemu-aarch64-static
	unset ALLINONE_EMULATED
}
layer_clang() {
	flavoured clang --clang && made clang all unit && echo "ok build" | collect clang
	return 0
}

script_layer() { # LAYER FILTER: tests/LAYER/test_*.sh against the release binary, one after the other
	local layer=$1 filter=$2 script name packages=()
	compgen -G "$root/tests/$layer/test_*.sh" >/dev/null || return 0
	flavoured "$layer" "${unit_options[@]}" && made "$layer" all || return 0
	if [ -f "$root/tests/$layer/packages" ]; then
		mapfile -t packages < <(grep -v '^#' "$root/tests/$layer/packages")
		need "${packages[@]}" || true # a script that misses something skips and says so
	fi
	for script in "$root/tests/$layer"/test_*.sh; do
		name=$(basename "$script" .sh)
		case "$name" in *"$filter"*) ;; *) continue ;; esac
		run_script "$script" "${name#test_}" | collect "$layer"
	done
}

run_script() { # FILE NAME: its result lines get NAME in front; a silent death is a failure, before its first line and after
	local code=0 tmp
	tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/allinone-test.XXXXXX")
	{ ALLINONE=$build_dir/allinone ALLINONE_ARM64=$root/build/arm64/allinone TEST_TMP=$tmp timeout -k 10 "${TEST_TIMEOUT:-900}" bash "$1" 2>&1; } |
		sed -u -E "s/^(ok|not ok|skip) /\1 $2: /" | tee "$tmp.out" || code=${PIPESTATUS[0]}
	if ! grep -qE '^(ok|not ok|skip) ' "$tmp.out"; then
		echo "not ok $2 - said nothing (exit $code)"
	elif [ "$code" != 0 ] && ! grep -q '^not ok ' "$tmp.out"; then
		echo "not ok $2 - ended early (exit $code)"
	fi
	rm -rf "$tmp" "$tmp.out"
}

layer_api() { script_layer api "$1"; }
layer_differential() { # upstream's recorded answers against ours
	flavoured differential "${unit_options[@]}" && made differential all || return 0
	(
		. "$root/tests/differential/servers.sh"
		servers_in "$(mktemp -d /var/tmp/allinone-differential.XXXXXX)"
		start_ours "$build_dir/allinone" --disable-scheduler --disable-controller-manager || { echo "not ok start - the server ended"; exit 0; }
		python3 "$root/tests/differential/run.py" --ours "$ours" --ours-authorities "$ours_authorities" --replay "$1" || echo "# ended with $?"
	) 2>&1 | collect differential
}
layer_cluster() { script_layer cluster "$1"; }
layer_conformance() { script_layer conformance "$1"; } # a selection; the whole suite: ./build.sh conformance
layer_clients() { script_layer clients "$1"; }
layer_vm() {
	flavoured vm --arch arm64 && made vm all # seconds after the arm64 layer
	script_layer vm "$1"
}
layer_fuzz() { "$root/scripts/fuzz.sh" "${FUZZ_SECONDS:-5}" "$1" 2>&1 | collect fuzz || true; }
