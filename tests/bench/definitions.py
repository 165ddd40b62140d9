#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""definitions.py NAME KUBECONFIG PID[,PID…] DIR [COUNT]: definitions of DIR (YAML), repeated under other groups until there are COUNT,
created one after the other on one connection while another one asks for a page. Then: from the creation of one more definition until an
object of its kind is created. One JSON line."""
import json
import os
import re
import subprocess
import sys
import threading
import time

from kube import Cluster

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def trees(directory):
    text = subprocess.run(["kubectl", "create", "--dry-run=client", "-o", "json", "-f", directory], capture_output=True, text=True, check=True).stdout
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        tree, at = decoder.raw_decode(text, at)
        yield from tree["items"] if tree["kind"] == "List" else [tree]
        while at < len(text) and text[at].isspace():
            at += 1


def definition(tree, i):
    tree = json.loads(json.dumps(tree))
    group = "g%d.example.com" % i
    tree["spec"]["group"] = group
    tree["metadata"] = {"name": "%s.%s" % (tree["spec"]["names"]["plural"], group)}
    tree["spec"].pop("conversion", None)
    tree.pop("status", None)
    return tree


def usage(pids):
    cpu = rss = 0
    for pid in pids:
        fields = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        rss += int(re.search(r"^Pss:\s+(\d+)", open("/proc/%s/smaps_rollup" % pid).read(), re.M)[1]) / 1024
    return cpu, rss


def longest(cluster, stop, out):
    while not stop.is_set():
        started = time.monotonic()
        cluster.request("GET", "/api/v1/namespaces/default")
        out.append(time.monotonic() - started)
        time.sleep(0.002)


def usable(cluster, tree, i):
    """Seconds from the definition's creation until an object is created."""
    small = definition(tree, i)
    started = time.monotonic()
    assert cluster.request("POST", PATH, small)[0] == 201
    group, names = small["spec"]["group"], small["spec"]["names"]
    body = {"apiVersion": group + "/v1", "kind": names["kind"], "metadata": {"name": "a"}}
    path, headers = "/apis/%s/v1/%s" % (group, names["plural"]), {"Content-Type": "application/json"}
    while True:
        cluster.connection.request("POST", path, json.dumps(body), headers)
        response = cluster.connection.getresponse()
        response.read()
        if response.status == 201:
            break
        time.sleep(0.001)
    return time.monotonic() - started


def status(cluster, path):
    cluster.connection.request("GET", path)
    response = cluster.connection.getresponse()
    response.read()
    return response.status


def page(cluster, path):
    started = time.monotonic()
    cluster.connection.request("GET", path, headers={"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"})
    n = len(cluster.connection.getresponse().read())
    return round((time.monotonic() - started) * 1000, 1), n


def main():
    name, kubeconfig, pids, directory = sys.argv[1:5]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 500
    pids = pids.split(",")
    some, cluster = list(trees(directory)), Cluster(kubeconfig)
    sizes, pauses, stop = 0, [], threading.Event()
    beside = threading.Thread(target=longest, args=(Cluster(kubeconfig), stop, pauses))
    beside.start()
    cpu, rss = usage(pids)
    started = time.monotonic()
    for i in range(count):
        tree = definition(some[i % len(some)], i)
        sizes += len(json.dumps(tree))
        code, body = cluster.request("POST", PATH, tree)
        assert code == 201, body
    created = time.monotonic() - started
    last = "/apis/g%d.example.com" % (count - 1)
    while status(cluster, last) != 200:
        time.sleep(0.005)
    served = time.monotonic() - started
    stop.set()
    beside.join()
    now_cpu, now_rss = usage(pids)
    small = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
             "spec": {"scope": "Cluster", "names": {"plural": "smalls", "kind": "Small"}, "versions": [
                 {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}
    ready = sorted(usable(cluster, small, 10000 + i) for i in range(5))
    print(json.dumps({"server": name, "definitions": count, "MB": round(sizes / 1e6, 1), "created_s": round(created, 2), "served_s": round(served, 2),
                      "cpu_s": round(now_cpu - cpu, 2), "pss_MiB": round(now_rss), "pss_before_MiB": round(rss),
                      "page_p99_ms": round(sorted(pauses)[int(len(pauses) * 0.99)] * 1000, 1), "page_max_ms": round(max(pauses) * 1000, 1),
                      "usable_p50_ms": round(ready[2] * 1000, 1), "usable_max_ms": round(ready[-1] * 1000, 1),
                      "discovery_ms": page(cluster, "/apis")[0], "openapi_v2_ms": page(cluster, "/openapi/v2")[0],
                      "openapi_v2_again_ms": page(cluster, "/openapi/v2")[0]}))


main()
