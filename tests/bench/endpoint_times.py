# SPDX-License-Identifier: Apache-2.0
"""endpoint_times.py KUBECONFIG ROUNDS: how long after a client began to tell the API of an endpoint the name server knows it, and a client reaches it
at the cluster address of its Service. The endpoint is this machine."""
import socket
import struct
import sys
import time

from kube import Cluster

DNS = ("10.43.0.10", 53)
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
LIMIT_S = 10


def question(name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


def resolves(asker, name):
    asker.sendto(question(name), DNS)
    return struct.unpack("!H", asker.recv(4096)[6:8])[0] > 0


def connects(address):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(address) == 0


def wait_ms(since, done):
    while not done():
        if time.monotonic() - since > LIMIT_S:
            sys.exit("endpoint_times.py: nothing after %d s" % LIMIT_S)
        time.sleep(0.002)  # the kernel refuses in words (ICMP) no more than 1,000 times a second
    return (time.monotonic() - since) * 1000


def summary(what, times):
    times.sort()
    print("endpoints  %-26s p50 %.1f ms, p99 %.1f ms" % (what, times[len(times) // 2], times[-1]))


cluster, rounds = Cluster(sys.argv[1]), int(sys.argv[2])
server, asker = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 0))
server.listen(1024)
asker.settimeout(2)
port = server.getsockname()[1]
own = [a for a in socket.gethostbyname_ex(socket.gethostname())[2] if not a.startswith("127.")][0]
resolved, reached = [], []
for i in range(rounds):
    name = "e%d" % i
    spec = {"ports": [{"port": 80}]}
    _, service = cluster.request("POST", "/api/v1/namespaces/default/services", {"metadata": {"name": name}, "spec": spec})
    _, head = cluster.request("POST", "/api/v1/namespaces/default/services",
                              {"metadata": {"name": name + "-head"}, "spec": dict(spec, clusterIP="None")})
    for target, done, times in ((name + "-head", lambda: resolves(asker, head["metadata"]["name"] + ".default.svc.cluster.local"), resolved),
                                (name, lambda: connects((service["spec"]["clusterIP"], 80)), reached)):
        if done():
            sys.exit("endpoint_times.py: %s is there before its endpoint" % target)
        since = time.monotonic()
        cluster.request("POST", SLICES, {"metadata": {"name": target + "-1", "labels": {"kubernetes.io/service-name": target}},
                                         "addressType": "IPv4", "ports": [{"port": port}], "endpoints": [{"addresses": [own]}]})
        times.append(wait_ms(since, done))
summary("a new one resolves after", resolved)
summary("a new one is reached after", reached)
