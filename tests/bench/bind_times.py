#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bind_times.py KUBECONFIG PID NODES REPLICAS [NAME]: makes hollow nodes, then a Deployment, and tells how long it takes from its creation until
the last pod is bound, and the processes' CPU time per pod (PID may be several, separated by commas)."""
import json
import os
import sys
import threading
import time

from kube import Cluster

kubeconfig, pids, nodes, replicas = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), int(sys.argv[4])
name = sys.argv[5] if len(sys.argv) > 5 else "allinone"
cluster = Cluster(kubeconfig)
TICK = os.sysconf("SC_CLK_TCK")
AMOUNTS = {"cpu": "64", "memory": "256Gi", "pods": "1100"}


def cpu():
    total = 0
    for pid in pids:
        fields = open("/proc/%s/stat" % pid).read().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def make_nodes(first, last):
    mine = Cluster(kubeconfig)
    for i in range(first, last):
        node = "hollow-%d" % i
        mine.request("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": {
            "kubernetes.io/hostname": node, "topology.kubernetes.io/zone": "zone-%d" % (i % 3)}}})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mine.connection.request("PATCH", "/api/v1/nodes/%s/status" % node, json.dumps({"status": {
            "capacity": AMOUNTS, "allocatable": AMOUNTS, "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "hollow",
                "lastHeartbeatTime": now, "lastTransitionTime": now}]}}), {"Content-Type": "application/merge-patch+json"})
        mine.connection.getresponse().read()


def untainted():
    """The node controller takes the taint of a node that is ready."""
    return sum(1 for n in cluster.request("GET", "/api/v1/nodes")[1]["items"] if not n["spec"].get("taints"))


have = cluster.request("GET", "/api/v1/nodes")[1]["items"]
threads = [threading.Thread(target=make_nodes, args=(i * nodes // 4, (i + 1) * nodes // 4)) for i in range(4)]
for thread in threads if len(have) < nodes else []:
    thread.start()
for thread in threads if len(have) < nodes else []:
    thread.join()
while untainted() < nodes:
    time.sleep(0.2)
for _ in range(600):
    if cluster.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200:
        break
    time.sleep(0.05)
app = "bench-%d" % time.time()
_, listed = cluster.request("GET", "/api/v1/namespaces/default/pods?limit=1")
events = cluster.watch("/api/v1/namespaces/default/pods?labelSelector=app%%3D%s&fieldSelector=spec.nodeName%%21%%3D&resourceVersion=%s"
                       % (app, listed["metadata"]["resourceVersion"]))
next(events)
time.sleep(1)
cpu_before, begin = cpu(), time.monotonic()
code, answer = cluster.request("POST", "/apis/apps/v1/namespaces/default/deployments", {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": {
            "containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10",
                            "resources": {"requests": {"cpu": "10m", "memory": "10Mi"}}}]}}}})
if code != 201:
    sys.exit("create: %s" % answer)
bound = set()
for _, pod in events:
    bound.add(pod["metadata"]["uid"])
    if len(bound) == replicas:
        break
took = time.monotonic() - begin
time.sleep(1)
used = cpu() - cpu_before
print("%-10s Deployment of %d on %d nodes: last bound after %.3f s (%.0f pods/s), %.2f ms of CPU per pod" % (
    name, replicas, nodes, took, replicas / took, used / replicas * 1e3))
cluster.request("DELETE", "/apis/apps/v1/namespaces/default/deployments/" + app)
