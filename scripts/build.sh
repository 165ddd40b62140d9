#!/usr/bin/env bash
# build [--arch amd64|arm64] [--debug|--asan|--tsan] [--clang] [--build-dir DIR]
. "$(dirname "$0")/common.sh"
options "$@"
[ ${#rest[@]} -eq 0 ] || die "build: unknown option ${rest[0]}"
need_build
mkdir -p "$build_dir"
configure
compile all
[ ! -f "$build_dir/allinone" ] || say "$build_dir/allinone, $(stat -c %s "$build_dir/allinone") bytes"
