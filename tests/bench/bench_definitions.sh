#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench_definitions.sh [COUNT]: that many CustomResourceDefinitions of the size that operators have, and how soon one can be used; beside
# upstream's API server where UPSTREAM_BIN is a directory of its programs. Definitions come from a Go module.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
command -v go >/dev/null && command -v kubectl >/dev/null || { echo "skip definitions - needs Go, for definitions of real size, and kubectl"; exit 0; }
module=$(cd "$work" && timeout 120 go mod download -json github.com/cert-manager/cert-manager@v1.18.2 2>/dev/null | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
[ -n "$module" ] || { echo "skip definitions - the Go module cannot be fetched"; exit 0; }
mkdir "$work/crds"
for file in "$module"/deploy/crds/*.yaml; do sed '/{{/d' "$file" >"$work/crds/$(basename "$file")"; done

start_allinone definitions --disable-agent --disable-scheduler --disable-controller-manager
KUBECONFIG=$kubeconfig python3 "$bench_root/tests/bench/definitions.py" allinone "$kubeconfig" "$server_pid" "$work/crds" "${1:-500}"
[ -n "${UPSTREAM_BIN:-}" ] || exit 0
"$bench_root/tests/upstream/up" "$UPSTREAM_BIN" "$work/upstream" >"$work/line" &
servers+=($!)
until [ -s "$work/line" ]; do sleep 0.2; done
read -r kubeconfig pids <"$work/line"
KUBECONFIG=$kubeconfig python3 "$bench_root/tests/bench/definitions.py" upstream "$kubeconfig" "$pids" "$work/crds" "${1:-500}"
