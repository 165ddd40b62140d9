#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# client-go's streams into a pod that runs: commands and ports over WebSocket and over SPDY, logs.
. "$(dirname "$0")/../cluster/lib.sh"
program=$("$here/../clients/client-go/build" 2>&1 >/dev/null) || skip_all "no program: $(tail -n 1 <<<"$program")"
program=$("$here/../clients/client-go/build")
host_up st
claim the_node_is_ready server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null
k apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: c, image: "$image", command: [sh, -c, "echo up; echo hello >/tmp/index.html; exec httpd -f -p 80 -h /tmp"]}
YAML
claim the_pod_is_ready k wait --for=condition=Ready pod/web --timeout=30s
on_host env KUBECONFIG="$kubeconfig" POD=web "$program" streams
