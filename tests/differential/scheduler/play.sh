# shellcheck shell=bash disable=SC2154  # root, build_dir, rest, upstream and ours are the caller's
# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/differential.sh: both schedulers, each with its own API server and no controllers; sets code.
UPSTREAM_BIN=${UPSTREAM_BIN:-$("$root/tests/upstream/build" kube-apiserver etcd kube-scheduler)}
start_upstream
cat >"$servers/scheduler.yaml" <<YAML
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: "$upstream", qps: 1000, burst: 2000}
YAML
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$UPSTREAM_BIN/kube-scheduler" --config "$servers/scheduler.yaml" --secure-port "$port" --bind-address 127.0.0.1 \
	--authentication-skip-lookup --cert-dir "$servers/certs" >"$servers/scheduler.log" 2>&1 &
pids+=($!)
start_ours "$build_dir/allinone" --disable-controller-manager
code=0
python3 "$root/tests/differential/scheduler/run.py" --ours "$ours" --upstream "$upstream" "${rest[@]:1}" >"$servers/report" || code=$?
grep -v '^ok ' "$servers/report"
