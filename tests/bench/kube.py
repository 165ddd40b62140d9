# SPDX-License-Identifier: Apache-2.0
"""The little of a Kubernetes client that the benchmarks need: a kubeconfig with client certificates, requests, watches."""
import base64
import http.client
import json
import re
import ssl
import tempfile
import urllib.parse


class Cluster:
    def __init__(self, kubeconfig):
        text = open(kubeconfig).read()

        def field(name):
            return re.search(r"%s:\s*\"?([^\"\s,}]+)" % name, text).group(1)

        self.url = urllib.parse.urlparse(field("server"))
        authority = base64.b64decode(field("certificate-authority-data")).decode()
        self.context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile("wb") as pem:
            for part in ("client-certificate-data", "client-key-data"):
                pem.write(base64.b64decode(field(part)) + b"\n")
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.connection = self.connect()

    def connect(self):
        return http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.context, timeout=120)

    def request(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def watch(self, path):
        """Yields (type, object) from a connection of its own; the first yield is None, once the server has answered."""
        connection = self.connect()
        connection.request("GET", path + ("&" if "?" in path else "?") + "watch=1")
        response = connection.getresponse()
        yield None
        for line in response:
            event = json.loads(line)
            yield event["type"], event["object"]

    def watch_coming(self, path):
        """Yields how many objects have come into view since the last yield; the first yield is 0, once the server has answered. Reads no object:
        at thousands a second that would take the server's cores from it."""
        connection = self.connect()
        connection.request("GET", path + ("&" if "?" in path else "?") + "watch=1")
        response = connection.getresponse()
        yield 0
        rest = last = b""
        while piece := response.read1(1 << 20):
            *lines, rest = (rest + piece).split(b"\n")
            yield sum(1 for line in lines if line.startswith(b'{"type":"ADDED"'))
            last = lines[-1] if lines else last
        raise RuntimeError("the watch has ended with %s" % last[:300].decode())
