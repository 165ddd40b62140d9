#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scores.py --upstream KUBECONFIG --log FILE [--seed N] [--drawn N] [WORDS] >FILE: what upstream's plug-ins give each node, as kube-scheduler --v=10 logs it
to FILE. A line of JSON per case: its name, nodes, placed pods and Services as the API holds them, the pod, and scores: node -> plug-in ->
weighted score. tests/unit/server/scheduler/test_sched_scores.c asks our plug-ins for the same."""
import argparse
import json
import re
import sys
import time

import cases
from run import Side

LINE = re.compile(r'"Plugin scored node for pod" pod="([^"]+)" plugin="([^"]+)" node="([^"]+)" score=(-?\d+)')
KEPT = {
    "metadata": ("name", "namespace", "labels", "ownerReferences"), "status": ("allocatable", "images", "phase"),
    "spec": ("containers", "initContainers", "nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "priority", "hostNetwork",
             "overhead", "resources", "taints", "unschedulable", "selector")}
OF_CONTAINERS = ("name", "image", "resources", "ports", "restartPolicy")


def some(o, keys):
    return {k: o[k] for k in keys if k in o}


def lean(o):
    """What a scheduler looks at."""
    out = {part: some(o.get(part, {}), keys) for part, keys in KEPT.items()}
    out.update(kind=o["kind"], apiVersion=o["apiVersion"])
    out["metadata"]["uid"] = o["metadata"]["name"]
    for kind in ("containers", "initContainers"):
        if kind in out["spec"]:
            out["spec"][kind] = [some(c, OF_CONTAINERS) for c in out["spec"][kind]]
    return out


class Recorder(Side):
    def __init__(self, kubeconfig, log):
        super().__init__("upstream", kubeconfig)
        self.log = log

    def listed(self, path, kind):
        return [lean(dict(o, kind=kind, apiVersion="v1")) for o in self.ask("GET", path)["items"]]

    def logged(self):
        scores = {}
        for pod, plugin, node, score in LINE.findall(self.log.read()):
            if pod == self.ns + "/p":
                scores.setdefault(node, {})[plugin] = int(score)
        return scores

    def record(self, case):
        case = self.set_up(case)
        record = {"name": case["name"], "nodes": self.listed("/api/v1/nodes", "Node"), "placed": self.listed(self.pods, "Pod"),
                  "services": self.listed("/api/v1/namespaces/%s/services" % self.ns, "Service")}
        self.log.read()
        pod = self.ask("POST", self.pods, self.body(case["pod"], "p"))
        self.wait(self.outcome)
        time.sleep(0.05)
        record["pod"], record["scores"] = lean(pod), self.logged()
        self.remove(self.pods + "/p")
        for path in reversed(self.made):
            self.remove(path)
        self.made = []
        return json.loads(json.dumps(record).replace(self.ns, "ns"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawn", type=int, default=100)
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    log = open(args.log)
    log.seek(0, 2)
    side = Recorder(args.upstream, log)
    simple = [c for c in cases.WRITTEN if not c["waiting"] and not c["then"] and not any("volumes" in p["spec"] for p in [c["pod"]] + c["placed"])
              and not any("ns" in p for p in c["placed"])]
    for case in simple + list(cases.drawn(args.seed, args.drawn)):
        if not all(w in case["name"] for w in args.words):
            continue
        record = side.record(case)
        if len(record["scores"]) > 1:
            print(json.dumps(record, sort_keys=True, separators=(",", ":")))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
