# SPDX-License-Identifier: Apache-2.0
"""Hollow nodes: objects that say that they are ready. Nothing runs on them."""
import json
import os
import threading
import time

from kube import Cluster

TICK = os.sysconf("SC_CLK_TCK")
MAKERS = 4


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = open("/proc/%s/stat" % pid).read().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def make_some(kubeconfig, first, last, amounts):
    mine = Cluster(kubeconfig)
    for i in range(first, last):
        node = "hollow-%d" % i
        mine.request("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": {
            "kubernetes.io/hostname": node, "topology.kubernetes.io/zone": "zone-%d" % (i % 3)}}})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mine.connection.request("PATCH", "/api/v1/nodes/%s/status" % node, json.dumps({"status": {
            "capacity": amounts, "allocatable": amounts, "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "hollow",
                "lastHeartbeatTime": now, "lastTransitionTime": now}]}}), {"Content-Type": "application/merge-patch+json"})
        mine.connection.getresponse().read()


def make(kubeconfig, nodes, amounts):
    """Until the node controller has taken the taint of each of them."""
    cluster = Cluster(kubeconfig)
    if len(cluster.request("GET", "/api/v1/nodes")[1]["items"]) < nodes:
        threads = [threading.Thread(target=make_some, args=(kubeconfig, i * nodes // MAKERS, (i + 1) * nodes // MAKERS, amounts))
                   for i in range(MAKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    while sum(1 for n in cluster.request("GET", "/api/v1/nodes")[1]["items"] if not n["spec"].get("taints")) < nodes:
        time.sleep(0.5)


def wait_for_account(cluster, namespace):
    for _ in range(600):
        if cluster.request("GET", "/api/v1/namespaces/%s/serviceaccounts/default" % namespace)[0] == 200:
            return
        time.sleep(0.05)
