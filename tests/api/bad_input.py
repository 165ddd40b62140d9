# SPDX-License-Identifier: Apache-2.0
"""bad_input.py HOST:PORT DIR PID: requests that no client should send, on connections of their own, with the certificate crt and key of DIR.
Prints `ok NAME` or `not ok NAME - why`: each gets a clean answer or a closed connection, and afterwards the server answers as before and
has not grown by more than MEMORY_MAX."""
import gzip
import json
import os
import re
import socket
import ssl
import struct
import sys
import time

ANSWER_MAX = 4 << 20
MEMORY_MAX = 256  # MiB that a single case may leave: 200,000 complaints, each as text and as a cause, are the most
host, port = sys.argv[1].split(":")
directory, pid = sys.argv[2], sys.argv[3]
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
JSON, MERGE, APPLY, PATCH = "application/json", "application/merge-patch+json", "application/apply-patch+yaml", "application/json-patch+json"


def context(alpn):
    c = ssl.create_default_context(cafile=os.path.join(directory, "ca"))
    c.check_hostname = False
    c.load_cert_chain(os.path.join(directory, "crt"), os.path.join(directory, "key"))
    c.set_alpn_protocols([alpn])
    return c


def connect(alpn="http/1.1"):
    raw = socket.create_connection((host, int(port)), timeout=30)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context(alpn).wrap_socket(raw)


def memory(field="VmRSS"):
    return int(re.search(field + r":\s+(\d+)", open("/proc/%s/status" % pid).read())[1]) / 1024


# ---- HTTP/1.1 ----

