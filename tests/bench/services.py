# SPDX-License-Identifier: Apache-2.0
"""services.py KUBECONFIG N FILE: makes N Services of ten endpoints each, a tenth of them headless, and writes questions for dnsperf: FILE.all
has every kind of name there is, FILE.search what a resolver asks on its way through the search domains of a pod."""
import sys

from kube import Cluster

cluster, count, path = Cluster(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
TYPES = ("A", "A", "A", "AAAA", "SRV")
with open(path + ".all", "w") as names, open(path + ".search", "w") as search:
    for i in range(count):
        headless = i % 10 == 0
        spec = {"ports": [{"name": "http", "port": 80}]}
        if headless:
            spec["clusterIP"] = "None"
        status, answer = cluster.request("POST", "/api/v1/namespaces/default/services",
                                         {"metadata": {"name": "s%d" % i}, "spec": spec})
        if status != 201:
            sys.exit("services.py: %s" % answer.get("message"))
        cluster.request("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
            "metadata": {"name": "s%d-1" % i, "labels": {"kubernetes.io/service-name": "s%d" % i}}, "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": ["10.%d.%d.%d" % (100 + e, i // 250, i % 250 + 1)]} for e in range(10)]})
        name = "s%d.default.svc.cluster.local" % i
        kind = TYPES[i % len(TYPES)]
        names.write("%s %s\n" % ("_http._tcp." + name if kind == "SRV" else name, kind))
        for domain in ("default.svc.cluster.local", "svc.cluster.local", "cluster.local"):
            search.write("s%d.default.svc.%s A\ns%d.default.svc.%s AAAA\n" % (i, domain, i, domain))
