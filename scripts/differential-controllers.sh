#!/usr/bin/env bash
# differential controllers [APPLICATION...]: plays tests/differential/controllers/corpus on upstream's control plane (API server,
# controllers, scheduler) and on ours, with nodes that live in the test, and compares what is there after each step: objects, conditions,
# owners, events. UPSTREAM names a directory with upstream's programs (kube-apiserver, kube-controller-manager, kube-scheduler, etcd).
. "$(dirname "$0")/common.sh"
options "$@"
[ -x "${UPSTREAM:-}/kube-controller-manager" ] || { echo "skip differential controllers - UPSTREAM names no directory with upstream's programs"; exit 0; }
need_build
mkdir -p "$build_dir"
configure
compile all >"$build_dir/build.log" 2>&1 || { tail -30 "$build_dir/build.log" >&2; exit 1; }
exec python3 "$root/tests/differential/controllers/run.py" --allinone "$build_dir/allinone" --upstream "$UPSTREAM" "${rest[@]}"
