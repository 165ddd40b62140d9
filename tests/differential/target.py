# SPDX-License-Identifier: Apache-2.0
"""An API server that answers: HTTP/1.1 over TLS, one connection kept alive for each identity of a sequence."""
import base64
import gzip
import http.client
import json
import re
import ssl
import tempfile
import time

import identities

QUIET = 1.5  # seconds without a further event after which a watch is taken to have no more


class Answer:
    """What came back, as it came. `events` are the frames of a watch."""

    def __init__(self, code, headers, body, events=None):
        self.code, self.headers, self.body, self.events = code, headers, body, events


def credentials(kubeconfig):
    """(host:port, TLS context) of a kubeconfig with embedded certificates."""
    text = open(kubeconfig).read()
    pem = {}
    for key in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
        pem[key] = base64.b64decode(re.search(key + r':\s*"?([A-Za-z0-9+/=]+)', text)[1]).decode()
    tls = ssl.create_default_context(cadata=pem["certificate-authority-data"])
    tls.check_hostname = False
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(pem["client-certificate-data"] + "\n" + pem["client-key-data"])
        file.flush()
        tls.load_cert_chain(file.name)
    return re.search(r"server:\s*\"?https://([^\s\"',}]+)", text)[1], tls


class Target:
    """`authorities`: the directory of its certificate authorities' keys, for who shall be someone else than the admin."""

    def __init__(self, kubeconfig, authorities=None):
        self.address, self.tls = credentials(kubeconfig)
        self.identities = identities.Identities(authorities)
        self.connections, self.open = {}, {}

    def connect(self, who, timeout=60):
        return http.client.HTTPSConnection(self.address, context=self.identities.context(who) if who else self.tls, timeout=timeout)

    def request(self, connection, method, path, headers, body):
        connection.putrequest(method, path, skip_host=False, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        elif method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", "0")
        connection.endheaders(body)
        return connection.getresponse()

    def send(self, method, path, headers, body, who=""):
        """A request and its whole answer; a connection that the server closed in between is opened again, once."""
        headers, certificate = identities.split(who, headers)
        for attempt in (1, 2):
            fresh = certificate not in self.connections
            if fresh:
                self.connections[certificate] = self.connect(certificate)
            try:
                response = self.request(self.connections[certificate], method, path, headers, body)
                data = response.read()
                if response.will_close:
                    self.close(certificate)
                return Answer(response.status, response.getheaders(), unpacked(response, data))
            except (http.client.HTTPException, OSError) as e:
                self.close(certificate)
                if fresh or attempt == 2:
                    return Answer(0, [], ("no answer: %s" % type(e).__name__).encode())

    def close(self, certificate):
        self.connections.pop(certificate).close()

    # watches: connections of their own

    def watch(self, name, path, headers, who=""):
        headers, certificate = identities.split(who, headers)
        connection = self.connect(certificate)
        response = self.request(connection, "GET", path, headers, None)
        self.open[name] = (connection, response)
        if response.status != 200 or "application/json" not in response.getheader("content-type", ""):
            data = unpacked(response, response.read()) if response.status != 200 else b""
            return Answer(response.status, response.getheaders(), data)
        return Answer(response.status, response.getheaders(), b"")

    def read(self, name, wanted):
        """`wanted` events, or as many as come before it is quiet or over; then the connection goes, unless named again."""
        connection, response = self.open[name]
        events, until = [], time.monotonic() + QUIET * (1 if wanted == 0 else 4)
        if response.status == 200 and response.fp:
            while len(events) < wanted or wanted == 0:
                left = until - time.monotonic()
                if left <= 0:
                    break
                connection.sock.settimeout(max(left, 0.01)) if connection.sock else None
                try:
                    line = response.readline()
                except (OSError, http.client.HTTPException):
                    break
                if not line:
                    break
                events.append(line)
                until = time.monotonic() + (QUIET if wanted == 0 else QUIET * 4)
        return Answer(response.status, response.getheaders(), b"", events)

    def end(self):
        for connection, response in self.open.values():
            response.close()
            connection.close()
        self.open = {}
        for certificate in [c for c in self.connections if c]:
            self.close(certificate)


def unpacked(response, data):
    return gzip.decompress(data) if response.getheader("content-encoding") == "gzip" and data else data


def json_or_none(data):
    try:
        return json.loads(data)
    except ValueError:
        return None
