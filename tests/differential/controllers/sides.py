# SPDX-License-Identifier: Apache-2.0
"""The two control planes that are compared: upstream's four programs, and ours. Each is a kubeconfig and processes to end."""
import os
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# An application of the corpus can't wait for minutes.
AUTOSCALING = ["--horizontal-pod-autoscaler-sync-period=1s", "--horizontal-pod-autoscaler-downscale-stabilization=3s",
               "--horizontal-pod-autoscaler-cpu-initialization-period=1s", "--horizontal-pod-autoscaler-initial-readiness-delay=1s"]


class Side:
    def __init__(self, name, work):
        self.name, self.dir, self.processes = name, os.path.join(work, name), []
        os.makedirs(self.dir)

    def spawn(self, arguments, log, **more):
        out = open(os.path.join(self.dir, log), "wb")
        process = subprocess.Popen(arguments, stderr=out, stdin=subprocess.DEVNULL, **{"stdout": out, **more})
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def start_upstream(work, binaries):
    side = Side("upstream", work)
    up = side.spawn([os.path.join(ROOT, "tests/upstream/up"), binaries, side.dir], "up.log", stdout=subprocess.PIPE)
    line = up.stdout.readline().decode().split()
    if not line:
        raise SystemExit("upstream did not start: see " + side.dir)
    side.kubeconfig = line[0]
    pki = os.path.join(side.dir, "pki")
    side.spawn([os.path.join(binaries, "kube-controller-manager"), "--kubeconfig", side.kubeconfig, "--leader-elect=false",
                "--secure-port", str(free_port()), "--bind-address", "127.0.0.1", "--cluster-cidr", "10.42.0.0/16",
                "--service-cluster-ip-range", "10.43.0.0/16", "--allocate-node-cidrs=true",
                "--service-account-private-key-file", os.path.join(pki, "service.key"), "--root-ca-file", os.path.join(pki, "client-ca.crt"),
                "--kube-api-qps", "2000", "--kube-api-burst", "4000", *AUTOSCALING], "controllers.log")
    side.spawn([os.path.join(binaries, "kube-scheduler"), "--kubeconfig", side.kubeconfig, "--leader-elect=false",
                "--secure-port", str(free_port()), "--bind-address", "127.0.0.1", "--kube-api-qps", "2000",
                "--kube-api-burst", "4000"], "scheduler.log")
    return side


def start_ours(work, allinone):
    side = Side("ours", work)
    side.kubeconfig = os.path.join(side.dir, "kubeconfig")
    port = free_port()
    server = side.spawn([allinone, "server", "--disable-agent", "--data-dir", os.path.join(side.dir, "data"),
                         "--https-listen-port", str(port), "--write-kubeconfig", side.kubeconfig, *AUTOSCALING], "server.log")
    while not os.path.exists(side.kubeconfig):
        if server.poll() is not None:
            raise SystemExit("allinone did not start: see " + side.dir)
        time.sleep(0.02)
    return side
