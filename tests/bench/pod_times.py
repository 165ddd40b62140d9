#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pod_times.py KUBECONFIG IMAGE ROUNDS BATCH: milliseconds from a pod's create request to its Running status, and from its delete
request to its DELETED event, one pod at a time; then BATCH pods at once until all run, what that cost of CPU (of the server, the
shims, crun and the containers: of this host without this program) and what a shim holds. The container ends at once on TERM."""
import glob
import re
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


def read(path):
    try:
        return open(path).read()
    except OSError:
        return ""


def cpu_s():  # of control groups: the times of processes are in ticks, and crun's are shorter
    usage = read("/sys/fs/cgroup/cpuacct/cpuacct.usage")
    if usage:
        total = int(usage) / 1e9
    else:
        total = int(re.search(r"usage_usec (\d+)", read("/sys/fs/cgroup/cpu.stat")).group(1)) / 1e6
    return total - time.process_time()


def shim_kib():
    sizes = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        if read(path).startswith("allinone-shim\0"):
            match = re.search(r"^Pss:\s+(\d+)", read(path.replace("cmdline", "smaps_rollup")), re.M)
            if match:
                sizes.append(int(match.group(1)))
    return statistics.mean(sizes) if sizes else 0


def await_handlers(n):
    """Until n containers have told the kernel that they take TERM: a first process without a handler never gets one."""
    def handles(path):
        match = re.search(r"^SigCgt:\s+(\w+)", read(path.replace("cmdline", "status")), re.M)
        return match and int(match.group(1), 16) >> 14 & 1
    while sum(1 for path in glob.glob("/proc/[0-9]*/cmdline") if read(path).startswith("sh\0-c\0trap") and handles(path)) < n:
        time.sleep(0.002)


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
    await_handlers(1)
    begin = time.monotonic()
    cluster.request("DELETE", PODS + "/bench-%d" % i)
    for kind, o in events:
        if kind == "DELETED":
            break
    gone.append((time.monotonic() - begin) * 1e3)
report("pod created -> Running", started)
report("pod deleted -> gone", gone)

begin, cpu = time.monotonic(), cpu_s()
for i in range(batch):
    create("batch-%d" % i)
running = set()
for kind, o in events:
    if phase(o) == "Running":
        running.add(o["metadata"]["name"])
    if len(running) == batch:
        break
print("allinone   %-28s %.2f s, %.1f ms of CPU each" % ("%d pods at once -> Running" % batch, time.monotonic() - begin, (cpu_s() - cpu) * 1e3 / batch))
print("allinone   %-28s %.0f KiB PSS each" % ("shims of %d pods" % batch, shim_kib()))
await_handlers(batch)
begin = time.monotonic()
for i in range(batch):
    cluster.request("DELETE", PODS + "/batch-%d" % i)
for kind, o in events:
    if kind == "DELETED":
        running.discard(o["metadata"]["name"])
    if not running:
        break
print("allinone   %-28s %.2f s" % ("%d pods deleted -> gone" % batch, time.monotonic() - begin))
