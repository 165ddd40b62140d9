# SPDX-License-Identifier: Apache-2.0
"""One side seen through its API: everything that happens in it is recorded, and nodes and pods live as if there were kubelets."""
import base64
import http.client
import json
import re
import ssl
import tempfile
import threading
import time
import urllib.parse

import metrics

WATCHED = """/api/v1/pods /api/v1/services /api/v1/endpoints /api/v1/events /api/v1/persistentvolumeclaims /api/v1/nodes
/api/v1/replicationcontrollers /api/v1/resourcequotas /api/v1/configmaps /api/v1/serviceaccounts /api/v1/namespaces
/apis/apps/v1/deployments /apis/apps/v1/replicasets /apis/apps/v1/statefulsets /apis/apps/v1/daemonsets
/apis/apps/v1/controllerrevisions /apis/batch/v1/jobs /apis/batch/v1/cronjobs /apis/policy/v1/poddisruptionbudgets
/apis/discovery.k8s.io/v1/endpointslices /apis/autoscaling/v2/horizontalpodautoscalers""".split()
NODES = 4
SETTLE_MAX = 40


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Cluster:
    def __init__(self, side):
        text = open(side.kubeconfig).read()

        def field(name):
            return re.search(r"%s:\s*\"?([^\"\s,}]+)" % name, text).group(1)

        self.side, self.url = side, urllib.parse.urlparse(field("server"))
        self.context = ssl.create_default_context(cadata=base64.b64decode(field("certificate-authority-data")).decode())
        with tempfile.NamedTemporaryFile("wb") as pem:
            for part in ("client-certificate-data", "client-key-data"):
                pem.write(base64.b64decode(field(part)) + b"\n")
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.lock, self.local = threading.Lock(), threading.local()
        self.objects = {}    # (path, ns, name) → object
        self.history = {}    # ns → {(kind, name): the object when it was first seen}
        self.changed = {}    # ns → time of the last change
        self.acted = {}      # pod uid → what its kubelet has done
        self.serial = 0

    def connect(self):
        return http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.context, timeout=600)

    def request(self, method, path, body=None, media="application/json"):
        connection = getattr(self.local, "connection", None)
        for last in (False, True):
            if not connection:
                connection = self.local.connection = self.connect()
            try:
                connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": media})
                response = connection.getresponse()
                return response.status, json.loads(response.read() or b"{}")
            except (http.client.HTTPException, OSError):
                connection = None
                if last:
                    raise

    def start(self):
        nodes = ["n%d" % number for number in range(NODES)]
        self.metrics = metrics.Kubelet(self, nodes) if self.side.name == "ours" else metrics.Definition(self)
        for number in range(NODES):
            self.add_node(number)
        for path in WATCHED:
            threading.Thread(target=self.follow, args=(path,), daemon=True).start()
        threading.Thread(target=self.heartbeats, daemon=True).start()

    # nodes

    def add_node(self, number):
        name = "n%d" % number
        size = {"cpu": "16", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
        self.request("POST", "/api/v1/nodes", {
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                                                  "topology.kubernetes.io/zone": "z%d" % (number % 2)}}})
        ready = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "", "lastHeartbeatTime": now(),
                  "lastTransitionTime": now()}]
        self.request("PATCH", "/api/v1/nodes/%s/status" % name, {
            "status": {"capacity": size, "allocatable": size, "conditions": ready,
                       "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                       "daemonEndpoints": {"kubeletEndpoint": {"Port": getattr(self.metrics, "port", 10250)}}}},
            "application/merge-patch+json")
        self.request("POST", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
            "metadata": {"name": name, "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now()[:-1] + ".000000Z"}})

    def heartbeats(self):
        while True:
            time.sleep(10)
            try:
                for number in range(NODES):
                    self.request("PATCH", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n%d" % number,
                                 {"spec": {"renewTime": now()[:-1] + ".000000Z"}}, "application/merge-patch+json")
            except OSError:
                return  # the server has ended

    # what happens

    def follow(self, path):
        while True:
            try:
                status, page = self.request("GET", path)
                kind = page["kind"][:-4]
                for item in page["items"]:
                    item["kind"] = kind
                    self.see("ADDED", path, item)
                connection = self.connect()
                connection.request("GET", "%s?watch=1&resourceVersion=%s" % (path, page["metadata"]["resourceVersion"]))
                for line in connection.getresponse():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    self.see(event["type"], path, event["object"])
            except (http.client.HTTPException, OSError, ValueError, KeyError):
                time.sleep(0.2)

    def see(self, change, path, o):
        meta = o["metadata"]
        ns = meta.get("namespace", "")
        if o["kind"] == "Namespace":
            ns = meta["name"]
        with self.lock:
            if change == "DELETED":
                self.objects.pop((path, ns, meta["name"]), None)
            else:
                self.objects[path, ns, meta["name"]] = o
            self.history.setdefault(ns, {}).setdefault((o["kind"], meta["name"]), o)
            if o["kind"] != "Event":
                self.changed[ns] = time.monotonic()
        if o["kind"] == "Pod":
            self.metrics.see(o, change == "DELETED")
        if o["kind"] == "Pod" and change != "DELETED":
            self.kubelet(o)

    def settle(self, ns, quiet):
        """Returns when nothing has changed in the namespace for that many seconds; False: it never rests."""
        end = time.monotonic() + SETTLE_MAX
        with self.lock:
            self.changed[ns] = time.monotonic()
        while time.monotonic() < end:
            with self.lock:
                left = self.changed[ns] + quiet - time.monotonic()
            if left <= 0:
                return True
            time.sleep(left)
        return False

    def snapshot(self, ns):
        with self.lock:
            return {key: o for key, o in self.objects.items() if key[1] == ns}, dict(self.history.get(ns, {}))

    # pods. Annotations of a pod tell how it goes: fake/exit is the code that it ends with, fake/ready: "false" keeps it unready.

    def kubelet(self, pod):
        meta, spec = pod["metadata"], pod["spec"]
        uid, path = meta["uid"], "/api/v1/namespaces/%s/pods/%s" % (meta["namespace"], meta["name"])
        if not spec.get("nodeName"):
            return
        stage = self.acted.setdefault(uid, set())
        if meta.get("deletionTimestamp"):
            if "deleted" not in stage:
                stage.add("deleted")
                if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
                    self.end(path, pod, 137)
                self.request("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})
            return
        if "running" not in stage:
            stage.add("running")
            self.run(path, pod)
        elif meta.get("annotations", {}).get("fake/exit") and "ended" not in stage and \
                pod.get("status", {}).get("phase") == "Running":
            stage.add("ended")
            self.end(path, pod, int(meta["annotations"]["fake/exit"]))

    def containers(self, pod, state, ready):
        return [{"name": c["name"], "image": c["image"], "imageID": "x", "containerID": "x://%s" % c["name"], "ready": ready,
                 "started": ready, "restartCount": 0, "state": state} for c in pod["spec"]["containers"]]

    def status(self, path, pod, phase, ready, containers, more=None):
        conditions = [{"type": t, "status": "True" if ready else "False", "lastTransitionTime": now()}
                      for t in ("Ready", "ContainersReady")]
        self.request("PATCH", path + "/status", {
            "metadata": {"uid": pod["metadata"]["uid"]},
            "status": {"phase": phase, "conditions": conditions, "containerStatuses": containers, **(more or {})}},
            "application/strategic-merge-patch+json")

    def run(self, path, pod):
        ready = pod["metadata"].get("annotations", {}).get("fake/ready") != "false"
        with self.lock:
            self.serial += 1
            ip = "10.42.%d.%d" % (self.serial // 250, self.serial % 250 + 1)
        self.status(path, pod, "Running", ready, self.containers(pod, {"running": {"startedAt": now()}}, ready),
                    {"podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "192.0.2.1", "startTime": now()})

    def end(self, path, pod, code):
        done = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": now(),
                               "finishedAt": now()}}
        self.status(path, pod, "Failed" if code else "Succeeded", False, self.containers(pod, done, False))
