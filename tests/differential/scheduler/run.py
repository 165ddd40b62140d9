#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py --ours KUBECONFIG --upstream KUBECONFIG [--seed N] [--drawn N] [WORDS]: upstream's scheduler and ours place the same pods in the same clusters.
Compared are the nodes that a pod may get (it is tried several times, since equal ones are drawn by lot), what its PodScheduled condition
says when it gets none, the node that it is nominated for, who is left after a preemption and what the victims' conditions say, which volumes
and nodes its claims got; and, in cases with `then`, what becomes of it after that. A line per case that differs; exit code 1 if there is one."""
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
        """With its status, which the API takes in a request of its own."""
        answer = self.ask("POST", path, body)
        path += "/" + answer["metadata"]["name"]
        self.made.append(path)
        if "status" in body:
            self.patch(path + "/status", {"status": body["status"]})
        return answer

    def patch(self, path, body):
        self.cluster.connection.request("PATCH", path, json.dumps(body), {"Content-Type": "application/merge-patch+json"})
        response = self.cluster.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError("%s: PATCH %s: %d %s" % (self.name, path, response.status, text[:400]))

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
        out = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "labels": p["labels"]}, "spec": spec}
        if "finalizers" in p:
            out["metadata"]["finalizers"] = p["finalizers"]
        if "status" in p:
            out["status"] = p["status"]
        return out

    def pods_of(self, p):
        return "/api/v1/namespaces/%s/pods" % p.get("ns", self.ns)

    def add_namespace(self, name, team):
        self.create("/api/v1/namespaces", {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "labels": {"team": team}}})
        self.ask("POST", "/api/v1/namespaces/%s/serviceaccounts" % name, {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {
            "name": "default"}}, (201, 409))

    def set_up(self, case):
        """The case with its names filled in."""
        self.number += 1
        self.ns = "case-%d-%d" % (os.getpid(), self.number)
        case = json.loads(json.dumps(case).replace("{ns}", self.ns).replace("{other}", self.ns + "-other"))
        self.add_namespace(self.ns, "own")
        if self.ns + "-other" in json.dumps([case["placed"], case["pod"], case["then"]]):
            self.add_namespace(self.ns + "-other", "x")
        self.pods = "/api/v1/namespaces/%s/pods" % self.ns
        for n in case["nodes"]:
            self.add_node(n)
        for path, body in case["extra"]:
            if body["kind"] == "PersistentVolume":
                body["status"] = {"phase": "Bound" if "claimRef" in body["spec"] else "Available"}
            self.create(path, body)
        for i, p in enumerate(case["placed"]):
            self.create(self.pods_of(p), self.body(p, "placed-%d" % i))
        time.sleep(0.15)  # what was made has to reach the scheduler's cache before the pod does
        for i, p in enumerate(case["waiting"]):
            self.create(self.pods_of(p), self.body(p, "waiting-%d" % i))
            self.wait(lambda: self.outcome("waiting-%d" % i))
        return case

    def outcome(self, name="p"):
        now = self.ask("GET", self.pods + "/" + name)
        status = now.get("status", {})
        nominated = "; nominated: " + status["nominatedNodeName"] if status.get("nominatedNodeName") else ""
        if now["spec"].get("nodeName"):
            return "node " + now["spec"]["nodeName"] + nominated
        for c in status.get("conditions", []):
            if c["type"] == "PodScheduled" and c["status"] == "False":
                return "%s: %s%s" % (c.get("reason"), c.get("message"), nominated)
        return "on its way" + nominated if nominated else None

    def bound(self):
        outcome = self.outcome()
        return outcome if outcome and outcome.startswith("node ") else None

    def remove(self, path):
        kind = path.split("/")[-2]
        if kind == "namespaces":
            return
        if self.cluster.request("GET", path)[1].get("metadata", {}).get("finalizers"):
            self.patch(path, {"metadata": {"finalizers": None}})
        self.cluster.request("DELETE", path, {"gracePeriodSeconds": 0})
        self.wait(lambda: True if self.cluster.request("GET", path)[0] == 404 else None)

    def volatile(self, case):
        """Trying has changed more than the pod: victims went, claims were bound."""
        return bool(case["extra"] or case["waiting"] or case["then"]) or len(self.ask("GET", self.pods)["items"]) < len(case["placed"])

    def settled(self):
        """After a preemption: the pod is bound, or stays as it is for a while; and who is left."""
        first = self.wait(self.outcome)
        last = self.wait(self.bound, 1.5) or self.outcome() or first
        items = self.ask("GET", self.pods)["items"]
        left = sorted(p["metadata"]["name"] for p in items if not p["metadata"].get("deletionTimestamp"))
        told = sorted("%s: %s: %s" % (p["metadata"]["name"], c["reason"], c["message"]) for p in items for c in p.get("status", {}).get("conditions", [])
                      if c["type"] == "DisruptionTarget")
        return "; ".join([last, "left: " + " ".join(left)] + told)

    def promised(self, case, verdict):
        """Each claim gets its promise, one after the other, once the pod is on its way."""
        if verdict.startswith("on its way"):
            wanted = len(case["pod"]["spec"]["volumes"])
            self.wait(lambda: True if len(self.claims()) >= wanted else None, 3)
        return self.claims()

    def claims(self):
        """What the scheduler promised them."""
        out = []
        for c in self.ask("GET", "/api/v1/namespaces/%s/persistentvolumeclaims" % self.ns)["items"]:
            chosen = c["metadata"].get("annotations", {}).get("volume.kubernetes.io/selected-node")
            out += ["%s: made for %s" % (c["metadata"]["name"], chosen)] if chosen else []
        for v in self.ask("GET", "/api/v1/persistentvolumes")["items"]:
            if v["spec"].get("claimRef", {}).get("uid"):
                out.append("%s: for %s" % (v["metadata"]["name"], v["spec"]["claimRef"]["name"]))
        return out

    def happens(self, what, where, body):
        if what == "NODE":
            self.add_node(body)
        elif what == "POD":
            self.create(self.pods_of(body), self.body(body, where))
        elif what == "PATCH":
            self.patch(where, body)
        elif what == "POST":
            self.create(where, body)
        else:
            self.ask(what, where, body)

    def verdict(self, case):
        if case["preempts"]:
            verdict = self.settled()
        else:
            verdict = self.wait(self.outcome, 1 if case["name"] == "somebody else's" else 10) or "nothing"
        if any(path.endswith("claims") for path, _ in case["extra"]):
            verdict = "; ".join([verdict] + self.promised(case, verdict))
        return verdict

    def after(self, case, verdict):
        """It is bound, or says the same or something else once it has had its time to try again."""
        for step in case["then"]:
            self.happens(*step)
        return "%s, then %s" % (verdict, self.wait(self.bound, 3) or self.outcome())

    def run(self, case):
        """What became of it, each time; of a case that can't be set up, None."""
        try:
            seen = self.tried(self.set_up(case))
        except RuntimeError as refused:
            print("not ok %s: %s" % (case["name"], refused))
            seen = None
        for path in reversed(self.made):
            self.remove(path)
        self.made = []
        return seen

    def tried(self, case):
        seen = set()
        for _ in range(TRIES[self.name]):
            self.ask("POST", self.pods, self.body(case["pod"], "p"))
            verdict = self.verdict(case)
            seen.add(self.after(case, verdict) if case["then"] else verdict)
            volatile = self.volatile(case)
            self.remove(self.pods + "/p")
            if volatile:
                break
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

        def play(i, case=case, results=results):
            results[i] = sides[i].run(case)
        threads = [threading.Thread(target=play, args=(i,)) for i in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if None in results:
            bad += 1
        elif agree(*results):
            print("ok %s: %s" % (case["name"], " | ".join(sorted(results[1]))))
        elif case["meant"]:
            print("meant %s: %s" % (case["name"], case["meant"]))
        else:
            bad += 1
            print("not ok %s\n  ours     %s\n  upstream %s" % (case["name"], sorted(results[0]), sorted(results[1])))
        sys.stdout.flush()
    print("seed %d: %d cases, %d differ" % (args.seed, len(chosen), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