def answer(s):
    """(code, body) of one answer; (0, b"") when the connection is closed instead."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = s.recv(65536)
            if not part:
                return 0, data
            data += part
        head, body = data.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            part = s.recv(65536)
            if not part:
                break
            body += part
        return int(head.split(b" ", 2)[1]), body
    except (ConnectionError, ssl.SSLError, socket.timeout):
        return 0, data


def request(method, path, body=b"", content_type=JSON, headers=()):
    s = connect()
    head = "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n" % (method, path, content_type, len(body))
    head += "".join("%s: %s\r\n" % h for h in headers) + "Connection: close\r\n\r\n"
    try:
        s.sendall(head.encode() + body)
    except (ConnectionError, ssl.SSLError):
        pass  # it has heard enough
    got = answer(s)
    s.close()
    return got


def config_map(**data):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}, **data}).encode()


def post(body, content_type=JSON, query="?dryRun=All", **more):
    return lambda: request("POST", CONFIGMAPS + query, body, content_type, **more)


def patch(body, content_type, query="?dryRun=All&fieldManager=m"):
    return lambda: request("PATCH", CONFIGMAPS + "/good" + query, body, content_type)


def endless_headers():
    s = connect()
    s.sendall(b"GET /api HTTP/1.1\r\nHost: x\r\n")
    try:
        for i in range(20000):
            s.sendall(b"X-%d: %s\r\n" % (i, b"a" * 1000))
    except (ConnectionError, ssl.SSLError):
        return 0, b""
    return answer(s)


def slow_body():
    """Half a body and then nothing: the server does not wait with what it has for others."""
    s = connect()
    s.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{" % CONFIGMAPS.encode())
    other = request("GET", "/readyz")
    s.close()
    return other


def copies():
    """A list doubled by copies of itself, again and again."""
    ops = [{"op": "add", "path": "/data", "value": {"a": "x" * 1000}}]
    ops += [{"op": "copy", "from": "/data", "path": "/data/k%d" % i} for i in range(60)]
    return json.dumps(ops).encode()


def yaml_bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += ["a%d: &a%d [%s]" % (i, i, ", ".join(["*a%d" % (i - 1)] * 10)) for i in range(1, 9)]
    return ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n" + "\n".join(lines) + "\n").encode()


def selector(n):
    return "a in (%s)" % ",".join("v%d" % i for i in range(n))


def pod(**spec):
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": spec}
    return lambda: request("POST", "/api/v1/namespaces/default/pods?dryRun=All", json.dumps(body).encode())


def equal_ports():
    return pod(containers=[{"name": "a", "image": "i", "ports": [{"containerPort": 1}] * 100000}])


def paths_in_a_volume():
    items = [{"key": "k", "path": "p%d" % i} for i in range(80000)]
    return pod(containers=[{"name": "a", "image": "i"}], volumes=[{"name": "v", "configMap": {"name": "c", "items": items}}])


def definition():
    """Much that is wrong, far below: each complaint tells a long path."""
    schema = {"type": "object", "properties": {"p%d" % i: {"type": "none"} for i in range(40000)}}
    for _ in range(30):
        schema = {"type": "object", "properties": {"x" * 200: schema}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "bads.example.com"},
            "spec": {"group": "example.com", "scope": "Cluster", "names": {"plural": "bads", "kind": "Bad"}, "versions": [version]}}
    return lambda: request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All", json.dumps(body).encode())


# ---- HTTP/2 ----

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


HEADERS = literal(b":method", b"GET") + literal(b":scheme", b"https") + literal(b":path", b"/api/v1/namespaces") + literal(b":authority", b"x")


def flood(frames, limit=60000, batch=200):
    """Sends frames until the server has had enough, or the limit: both are fine."""
    s = connect("h2")
    s.settimeout(10)
    s.sendall(PREFACE + frame(4, 0, 0))
    s.setblocking(False)
    sent, pending, end = 0, b"", time.monotonic() + 20
    while (sent < limit or pending) and time.monotonic() < end:
        if not pending:
            pending = b"".join(frames(i) for i in range(sent, sent + batch))
            sent += batch
        try:
            n = s.send(pending)
            pending = pending[n:]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except (ConnectionError, ssl.SSLError):
            break
        try:
            if not s.recv(65536):
                break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except (ConnectionError, ssl.SSLError):
            break
    s.close()
    return 0, b""


def resets(i):
    return frame(1, 5, 2 * i + 1, HEADERS) + frame(3, 0, 2 * i + 1, struct.pack(">I", 8))


def continuations(i):
    return frame(1, 1, 1, HEADERS) if i == 0 else frame(9, 0, 1, literal(b"x%d" % i, b"a" * 100))


def settings(i):
    return frame(4, 0, 0, struct.pack(">HI", 4, 65535 + i % 2))


def pings(i):
    return frame(6, 0, 0, b"12345678")


# ---- the cases ----

deep = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":' + b'{"a":' * 200000 + b"1" + b"}" * 200001
CASES = [
    # name, call, codes that are right (0: the connection was closed)
    ("deep_nesting", post(deep), {400}),
    ("deep_lists", post(b"[" * 1000000), {400}),
    ("deep_yaml", post(b"a: " + b"[" * 100000, "application/yaml"), {400}),
    ("deep_merge_patch", patch(b'{"a":' * 100000 + b"1" + b"}" * 100000, MERGE), {400, 422}),
    ("huge_number", post(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad","generation":' + b"9" * 100000 + b"}}"), {400}),
    ("huge_exponent", post(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad","generation":1e999999999}}'), {400}),
    ("invalid_utf8", post(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":{"a":"\xff\xfe"}}'), {201, 400}),
    ("double_keys", post(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},' + b'"data":{},' * 100000 + b'"data":{}}'), {201, 400}),
    ("body_of_3_MiB", post(config_map(data={"a": "x" * (3 << 20)})), {413}),
    ("body_of_100_MiB", lambda: request("POST", CONFIGMAPS, b"x" * (100 << 20)), {0, 413}),
    ("protobuf_of_nothing", post(b"k8s\x00" + b"\xff" * 1000000, "application/vnd.kubernetes.protobuf"), {400}),
    ("as_many_labels_as_fit", post(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad","labels":{'
                            + b",".join(b'"l%d":"_"' % i for i in range(200000)) + b"}}}"), {413, 422}),
    ("many_finalizers", post(config_map(metadata={"name": "bad", "finalizers": ["x"] * 50000})), {422}),
    ("endless_headers", endless_headers, {0, 400, 431}),
    ("long_path", lambda: request("GET", "/" + "a" * 1000000), {0, 400, 404, 414, 431}),
    ("slow_body", slow_body, {200}),
    ("packed_bomb", post(gzip.compress(b" " * (64 << 20)), headers=[("Content-Encoding", "gzip")]), {400, 413, 415}),
    ("giant_label_selector", lambda: request("GET", CONFIGMAPS + "?labelSelector=" + selector(10000).replace(" ", "%20")), {0, 200, 400, 414, 431}),
    ("giant_selector_of_a_deletion", lambda: request("DELETE", CONFIGMAPS + "?dryRun=All&labelSelector=" + "!a," * 15000 + "b"), {0, 200, 400, 414, 431}),
    ("patch_of_20000_operations", patch(json.dumps([{"op": "test", "path": "/kind", "value": "ConfigMap"}] * 20000).encode(), PATCH), {413, 422}),
    ("patch_that_copies_itself", patch(copies(), PATCH), {400, 413, 422}),
    ("patch_with_a_long_path", patch(json.dumps([{"op": "add", "path": "/data" + "/a" * 100000, "value": 1}]).encode(), PATCH), {400, 422}),
    ("yaml_aliases", post(yaml_bomb(), "application/yaml"), {400, 413}),
    ("applied_yaml_aliases", patch(yaml_bomb(), APPLY), {400, 413}),
    ("equal_ports", equal_ports(), {201}),
    ("paths_in_a_volume", paths_in_a_volume(), {201}),
    ("complaints_with_long_paths", definition(), {422}),
    ("h2_rapid_reset", lambda: flood(resets), {0}),
    ("h2_continuation", lambda: flood(continuations), {0}),
    ("h2_settings", lambda: flood(settings), {0}),
    ("h2_pings", lambda: flood(pings), {0}),
]


def is_status(body):
    try:
        return json.loads(body).get("kind") in ("Status", "ConfigMap", "ConfigMapList", "Pod")
    except ValueError:
        return False


def judge(name, call, codes):
    before = memory()
    code, body = call()
    after = memory()
    if code not in codes:
        return "code %d, %r" % (code, body[:200])
    if code and body and name.split("_")[0] not in ("slow", "endless", "long") and code not in (414, 431) and not is_status(body):
        return "no Status: %r" % body[:200]
    if len(body or b"") > ANSWER_MAX:
        return "an answer of %d bytes" % len(body)
    if after - before > MEMORY_MAX:
        return "memory grew from %d to %d MiB" % (before, after)
    if request("GET", "/readyz")[0] != 200:
        return "the server does not answer any more"
    return None


request("POST", CONFIGMAPS, json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "good"}, "data": {"a": "b"}}).encode())
request("POST", "/api/v1/namespaces/default/serviceaccounts", b'{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}')
for name, call, codes in CASES:
    try:
        why = judge(name, call, codes)
    except Exception as e:  # a case that can't be played is one that failed
        why = "%s: %s" % (type(e).__name__, e)
    print("not ok %s - %s" % (name, why) if why else "ok %s" % name, flush=True)
peak = memory("VmHWM")
print("ok memory_is_bounded" if peak < 600 else "not ok memory_is_bounded - %d MiB at its peak" % peak)
