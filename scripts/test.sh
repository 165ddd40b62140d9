#!/usr/bin/env bash
# test [LAYER...] [FILTER] [--arch A] [--asan|--tsan] [--build-dir DIR]
# Runs layers of tests and closes with "N passed, N failed, N skipped". A layer writes lines `ok NAME`, `not ok NAME - why`,
# `skip NAME - why`; all else is commentary, shown when something failed.
. "$(dirname "$0")/common.sh"
. "$root/scripts/tests.sh"
options "$@"
given_dir=$(wanted_dir "$@")
unit_options=(--arch "$arch")
[ "$flavour" = release ] || unit_options+=("--$flavour")
[ "$cc" = gcc ] || unit_options+=("--$cc")

layers=() filter=""
for word in "${rest[@]}"; do
	case $word in
	lint | unit | clang | asan | tsan | arm64 | api | differential | cluster | conformance | clients | fuzz | vm) layers+=("$word") ;;
	all) layers+=("${ALL_LAYERS[@]}") ;;
	-*) die "test: unknown option $word" ;;
	*) filter=$word ;;
	esac
done
[ ${#layers[@]} -gt 0 ] || layers=("${ALL_LAYERS[@]}")

# all third-party targets in one parallel build, before the layers ask for them one by one
targets=()
for layer in "${layers[@]}"; do
	case $layer in
	lint) ;;
	arm64) targets+=(arm64-musl) ;;
	asan | tsan | clang | fuzz) targets+=(amd64-glibc) ;;
	*) targets+=("$target") ;;
	esac
done
if [ ${#targets[@]} -gt 0 ] && need_build; then
	mapfile -t targets < <(printf '%s\n' "${targets[@]}" | sort -u)
	[[ " ${targets[*]} " != *arm64* ]] || (target=arm64-musl && need_build) || die "no cross compiler for arm64"
	"$root/scripts/deps/deps.sh" "${targets[@]}"
fi

results=$(mktemp)
trap 'rm -f "$results"' EXIT
started=$SECONDS
for layer in "${layers[@]}"; do
	say "---- $layer ($((SECONDS - started)) s)"
	"layer_$layer" "$filter" < /dev/null
done
summary
