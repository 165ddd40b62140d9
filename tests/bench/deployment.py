# SPDX-License-Identifier: Apache-2.0
"""deployment.py KUBECONFIG PID [PODS [NODES]]: a Deployment on nodes that nobody runs: from its creation until all pods are bound, and the
CPU that the server took for it."""
import os
import sys
import threading
import time

from kube import Cluster

kubeconfig, pid = sys.argv[1], sys.argv[2]
pods = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
nodes = int(sys.argv[4]) if len(sys.argv) > 4 else 100


def cpu_s():
    fields = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


cluster = Cluster(kubeconfig)
size = {"cpu": "64", "memory": "256Gi", "pods": "500"}
for number in range(nodes):
    name = "hollow-%d" % number
    cluster.request("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})
    code = 409
    while code == 409:  # its taints are being written, too
        node = cluster.request("GET", "/api/v1/nodes/" + name)[1]
        node["status"] = {"capacity": size, "allocatable": size, "conditions": [
            {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}]}
        code, answer = cluster.request("PUT", "/api/v1/nodes/%s/status" % name, node)
    if code != 200:
        sys.exit("node %s: %s" % (name, answer.get("message")))
while any(t["effect"] == "NoSchedule" for n in cluster.request("GET", "/api/v1/nodes")[1]["items"]
          for t in n["spec"].get("taints", [])):
    time.sleep(0.1)
watch = cluster.watch("/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName!=")
next(watch)
bound, done = set(), threading.Event()


def follow():
    for kind, pod in watch:
        bound.add(pod["metadata"]["name"])
        if len(bound) >= pods:
            done.set()
            return


threading.Thread(target=follow, daemon=True).start()
cpu, started = cpu_s(), time.monotonic()
cluster.request("POST", "/apis/apps/v1/namespaces/default/deployments", {
    "metadata": {"name": "web"}, "spec": {
        "replicas": pods, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]}}}})
if not done.wait(120):
    sys.exit("only %d of %d pods were bound" % (len(bound), pods))
wall = time.monotonic() - started
print("deployment: %d pods on %d nodes bound in %.2f s" % (pods, nodes, wall))
print("deployment: %.2f ms of CPU per pod until bound" % ((cpu_s() - cpu) * 1000 / pods))
