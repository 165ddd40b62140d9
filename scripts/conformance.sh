#!/usr/bin/env bash
# conformance [FOCUS]: upstream's own conformance suite, built from its Go modules, against a cluster of ours on simulated hosts; FOCUS is a
# regular expression over the names of specs (default: all of [Conformance]). HOSTS, PROCS, SKIP, REPORT: tests/conformance/run.
. "$(dirname "$0")/common.sh"
options "$@"
command -v go >/dev/null || { echo "skip conformance - Go is not installed: the suite is built from its Go modules"; exit 0; }
need_build
mkdir -p "$build_dir"
configure
compile all >"$build_dir/build.log" 2>&1 || { tail -30 "$build_dir/build.log" >&2; exit 1; }
ALLINONE=$build_dir/allinone exec "$root/tests/conformance/run" "${rest[@]}"
