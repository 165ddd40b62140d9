#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bind_times.py KUBECONFIG PID NODES REPLICAS [NAME]: makes hollow nodes, then a Deployment, and tells how long it takes from its creation until
the last pod is bound, and the processes' CPU time per pod (PID may be several, separated by commas). The Deployment stays."""
import sys
import time

import hollow
from kube import Cluster

kubeconfig, pids, nodes, replicas = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), int(sys.argv[4])
name = sys.argv[5] if len(sys.argv) > 5 else "allinone"
cluster = Cluster(kubeconfig)
hollow.make(kubeconfig, nodes, {"cpu": "64", "memory": "256Gi", "pods": "1100"})
hollow.wait_for_account(cluster, "default")
app = "bench-%d" % time.time()
_, listed = cluster.request("GET", "/api/v1/namespaces/default/pods?limit=1")
coming = cluster.watch_coming("/api/v1/namespaces/default/pods?labelSelector=app%%3D%s&fieldSelector=spec.nodeName%%21%%3D&resourceVersion=%s"
                              % (app, listed["metadata"]["resourceVersion"]))
bound = next(coming)
time.sleep(1)
cpu_before, begin = hollow.cpu_seconds(pids), time.monotonic()
code, answer = cluster.request("POST", "/apis/apps/v1/namespaces/default/deployments", {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": {
            "containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10",
                            "resources": {"requests": {"cpu": "10m", "memory": "10Mi"}}}]}}}})
if code != 201:
    sys.exit("create: %s" % answer)
while bound < replicas:
    bound += next(coming)
took = time.monotonic() - begin
time.sleep(1)
used = hollow.cpu_seconds(pids) - cpu_before
print("%-10s Deployment of %d on %d nodes: last bound after %.3f s (%.0f pods/s), %.2f ms of CPU per pod" % (
    name, replicas, nodes, took, replicas / took, used / replicas * 1e3))
