# SPDX-License-Identifier: Apache-2.0
"""What pods use, on both sides alike: as their annotations fake/cpu and fake/memory say (of each container). Upstream has no metrics API of
its own: there a definition stands for it, whose objects are written as pods come and change. Ours asks kubelets: one answers for all nodes."""
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time

API = "/apis/metrics.k8s.io/v1beta1"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "pods.metrics.k8s.io", "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes/metrics"}},
    "spec": {"group": "metrics.k8s.io", "scope": "Namespaced", "names": {"plural": "pods", "kind": "PodMetrics", "singular": "podmetrics"},
             "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": {
                 "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def used(pod, what):
    return pod["metadata"].get("annotations", {}).get("fake/" + what)


def number(quantity):
    """Of cores in billionths, or of bytes."""
    value, unit = re.match(r"(\d+)(\w*)$", quantity).groups()
    return int(value) * {"": 1, "m": 10**6, "Mi": 2**20, "Ki": 2**10}[unit]


class Definition:
    """Upstream's."""

    def __init__(self, cluster):
        self.cluster, self.last = cluster, {}
        cluster.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)
        while not self.served():
            time.sleep(0.1)

    def served(self):
        try:
            return self.cluster.request("GET", API + "/pods")[0] == 200
        except ValueError:  # not JSON: a page that isn't there
            return False

    def see(self, pod, gone):
        meta = pod["metadata"]
        name, ns = meta["name"], meta["namespace"]
        path = "%s/namespaces/%s/pods" % (API, ns)
        usage = {} if gone or pod["status"].get("phase") != "Running" else {
            k: used(pod, k) for k in ("cpu", "memory") if used(pod, k)}
        if self.last.get(meta["uid"], {}) == usage:
            return
        self.last[meta["uid"]] = usage
        self.cluster.request("DELETE", path + "/" + name)
        if usage:
            self.cluster.request("POST", path, {
                "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
                "metadata": {"name": name, "namespace": ns, "labels": meta.get("labels", {})},
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "window": "10s",
                "containers": [{"name": c["name"], "usage": usage} for c in pod["spec"]["containers"]]})


class Kubelet:
    """Ours."""

    def __init__(self, cluster, nodes):
        self.cluster = cluster
        pki = os.path.join(cluster.side.dir, "data/server/tls")
        mine = os.path.join(cluster.side.dir, "kubelet")
        names = ",".join("DNS:" + n for n in nodes)
        subprocess.run("""openssl ecparam -name prime256v1 -genkey -noout -out {0}.key &&
            openssl req -new -key {0}.key -subj /O=system:nodes/CN=system:node:n0 |
            openssl x509 -req -CA {1}/server-ca.crt -CAkey {1}/server-ca.key -CAcreateserial -days 3 -sha256 -out {0}.crt \
            -extfile <(printf 'extendedKeyUsage=serverAuth\nsubjectAltName={2}\n')""".format(mine, pki, names),
                       shell=True, executable="/bin/bash", check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(mine + ".crt", mine + ".key")
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = json.dumps(kubelet.summary()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def summary(self):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self.cluster.lock:
            pods = [o for o in self.cluster.objects.values() if o["kind"] == "Pod" and o["status"].get("phase") == "Running"]
        return {"node": {}, "pods": [{
            "podRef": {"uid": p["metadata"]["uid"]},
            "containers": [{"name": c["name"], "cpu": {"time": now, "usageNanoCores": number(used(p, "cpu"))},
                            "memory": {"time": now, "workingSetBytes": number(used(p, "memory") or "0")}}
                           for c in p["spec"]["containers"]]} for p in pods if used(p, "cpu")]}

    def see(self, pod, gone):
        pass
