# SPDX-License-Identifier: Apache-2.0
"""The corpus: sequences of requests, each on a namespace of its own. topics/*.txt are read here (docs/differential.md explains
the form); a generator makes the same Sequence and Request objects."""
import copy
import json
import os
import re

import yaml_text

PATCHES = {"json": "application/json-patch+json", "merge": "application/merge-patch+json",
           "strategic": "application/strategic-merge-patch+json", "apply": "application/apply-patch+yaml",
           "cbor": "application/apply-patch+cbor"}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
META = "application/json;as=PartialObjectMetadata%s;v=v1;g=meta.k8s.io"
ACCEPTS = {"table": TABLE, "meta": META % "", "metalist": META % "List", "yaml": "application/yaml",
           "protobuf": "application/vnd.kubernetes.protobuf", "cbor": "application/cbor"}
WORDS = dict(PATCHES, **{"as:" + word: value for word, value in ACCEPTS.items()})
BODIES = {"yaml": "application/yaml", "protobuf": "application/vnd.kubernetes.protobuf", "form": "application/x-www-form-urlencoded"}


LAST = ["crds", "values"]  # topics that leave something behind which others would see


class Request:
    """One step. method is an HTTP method, or OPEN (a watch called name), READ (events of it), UNTIL (a GET until it has the code
    `count` and contains the body), SIGN (a token called name with the claims of the body). who: as identities.py explains it."""

    def __init__(self, method, path, headers=(), body=None, name=None, count=0, who=""):
        self.method, self.path, self.headers, self.body, self.who = method, path, list(headers), body, who
        self.name, self.count, self.keep = name, count, []
        self.unordered = False  # upstream walks a map: its complaints come in any order

    def by(self, who):
        """The same, made by someone else."""
        other = copy.copy(self)
        other.who = who
        return other

    def label(self):
        if self.method in ("OPEN", "READ", "SIGN"):
            return "%s %s" % (self.method, self.name)
        if self.name:
            return "%s %s: %s" % (self.method, self.path, self.name)
        words = [self.method, self.path if len(self.path) < 160 else self.path[:150] + "…"]
        for name, value in self.headers:
            words += [word for word, known in WORDS.items() if known == value and name in ("Accept", "Content-Type")]
        if self.who:
            words += ["AS", self.who]
        return " ".join(words)


class Sequence:
    """Requests in order, on a fresh namespace `<ns>` with a ServiceAccount `default`, unless `bare`."""

    def __init__(self, topic, title, requests=None, bare=False, recorded=True):
        self.topic, self.title, self.requests, self.bare = topic, title, requests or [], bare
        self.recorded = recorded  # belongs to the part that is replayed without upstream

    def __str__(self):
        return "%s: %s" % (self.topic, self.title)


def identity(words):
    """Short for a certificate: node NAME, user NAME [GROUP…]; admin is nobody else."""
    kind, *rest = words.split()
    if kind == "node":
        return "certificate /O=system:nodes/CN=system:node:" + rest[0]
    if kind == "user":
        return "certificate %s/CN=%s" % ("".join("/O=" + group for group in rest[1:]), rest[0])
    return "" if kind == "admin" else words


def json_body(tree):
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


