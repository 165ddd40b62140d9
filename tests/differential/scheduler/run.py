#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py --ours KUBECONFIG --upstream KUBECONFIG [--seed N] [--drawn N] [WORDS]: upstream's scheduler and ours place the same pods in the same clusters.
Compared are the nodes that a pod may get (it is tried several times, since equal ones are drawn by lot), what its PodScheduled condition
says when it gets none, and who is left after a preemption. A line per case that differs; exit code 1 if there is one."""
import argparse
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
import cases  # noqa: E402
from kube import Cluster  # noqa: E402

TRIES = {"ours": 20, "upstream": 4}  # every node that upstream draws has to be among ours
PRIORITIES = {"low": 10, "middle": 50, "high": 1000, "higher": 2000}


class Side:
    def __init__(self, name, kubeconfig):
        self.name, self.cluster, self.number = name, Cluster(kubeconfig), 0
        for word, value in dict(PRIORITIES, polite=900).items():
            self.ask("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {
                "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": word}, "value": value,
                "preemptionPolicy": "Never" if word == "polite" else "PreemptLowerPriority"}, (201, 409))
        self.made = []

    def ask(self, method, path, body=None, fine=(200, 201, 202)):
        code, answer = self.cluster.request(method, path, body)
        if code not in fine:
            raise RuntimeError("%s: %s %s: %d %s" % (self.name, method, path, code, json.dumps(answer)[:400]))
        return answer

    def create(self, path, body):
        answer = self.ask("POST", path, body)
        self.made.append(path + "/" + answer["metadata"]["name"])
        return answer

    def wait(self, what, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            result = what()
            if result is not None:
                return result
            time.sleep(0.01)
        return None

    def add_node(self, n):
        self.create("/api/v1/nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": n["name"], "labels": n["labels"]}})

        def untaint():
            now = self.ask("GET", "/api/v1/nodes/" + n["name"])
            now["spec"] = {"taints": n["taints"], "unschedulable": n["unschedulable"]}
            if self.cluster.request("PUT", "/api/v1/nodes/" + n["name"], now)[0] != 200:
                return None
            now = self.ask("GET", "/api/v1/nodes/" + n["name"])
            now["status"].update({"allocatable": n["allocatable"], "capacity": n["allocatable"], "images": n["images"], "conditions": [
                {"type": "Ready", "status": "True", "reason": "KubeletReady"}]})
            return True if self.cluster.request("PUT", "/api/v1/nodes/%s/status" % n["name"], now)[0] == 200 else None
        self.wait(untaint)

    def body(self, p, name):
        spec = dict(p["spec"], automountServiceAccountToken=False, terminationGracePeriodSeconds=0)
        if "node" in p:
            spec["nodeName"] = p["node"]
        return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "labels": p["labels"]}, "spec": spec}

    def set_up(self, case):
        self.number += 1
        self.ns = "case-%d-%d" % (os.getpid(), self.number)
        self.create("/api/v1/namespaces", {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": self.ns}})
        self.ask("POST", "/api/v1/namespaces/%s/serviceaccounts" % self.ns, {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {
            "name": "default"}}, (201, 409))
        self.pods = "/api/v1/namespaces/%s/pods" % self.ns
        for n in case["nodes"]:
            self.add_node(n)
        for path, body in case["extra"]:
            answer = self.create(path.replace("{ns}", self.ns), body)
            if body["kind"] == "PersistentVolume":
                answer["status"] = {"phase": "Available"}
                self.ask("PUT", path + "/" + body["metadata"]["name"] + "/status", answer)
        for i, p in enumerate(case["placed"]):
            self.create(self.pods, self.body(p, "placed-%d" % i))

    def outcome(self):
        now = self.ask("GET", self.pods + "/p")
        for c in now.get("status", {}).get("conditions", []):
            if c["type"] == "PodScheduled" and c["status"] == "False":
                return "%s: %s" % (c.get("reason"), c.get("message"))
        return ("node " + now["spec"]["nodeName"]) if now["spec"].get("nodeName") else None

    def remove(self, path):
        kind = path.split("/")[-2]
        if kind == "namespaces":
            return
        if kind in ("persistentvolumeclaims", "persistentvolumes"):
            now = self.cluster.request("GET", path)[1]
            if "metadata" in now and now["metadata"].get("finalizers"):
                now["metadata"]["finalizers"] = []
                self.cluster.request("PUT", path, now)
        self.cluster.request("DELETE", path, {"gracePeriodSeconds": 0})
        self.wait(lambda: True if self.cluster.request("GET", path)[0] == 404 else None)

    def volatile(self, case):
        """Trying has changed more than the pod: victims went, claims were bound."""
        return bool(case["extra"]) or len(self.ask("GET", self.pods)["items"]) < len(case["placed"])

    def may_preempt(self, case):
        return "priorityClassName" in case["pod"]["spec"]

    def settled(self):
        """After a preemption: the pod is bound, or stays as it is for a while; and who is left."""
        first = self.wait(self.outcome)
        last = self.wait(lambda: self.outcome_bound(), 1.5) or first
        left = [p["metadata"]["name"] for p in self.ask("GET", self.pods)["items"] if not p["metadata"].get("deletionTimestamp")]
        return "%s; left: %s" % (last, " ".join(sorted(left)))

    def outcome_bound(self):
        now = self.ask("GET", self.pods + "/p")
        return ("node " + now["spec"]["nodeName"]) if now["spec"].get("nodeName") else None

    def run(self, case):
        seen = set()
        self.set_up(case)
        time.sleep(0.15)  # what was made has to reach the scheduler's cache before the pod does
        for _ in range(TRIES[self.name]):
            self.ask("POST", self.pods, self.body(case["pod"], "p"))
            quiet = case["name"] == "somebody else's"
            seen.add(self.settled() if self.may_preempt(case) else self.wait(self.outcome, 1 if quiet else 10) or "nothing")
            self.remove(self.pods + "/p")
            if self.volatile(case):
                break
        for path in reversed(self.made):
            self.remove(path)
        self.made = []
        return seen


def agree(ours, upstream):
    return upstream <= ours


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--drawn", type=int, default=40)
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    chosen = cases.WRITTEN + list(cases.drawn(args.seed, args.drawn))
    chosen = [c for c in chosen if all(w in c["name"] for w in args.words)]
    sides = [Side("ours", args.ours), Side("upstream", args.upstream)]
    bad = 0
    for case in chosen:
        results = [None, None]

        def play(i):
            results[i] = sides[i].run(case)
        threads = [threading.Thread(target=play, args=(i,)) for i in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if None in results:
            return 2
        if agree(*results):
            print("ok", case["name"])
        else:
            bad += 1
            print("not ok %s\n  ours     %s\n  upstream %s" % (case["name"], sorted(results[0]), sorted(results[1])))
        sys.stdout.flush()
    print("seed %d: %d cases, %d differ" % (args.seed, len(chosen), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
