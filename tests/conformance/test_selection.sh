#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A few of upstream's conformance specs from every area (selection). Where Go is and the suite isn't, it is built first, for $MINUTES at the
# most; it is kept, so that happens once on a machine.
set -u
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skip selection - $1"; exit 0; }
minutes=${MINUTES:-20}
command -v go >/dev/null || skip "needs Go, to build upstream's suite from its modules"
timeout "${minutes}m" "$here/build" >/dev/null 2>&1 || skip "upstream's suite could not be built here within $minutes minutes (./build.sh conformance says why)"
focus=$(grep -v '^#' "$here/selection" | paste -sd'|')
CLAIMS=all PREFIX=ks PROCS=${PROCS:-8} exec "$here/run" "($focus).*\\[Conformance\\]"
