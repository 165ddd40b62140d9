#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The node image is a cluster in one container: here the container is a privileged pod of a cluster of ours, as docker would run it in a CI job.
. "$(dirname "$0")/lib.sh"
host_up ni
tag=docker.io/library/allinone:test
"$here/../../image/build" "$ALLINONE" amd64 "$work/allinone.tar" "$tag" >"$work/image.log" 2>&1 || skip_all "no node image: $(tail -n 1 "$work/image.log")"
claim the_node_is_ready server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null
claim the_image_is_imported on_host "$ALLINONE" image import "$work/allinone.tar"
k apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: cluster}
spec:
  containers:
  - name: c
    image: $tag
    args: [server, --cluster-cidr=10.52.0.0/16, --service-cidr=10.53.0.0/16, --write-kubeconfig=/out/kubeconfig, "$roomy"]
    securityContext: {privileged: true}
    ports: [{containerPort: 6443}]
    readinessProbe: {httpGet: {path: /readyz, port: 6443, scheme: HTTPS}, periodSeconds: 1}
    volumeMounts:
    - {name: data, mountPath: /var/lib/allinone}
    - {name: run, mountPath: /run}
    - {name: out, mountPath: /out}
  volumes:
  - {name: data, emptyDir: {}}
  - {name: run, emptyDir: {medium: Memory}}
  - {name: out, hostPath: {path: /run/inner, type: DirectoryOrCreate}}
YAML
claim a_container_of_it_is_ready k wait --for=condition=Ready pod/cluster --timeout=30s
inner() { on_host kubectl --kubeconfig /run/inner/kubeconfig --server "https://$address:6443" "$@"; }
inner_node_is_ready() { inner get nodes -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}' | grep -qx True; }
address=$(k get pod cluster -o 'jsonpath={.status.podIP}')
claim its_node_is_ready until_true 20 inner_node_is_ready
on_host cp "$work/busybox.tar" /run/inner/
claim it_imports_an_image k exec cluster -- /bin/allinone image import /out/busybox.tar
inner apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - {name: c, image: "$image", command: [sh, -c, "echo hello >/tmp/index.html; exec httpd -f -p 80 -h /tmp"], resources: {limits: {memory: 64Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
YAML
claim its_pods_run inner wait --for=condition=Ready pod/web --timeout=30s
answers() { [ "$(inner exec web -- timeout 3 wget -qO- "http://$1")" = hello ]; }
claim its_services_answer until_true 20 answers "$(inner get service web -o 'jsonpath={.spec.clusterIP}')"
claim its_names_are_known until_true 20 inner exec web -- nslookup web.default.svc.cluster.local
k delete pod cluster --timeout=30s >/dev/null
on_host rm -rf /run/inner
claim nothing_is_left_on_the_host nothing_left
