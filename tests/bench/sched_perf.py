#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sched_perf.py KUBECONFIG PID NODES [WORKLOAD...]: upstream's scheduler_perf workloads through the API. Each has pods that are there before, and
ReplicaSets whose pods are measured: from the creation until the last one is bound, and the processes' CPU time per pod (PID may be several,
separated by commas). What is there before is orphaned, so that nobody replaces a pod that is evicted. bench_scheduler.c has the same ones
without an API."""
import sys
import time

import hollow
from kube import Cluster

AMOUNTS = {"cpu": "4", "memory": "32Gi", "pods": "110"}
HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
TERM = {"labelSelector": {"matchLabels": {"color": "c"}}}


def container(cpu="100m", memory="500Mi"):
    return {"containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": cpu, "memory": memory}}}]}


def small(**more):
    return dict(container(), **more)


def must(kind, key):
    return small(affinity={kind: {"requiredDuringSchedulingIgnoredDuringExecution": [dict(TERM, topologyKey=key)]}})


def spread(when):
    return small(topologySpreadConstraints=[dict(TERM, maxSkew=5, topologyKey=ZONE, whenUnsatisfiable=when)])


# name, what is there before, what is measured, both with their number per node
WORKLOADS = [
    ("SchedulingBasic", small(), 1, small(), 1),
    ("SchedulingPodAntiAffinity", must("podAntiAffinity", HOST), 0.2, must("podAntiAffinity", HOST), 0.4),
    ("SchedulingPodAffinity", must("podAffinity", ZONE), 1, must("podAffinity", ZONE), 1),
    ("TopologySpreading", small(), 1, spread("DoNotSchedule"), 1),
    ("PreemptionBasic", container("900m"), 4, dict(container("3"), priorityClassName="bench-high"), 0.2),
    ("Unschedulable", container("9"), 0.04, small(), 1),
    ("SchedulingWhileGated", small(schedulingGates=[{"name": "g"}]), 1, small(), 1),
]
WAIT = ("Unschedulable", "SchedulingWhileGated")  # what is there before gets no node


class Bench:
    def __init__(self, kubeconfig, pids, nodes):
        self.cluster, self.pids, self.nodes = Cluster(kubeconfig), pids, nodes
        self.ask("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {
            "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": "bench-high"}, "value": 10}, (201, 409))

    def ask(self, method, path, body=None, fine=(200, 201, 202)):
        code, answer = self.cluster.request(method, path, body)
        if code not in fine:
            sys.exit("%s %s: %s" % (method, path, answer))
        return answer

    def replica_set(self, name, spec, replicas):
        self.ask("POST", "/apis/apps/v1/namespaces/%s/replicasets" % self.ns, {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name}, "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"set": name}}, "template": {
                    "metadata": {"labels": {"set": name, "color": "c"}}, "spec": dict(spec, terminationGracePeriodSeconds=0)}}})

    def pods(self, name):
        return "/api/v1/namespaces/%s/pods?labelSelector=set%%3D%s" % (self.ns, name)

    def wait_bound(self, name, replicas, act, everywhere=True):
        """Until so many have a node (or are there); seconds since `act`."""
        listed = self.ask("GET", self.pods(name) + "&limit=1")
        watched = self.pods(name) + ("&fieldSelector=spec.nodeName%21%3D" if everywhere else "")
        coming = self.cluster.watch_coming(watched + "&resourceVersion=" + listed["metadata"]["resourceVersion"])
        begin, seen = time.monotonic(), next(coming)
        act()
        while seen < replicas:
            seen += next(coming)
        return time.monotonic() - begin

    def clear(self, name):
        self.cluster.request("DELETE", "/apis/apps/v1/namespaces/%s/replicasets/%s" % (self.ns, name), {"propagationPolicy": "Orphan"})
        while self.cluster.request("GET", "/apis/apps/v1/namespaces/%s/replicasets/%s" % (self.ns, name))[0] == 200:
            time.sleep(0.1)

    def run(self, name, before, before_per_node, measured, measured_per_node):
        n, already = int(measured_per_node * self.nodes), int(before_per_node * self.nodes)
        self.ns = name.lower()
        self.ask("POST", "/api/v1/namespaces", {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": self.ns}})
        hollow.wait_for_account(self.cluster, self.ns)
        self.wait_bound("before", already, lambda: self.replica_set("before", before, already), name not in WAIT)
        self.clear("before")
        time.sleep(2)
        cpu = hollow.cpu_seconds(self.pids)
        took = self.wait_bound("measured", n, lambda: self.replica_set("measured", measured, n))
        time.sleep(1)
        used = hollow.cpu_seconds(self.pids) - cpu
        print("%-26s %5d nodes %6d pods: last bound after %7.3f s, %6.0f pods/s, %.2f ms of CPU per pod" % (
            name, self.nodes, n, took, n / took, used / n * 1e3))
        sys.stdout.flush()
        self.clear("measured")
        while self.ask("GET", "/api/v1/namespaces/%s/pods?limit=1" % self.ns)["items"]:
            self.ask("DELETE", "/api/v1/namespaces/%s/pods" % self.ns, {"gracePeriodSeconds": 0})
        self.ask("DELETE", "/api/v1/namespaces/" + self.ns)


def main():
    kubeconfig, pids, nodes, chosen = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), sys.argv[4:]
    hollow.make(kubeconfig, nodes, AMOUNTS)
    bench = Bench(kubeconfig, pids, nodes)
    for workload in WORKLOADS:
        if not chosen or workload[0] in chosen:
            bench.run(*workload)


if __name__ == "__main__":
    main()
