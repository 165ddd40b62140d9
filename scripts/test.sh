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
	lint | unit | clang | asan | tsan | arm64 | api | cluster | clients | fuzz | vm) layers+=("$word") ;;
	all) layers+=("${ALL_LAYERS[@]}") ;;
	-*) die "test: unknown option $word" ;;
	*) filter=$word ;;
	esac
done
[ ${#layers[@]} -gt 0 ] || layers=("${ALL_LAYERS[@]}")

results=$(mktemp)
trap 'rm -f "$results"' EXIT
started=$SECONDS
for layer in "${layers[@]}"; do
	say "---- $layer ($((SECONDS - started)) s)"
	"layer_$layer" "$filter" < /dev/null
done
summary
