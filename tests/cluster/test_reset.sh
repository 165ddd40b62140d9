#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `allinone reset` undoes what a server did to its machine, after a clean end and after a kill; what is the user's own stays.
. "$(dirname "$0")/lib.sh"
host_up rs
on_host ln -s /run /var/lib/elsewhere # mounts have other names than the paths that lead there
run=(--run-dir /var/lib/elsewhere/allinone)
host_holds "$host" >"$work/before"
claim the_node_is_ready server_start "${run[@]}"
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null
on_host sh -c 'mkdir -p /var/lib/precious/below && echo mine >/var/lib/precious/file && cp /var/lib/precious/file /var/lib/precious/below/'
k apply -f - >/dev/null <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: c
        image: "$image"
        command: [sh, -c, "echo here; exec sleep 10000"]
        volumeMounts: [{name: mine, mountPath: /mine}, {name: memory, mountPath: /memory}, {name: claimed, mountPath: /claimed}, {name: mine, mountPath: /sub, subPath: below}]
      volumes:
      - {name: mine, hostPath: {path: /var/lib/precious}}
      - {name: memory, emptyDir: {medium: Memory}}
      - {name: claimed, persistentVolumeClaim: {claimName: c}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
YAML
pods_run() { k rollout status deployment/web --timeout=30s; }
reset() { on_host "$ALLINONE" reset --force "${run[@]}" "$@"; }
refused() { ! "$@" >"$work/refused" 2>&1 && [ "$(wc -l <"$work/refused")" = 1 ]; }
no_pods() { ! on_host pgrep -f 'sleep 10000' && ! on_host sh -c 'ip -o link | grep -q veth' && ! on_host nft list table inet allinone; }
has_uuid() { k get deployment web -o 'jsonpath={.metadata.uid}'; }
as_before() { # [PATTERN]: but for such files
	local more
	more=$(host_holds "$host" | comm -13 "$work/before" - | grep -vE "^route anycast${1:+|$1}") # the kernel's, of a machine that forwards
	[ -z "$more" ] || { echo "are left: $(head -n 20 <<<"$more")"; return 1; }
}

claim pods_run pods_run
uid=$(has_uuid)
claim not_while_the_server_runs refused reset
claim not_without_a_yes refused on_host "$ALLINONE" reset </dev/null
server_kill
claim pods_end_and_the_cluster_is_kept reset --keep-data
claim no_pod_is_left no_pods
claim the_machine_is_as_before until_true 10 as_before "^file /var/lib/allinone/"
claim the_cluster_starts_again server_start "${run[@]}"
claim its_pods_come_back pods_run
claim they_are_the_same test "$uid" = "$(has_uuid)"
kill -TERM "$server"
wait "$server"
server=
claim all_is_deleted reset
claim nothing_is_left until_true 10 as_before
claim not_even_data bash -c '! "$0" exec "$1" test -e /var/lib/allinone/server' "$hosts" "$host"
claim the_users_own_stays on_host grep -q mine /var/lib/precious/file
claim and_what_was_mounted_from_it on_host grep -q mine /var/lib/precious/below/file
claim once_more_is_fine reset
