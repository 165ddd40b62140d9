#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Decisions of role based access control.
set -eu
"$BENCH_DIR/bench_access"
