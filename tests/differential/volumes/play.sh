# shellcheck shell=bash disable=SC2154  # root, build_dir, upstream and ours are the caller's
# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/differential.sh: upstream's controllers of volumes and ours, each with its own API server; sets code.
UPSTREAM_BIN=${UPSTREAM_BIN:-$("$root/tests/upstream/build" kube-apiserver etcd kube-controller-manager)}
start_upstream
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
names=persistentvolume-binder-controller,persistentvolumeclaim-protection-controller,persistentvolume-protection-controller
names=$names,ephemeral-volume-controller,persistentvolume-expander-controller,serviceaccount-controller
"$UPSTREAM_BIN/kube-controller-manager" --kubeconfig "$upstream" --leader-elect=false --secure-port "$port" --bind-address 127.0.0.1 \
	--cert-dir "$servers/certs" --controllers "$names" --service-account-private-key-file "$servers/upstream/pki/service.key" \
	>"$servers/controllers.log" 2>&1 &
pids+=($!)
start_ours "$build_dir/allinone" --disable-scheduler
code=0
python3 "$root/tests/differential/volumes/run.py" --ours "$ours" --upstream "$upstream" >"$servers/report" || code=$?
grep -v '^ok ' "$servers/report"
