# SPDX-License-Identifier: Apache-2.0
"""events.py KUBECONFIG PID DIR NUMBER: makes NUMBER events over four connections, a hundred requests on the way on each, and prints what
the process takes of memory and DIR of disk after each tenth. Exit code 1: it grew from the first half of the run to the second."""
import base64
import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

AHEAD, CONNECTIONS = 100, 4
GROWTH = 1.25  # of the highest of each half


def context_of(text):
    def field(name):
        return re.search(r"%s:\s*\"?([^\"\s,}]+)" % name, text).group(1)

    context = ssl.create_default_context(cadata=base64.b64decode(field("certificate-authority-data")).decode())
    with tempfile.NamedTemporaryFile("wb") as pem:
        for part in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(field(part)) + b"\n")
        pem.flush()
        context.load_cert_chain(pem.name)
    return context, urllib.parse.urlparse(field("server"))


def request(url):
    body = json.dumps({"metadata": {"generateName": "e."}, "type": "Normal", "reason": "Measured", "message": "one of many",
                       "involvedObject": {"kind": "Pod", "namespace": "default", "name": "none"},
                       "source": {"component": "bench"}}).encode()
    return b"POST /api/v1/namespaces/default/events HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        url.netloc.encode(), len(body), body)


def read_answers(stream, n):
    for _ in range(n):
        status = stream.readline()
        if b" 201 " not in status:
            raise RuntimeError("answered: %r" % status)
        size = 0
        while (line := stream.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        stream.read(size)


class Count:
    def __init__(self, total):
        self.lock, self.left, self.done = threading.Lock(), total, 0

    def take(self):
        with self.lock:
            n = min(AHEAD, self.left)
            self.left -= n
            return n

    def add(self, n):
        with self.lock:
            self.done += n


def make(context, url, count):
    with context.wrap_socket(socket.create_connection((url.hostname, url.port)), server_hostname=url.hostname) as s:
        stream, text = s.makefile("rb"), request(url)
        while n := count.take():
            s.sendall(text * n)
            read_answers(stream, n)
            count.add(n)


def memory(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%s/status" % pid).read()).group(1)) >> 10


def disk(path):
    total = 0
    for root, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total >> 20


def main():
    config, pid, path, total = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    context, url = context_of(open(config).read())
    count, began, rows = Count(total), time.monotonic(), []
    makers = [threading.Thread(target=make, args=(context, url, count)) for _ in range(CONNECTIONS)]
    for m in makers:
        m.start()
    while any(m.is_alive() for m in makers):
        time.sleep(0.2)
        while len(rows) < 10 and count.done * 10 >= total * (len(rows) + 1):
            rows.append((memory(pid), disk(path)))
            print("events %9d  %6.0f s  %5d MiB of memory  %5d MiB of disk" % (count.done, time.monotonic() - began, *rows[-1]), flush=True)
    if count.done < total:
        sys.exit("only %d events were made" % count.done)
    spent = time.monotonic() - began
    print("events per second %.0f" % (total / spent))
    halves = [[max(r[i] for r in half) for i in (0, 1)] for half in (rows[:5], rows[5:])]
    sys.exit(any(b > a * GROWTH + 8 for a, b in zip(*halves)))


main()
