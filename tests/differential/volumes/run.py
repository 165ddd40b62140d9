#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py --ours KUBECONFIG --upstream KUBECONFIG: the same claims, volumes and pods on both sides, in stages; after each stage both come to rest, and all
claims, volumes and the events about them have to be the same. A line per object or event that differs; exit code 1 if there is one."""
import argparse
import json
import os
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "scheduler"), os.path.join(here, "..", "..", "bench")]
from shapes import claim, storage_class, volume  # noqa: E402
from kube import Cluster  # noqa: E402

NS = "default"
CLAIMS, VOLUMES = "/api/v1/namespaces/%s/persistentvolumeclaims" % NS, "/api/v1/persistentvolumes"
REST = 1.5  # seconds without a change
LONG = 17  # upstream looks at claims that wait every 15 s


def named(name, storage, volume_name, size="1Gi", modes=("ReadWriteOnce",)):
    path, body = claim(name, storage, size, modes)
    body["spec"]["volumeName"] = volume_name
    return path, body


def pod(name, **volumes):
    return ("/api/v1/namespaces/{ns}/pods", {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}, "spec": {
        "nodeName": "nowhere", "automountServiceAccountToken": False, "containers": [{"name": "c", "image": "i"}],
        "volumes": [dict({"name": n}, **v) for n, v in volumes.items()]}})


def ephemeral(storage):
    return {"ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"x": "y"}}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": storage, "resources": {"requests": {"storage": "1Gi"}}}}}}


def create(*objects):
    return [("POST", path.replace("{ns}", NS), body) for path, body in objects]


def delete(*paths):
    return [("DELETE", path, {}) for path in paths]


STAGES = [
    ("classes", create(storage_class("ext", "x.example.com", "Immediate"), storage_class("no", mode="Immediate"), storage_class("late"))),
    ("volumes", create(
        volume("pv-a", "manual"), volume("pv-b", "manual", "3Gi", accessModes=["ReadWriteOnce", "ReadWriteMany"]),
        volume("pv-pre", "manual", "3Gi", claimRef={"namespace": NS, "name": "pre"}), volume("pv-labels", "sel", labels={"l": "1"}),
        volume("pv-del", "del", persistentVolumeReclaimPolicy="Delete"), volume("pv-cycle", "cycle", persistentVolumeReclaimPolicy="Delete"),
        volume("pv-late", "late", nodes=["n1"]))),
    ("claims", create(
        claim("a", "manual", "2Gi"), claim("pre", "manual"), named("named", "manual", "pv-b", modes=["ReadWriteMany"]),
        named("taken", "manual", "pv-pre", "9Gi"), claim("nobody", ""), claim("noclass", "none"), claim("del", "del"), claim("ext", "ext"),
        claim("no", "no"), claim("late", "late"), claim("large", "manual", "100Gi"), named("missing", "manual", "pv-nowhere"))),
    ("named too late", create(volume("pv-nowhere", "other")), LONG),
    ("pods", create(pod("user", v={"persistentVolumeClaim": {"claimName": "a"}}), pod("eph", v=ephemeral("late")))),
    ("used claims stay", delete(CLAIMS + "/a", CLAIMS + "/eph-v")),
    ("claims go", delete(CLAIMS + "/pre", CLAIMS + "/del", CLAIMS + "/nobody")),
    ("volumes go", delete(VOLUMES + "/pv-b", VOLUMES + "/pv-cycle")),
    ("a new claim takes nothing that is released", create(claim("pre", "manual"))),
    ("pods go", [("DELETE", "/api/v1/namespaces/%s/pods/%s" % (NS, p), {"gracePeriodSeconds": 0}) for p in ("user", "eph")]),
]


def strip(o):
    meta = o["metadata"]
    for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
        meta.pop(key, None)
    if "deletionTimestamp" in meta:
        meta["deletionTimestamp"] = "set"
    for r in meta.get("ownerReferences", []):
        r.pop("uid")
    for key in ("uid", "resourceVersion"):
        o["spec"].get("claimRef", {}).pop(key, None)
    o["status"].pop("lastPhaseTransitionTime", None)
    for c in o["status"].get("conditions", []):
        c.pop("lastTransitionTime", None)
    return json.dumps(o, sort_keys=True)


class Side:
    def __init__(self, kubeconfig):
        self.cluster = Cluster(kubeconfig)

    def get(self, path):
        return self.cluster.request("GET", path)[1]

    def wait_for_account(self):
        for _ in range(300):
            if self.cluster.request("GET", "/api/v1/namespaces/%s/serviceaccounts/default" % NS)[0] == 200:
                return
            time.sleep(0.1)

    def version(self):
        return [sorted(i["metadata"]["resourceVersion"] for i in self.get(p)["items"]) for p in (CLAIMS, VOLUMES)]

    def rest(self, seconds):
        seen, since = self.version(), time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.2)
            now = self.version()
            if now != seen:
                seen, since = now, time.monotonic()

    def state(self):
        out = {"%s %s" % (p.rsplit("/", 1)[1], o["metadata"]["name"]): strip(o) for p in (CLAIMS, VOLUMES) for o in self.get(p)["items"]}
        for e in self.get("/api/v1/events")["items"]:
            if e["involvedObject"]["kind"].startswith("PersistentVolume"):
                out["event %s %s %s %s" % (e["involvedObject"]["kind"], e["involvedObject"]["name"], e["type"], e["reason"])] = e["message"]
        return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--upstream", required=True)
    args = parser.parse_args()
    sides = [Side(args.ours), Side(args.upstream)]
    for side in sides:
        side.wait_for_account()
    bad = seen = 0
    for stage, calls, *more in STAGES:
        for side in sides:
            for call in calls:
                code, answer = side.cluster.request(*call)
                if code >= 300:
                    sys.exit("%s: %s: %d %s" % (stage, call[1], code, answer))
        for side in sides:
            side.rest(more[0] if more else REST)
        ours, upstream = (side.state() for side in sides)
        for key in sorted(set(ours) | set(upstream)):
            seen += 1
            if ours.get(key) != upstream.get(key):
                bad += 1
                print("not ok %s: %s\n  ours     %s\n  upstream %s" % (stage, key, ours.get(key), upstream.get(key)))
            else:
                print("ok %s: %s" % (stage, key))
    print("%d objects and events in %d stages, %d differ" % (seen, len(STAGES), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
