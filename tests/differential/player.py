# SPDX-License-Identifier: Apache-2.0
"""Plays sequences against one server and gives their normalised answers."""
import json
import re
import time
import zlib

from normal import Normal

SETTLE = 10  # seconds that an UNTIL waits at most
JSON = [("Content-Type", "application/json")]


class Player:
    def __init__(self, target):
        self.target, self.count = target, 0

    def play(self, sequence):
        known = {"ns": "n%08x" % zlib.crc32(str(sequence).encode())}  # the same in every run
        if not sequence.bare:
            self.namespace(known["ns"])
        try:
            return [self.step(request, known) for request in sequence.requests]
        finally:
            self.target.end()

    def namespace(self, name):
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        self.target.send("POST", "/api/v1/namespaces", JSON, json.dumps(made).encode())
        self.target.send("POST", "/api/v1/namespaces/%s/serviceaccounts" % name, JSON, json.dumps(account).encode())

    def step(self, request, known):
        def filled(text):
            return re.sub(r"<([a-z][a-z0-9]*)>", lambda m: known.get(m[1], m[0]), text)

        path = filled(request.path)
        headers = [(k, filled(v)) for k, v in request.headers]
        body = request.body
        if body is not None and len(body) < 100000 and b"<" in body:
            try:
                body = filled(body.decode()).encode()
            except UnicodeDecodeError:
                pass
        who = filled(request.who)
        if request.method == "SIGN":
            known[request.name] = self.target.identities.token(json.loads(body))
            return {"code": 0, "headers": {}, "body": None}
        answer = self.answer(request, path, headers, body, who)
        for name, place in request.keep:
            known[name] = str(at(answer, place))
        self.count += 1
        # as the corpus has it: what came from an earlier answer is not the client's own
        sent = request.path + (request.body[:100000].decode("utf-8", "replace") if request.body else "")
        normal = Normal(sent).answer(answer)
        return in_order(normal) if request.unordered else normal

    def answer(self, request, path, headers, body, who):
        if request.method == "OPEN":
            return self.target.watch(request.name, path, headers, who)
        if request.method == "READ":
            return self.target.read(request.name, request.count)
        if request.method == "UNTIL":
            return self.until(request, path, headers, who)
        return self.target.send(request.method, path, headers, body, who)

    def until(self, request, path, headers, who):
        end = time.monotonic() + SETTLE
        while True:
            answer = self.target.send("GET", path, headers, None, who)
            ready = answer.code == request.count and (request.body or b"") in answer.body
            if ready or time.monotonic() > end:
                return answer
            time.sleep(0.02)


def in_order(normal):
    """The causes of a Status, and the words of its message, sorted."""
    body = normal["body"]
    if isinstance(body, dict) and "causes" in (body.get("details") or {}):
        body["details"]["causes"].sort(key=lambda cause: sorted(cause.items()))
        body["message"] = sorted(body["message"].replace("[", "").rstrip("]").replace(" is invalid: ", ", ").split(", "))
    return normal


def at(answer, place):
    """A value in the body: metadata.resourceVersion, items[0].metadata.name, or a header as `header etag`."""
    if place.startswith("header "):
        return next((v for k, v in answer.headers if k.lower() == place[7:].lower()), "none")
    try:
        value = json.loads(answer.body)
        for step in re.findall(r"[^.\[\]]+", place):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value
    except (ValueError, LookupError, TypeError):
        return "none"