class Reader:
    def __init__(self, path, resources):
        self.topic = os.path.basename(path)[:-4]
        self.lines = open(path).read().split("\n")
        self.resources, self.i, self.whos = resources, 0, [""]

    def sequences(self):
        out, current = [], None
        while self.i < len(self.lines):
            line = self.lines[self.i]
            if line.startswith("== "):
                title, marks = re.match(r"== (.*?)((?: \([a-z]+\))*)$", line.rstrip()).groups()
                current = Sequence(self.topic, title, bare="(bare)" in marks, recorded="(live)" not in marks)
                out.append(current)
                self.whos = [""]
                self.i += 1
            elif line.startswith("AS "):
                self.whos = [identity(words) for words in line[3:].split(" | ")]
                self.i += 1
            elif not line.strip() or line.startswith("#"):
                self.i += 1
            else:
                request = self.request()
                current.requests += [request.by(who) for who in self.whos]
        return out

    def request(self):
        words = self.lines[self.i].split(" ")
        number = self.i + 1
        self.i += 1
        method = words[0]
        if method == "SIGN":
            request = Request("SIGN", "", name=words[1])
            self.rest(request, False)
            return request
        if method == "READ":
            return Request("READ", "", name=words[1], count=int(words[2]) if len(words) > 2 else 0)
        name = words.pop(1) if method == "OPEN" else None
        path, headers, raw, count, unordered = self.path(words[1]), [], False, 0, False
        if method == "UNTIL":
            count = int(words.pop(2))
        for word in words[2:]:
            if word in PATCHES and method == "PATCH":
                headers.append(("Content-Type", PATCHES[word]))
            elif word.startswith("as:"):
                headers.append(("Accept", ACCEPTS[word[3:]]))
            elif word == "unordered":
                unordered = True
            elif word in BODIES:
                headers.append(("Content-Type", BODIES[word]))
                raw = True
            else:
                raise ValueError("%s:%d: unknown word %s" % (self.topic, number, word))
        request = Request(method, path, headers, name=name, count=count)
        request.unordered = unordered
        self.rest(request, raw)
        return request

    def path(self, path):
        """@pods/x is /api/v1/namespaces/<ns>/pods/x; @apps/deployments where a plural has several groups."""
        if path[0] != "@":
            return path
        m = re.match(r"@([a-z0-9.]+/[a-z]+)(?![a-z])", path)
        if not m or m[1] not in self.resources:
            m = re.match(r"@([a-z]+)", path)
        return self.resources.get(m[1], "/api/v1/namespaces/<ns>/" + m[1]) + path[m.end():]

    def rest(self, request, raw):
        body, headers = [], []
        while self.i < len(self.lines):
            line = self.lines[self.i]
            if re.match(r"[A-Za-z0-9.%-]+: ", line) and not body:
                headers.append(tuple(line.split(": ", 1)))
            elif line.startswith("  > "):
                name, path = line[4:].split(" = ")
                request.keep.append((name.strip(), path.strip()))
            elif line.startswith("  "):
                body.append(line[2:])
            else:
                break
            self.i += 1
        for name, value in headers:
            request.headers = [h for h in request.headers if h[0].lower() != name.lower()]
            if name == "Repeat":  # N TEXT: the body is TEXT, N times
                count, text = value.split(" ", 1)
                request.body = (text * int(count)).encode()
            elif value != "-":
                request.headers.append((name, value))
        if body:
            request.body = self.body(body, raw)
        if request.body is not None and not any(h[0].lower() == "content-type" for h in request.headers + headers):
            request.headers.append(("Content-Type", "application/json"))

    @staticmethod
    def body(lines, raw):
        if lines[0] == "|":
            return "\n".join(lines[1:]).encode()
        if lines[0].startswith("hex "):
            return bytes.fromhex("".join(lines)[4:])
        text = "\n".join(lines)
        return text.encode() + b"\n" if raw else json_body(yaml_text.load_all(text)[0])


def resources(schema):
    """plural, or group/plural, to the path of the collection in the sequence's namespace; the newest version wins."""
    out = {}
    for kind in schema.kinds.values():
        path = kind.path("<ns>")
        for key in (kind.plural, "%s/%s" % (kind.group or "core", kind.plural)):
            old = out.get(key, "")
            if not old or len(path) < len(old) or path > old and not old.startswith("/api/"):
                out[key] = path
    return out


def read_topics(directory, schema):
    table = resources(schema)
    for name in sorted(os.listdir(directory), key=lambda n: (n[:-4] in LAST, n)):
        if name.endswith(".txt"):
            yield from Reader(os.path.join(directory, name), table).sequences()
