#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pod_times.py KUBECONFIG IMAGE ROUNDS BATCH: milliseconds from a pod's create request to its Running status, and from its delete
request to its DELETED event, one pod at a time; then BATCH pods at once until all run. The container ends at once on TERM."""
import statistics
import sys
import time

from kube import Cluster

kubeconfig, image, rounds, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
cluster = Cluster(kubeconfig)
PODS = "/api/v1/namespaces/default/pods"


def pod(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"bench": "pods"}}, "spec": {
        "terminationGracePeriodSeconds": 30,
        "containers": [{"name": "c", "image": image, "command": ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"]}]}}


def create(name):
    code, answer = cluster.request("POST", PODS, pod(name))
    if code != 201:
        sys.exit("create: %s" % answer)


def phase(o):
    return o.get("status", {}).get("phase")


def report(what, times):
    times.sort()
    print("allinone   %-28s p50 %6.1f ms  p99 %6.1f ms" % (what, statistics.median(times), times[int(len(times) * 0.99)]))


for _ in range(600):  # the default service account comes with the controllers
    if cluster.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200:
        break
    time.sleep(0.05)
_, listed = cluster.request("GET", PODS + "?limit=1")
events = cluster.watch(PODS + "?labelSelector=bench%3Dpods&resourceVersion=" + listed["metadata"]["resourceVersion"])
next(events)
started, gone = [], []
for i in range(rounds):
    begin = time.monotonic()
    create("bench-%d" % i)
    for kind, o in events:
        if phase(o) == "Running":
            break
    started.append((time.monotonic() - begin) * 1e3)
    begin = time.monotonic()
    cluster.request("DELETE", PODS + "/bench-%d" % i)
    for kind, o in events:
        if kind == "DELETED":
            break
    gone.append((time.monotonic() - begin) * 1e3)
report("pod created -> Running", started)
report("pod deleted -> gone", gone)

begin = time.monotonic()
for i in range(batch):
    create("batch-%d" % i)
running = set()
for kind, o in events:
    if phase(o) == "Running":
        running.add(o["metadata"]["name"])
    if len(running) == batch:
        break
print("allinone   %-28s %.2f s" % ("%d pods at once -> Running" % batch, time.monotonic() - begin))
for i in range(batch):
    cluster.request("DELETE", PODS + "/batch-%d" % i)
for kind, o in events:
    if kind == "DELETED":
        running.discard(o["metadata"]["name"])
    if not running:
        break
