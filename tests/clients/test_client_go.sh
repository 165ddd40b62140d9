#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs as operators are written: client-go's informers, elections, applies, discovery, and a controller made with controller-runtime.
. "$(dirname "$0")/../api/server.sh"
program=$("$(dirname "$0")/client-go/build" 2>"$work/build") || skip_all "no program: $(tail -n 1 "$work/build")"
start_server --etcd-compaction-interval 5s # a claim waits for a revision to be forgotten
"$program"
