#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A few of upstream's conformance specs from every area (selection), where the suite is there already: to build it takes too long for each run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^require k8s\.io\/kubernetes //p' "$here/go.mod")
cache=${ALLINONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/allinone}/conformance-$version
[ -x "$cache/bin/e2e.test" ] || { echo "skip selection - upstream's suite is not built here (./build.sh conformance builds and keeps it, which takes a quarter of an hour and more)"; exit 0; }
focus=$(grep -v '^#' "$here/selection" | paste -sd'|')
CLAIMS=all PREFIX=ks PROCS=${PROCS:-8} exec "$here/run" "($focus).*\\[Conformance\\]"
