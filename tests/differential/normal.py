# SPDX-License-Identifier: Apache-2.0
"""What two servers may disagree on without anybody noticing, replaced: UIDs, times, revisions, tokens, allocated addresses
and ports, random name endings. What is left is compared."""
import json
import re

import protobuf_text

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\b2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
ENCODED = re.compile(r"\bZXlKa[A-Za-z0-9+/]{40,}=*")  # a token in a Secret
DAY = re.compile(r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")
JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
ADDRESS = re.compile(r"\b10\.43\.[0-9]{1,3}\.[0-9]{1,3}\b(?!/)")
HOST = re.compile(r"127\.0\.0\.1:[0-9]{4,5}")
REVISION_TEXT = re.compile(r"([rR]esource ?[vV]ersion:? |ResourceVersion in record |revision |too old resource version: |ResourceVersion in object meta: |, current: )\(?[0-9]+( \([0-9]+\))?")
YAML_REVISION = re.compile(r'(resourceVersion: )"[0-9]+"')
TOKENS = re.compile(r"\bkube-api-access-[a-z0-9]{5}\b")
CREDENTIAL = re.compile(r"X509SHA256=[0-9a-f]{64}")
PATCHED = re.compile(r'(Invalid value: )"\{(?:[^"\\]|\\.)*\}"')  # the whole object, in the order that a library left it
PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?")
CONTINUE = re.compile(r"continue: [A-Za-z0-9_-]{30,}")
HASH = re.compile(r"hash=[0-9A-F]+")
LINES = re.compile(r"(?:\n|: )@@ -[0-9].*?(?:\n?(?=, [a-z][\w.\[\]]*: [A-Z])|\n(?=\]\Z)|\s*\Z)", re.S)  # upstream shows what changed in its own internal structures
TEMPLATE = re.compile(r'Invalid value: \{(?:(?!Invalid value: ).)*?"(?:Spec|spec)":.*?\}: field is immutable', re.S)  # internal, too
USAGE = re.compile(r"- name: metrics\.k8s\.io\n(?:  .*\n)*")  # served here without an add-on, there with one
AGE = re.compile(r"^(<invalid>|[0-9]+(ms|[smhdy])([0-9]+[smhd])?)$")



def is_usage(v):
    """The group of what nodes and pods use, in lists of groups and of APIServices."""
    names = (v.get("name"), (v.get("metadata") or {}).get("name")) if isinstance(v, dict) and isinstance(v.get("metadata") or {}, dict) else ()
    return "metrics.k8s.io" in names or "v1beta1.metrics.k8s.io" in names


SILENT = {"date", "content-length", "connection", "transfer-encoding"}  # said by every answer, of no consequence
PRESENT = {"audit-id", "process-start-time-unix", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid", "etag", "last-modified"}
PORTS = {"nodePort", "healthCheckNodePort"}


class Normal:
    """For the answer to one request: what the client itself wrote stays."""

    def __init__(self, sent=""):
        self.sent, self.undescribed = sent, sent.startswith("/openapi/")
        prefix = re.search(r'"generateName": ?"([^"]+)"', sent)
        self.random = prefix and re.compile(re.escape(prefix[1][:58]) + "[a-z0-9]{5}\\b")

    def text(self, s):
        s = UUID.sub(lambda m: m[0] if m[0] in self.sent else "<uid>", s)
        s = TIME.sub(lambda m: m[0] if m[0] in self.sent else "<time>", s)
        s = ENCODED.sub("<token>", JWT.sub("<token>", s))
        s = ADDRESS.sub(lambda m: m[0] if m[0] in self.sent else "<address>", s)
        s = HOST.sub("<host>", PEM.sub("<pem>", CONTINUE.sub("continue: <continue>", s)))
        if self.random:
            s = self.random.sub("<generated>", s)
        s = TOKENS.sub("kube-api-access-<random>", CREDENTIAL.sub("X509SHA256=<hash>", s))
        if "metrics.k8s.io" in s:
            s = USAGE.sub("", s)
        if "@@ -" in s:
            s = LINES.sub("", s)
        if ": field is immutable" in s:
            s = TEMPLATE.sub("Invalid value: <template>: field is immutable", s)
        if "patch: Invalid" in s or "Invalid value: \"{" in s:
            s = PATCHED.sub(r'\1"<object>"', s)
        return REVISION_TEXT.sub(lambda m: re.sub("[0-9]+", "<rv>", m[0]), s)

    def tree(self, v, key=None, parent=None):
        if isinstance(v, dict):
            out = {self.text(k): self.tree(x, k, v) for k, x in v.items()
                   if not (self.undescribed and k == "description" and isinstance(x, str))}
            if isinstance(out.get("managedFields"), list):  # ordered by time: what a second holds depends on the speed
                out["managedFields"].sort(key=lambda e: [str(e.get(k)) for k in ("operation", "subresource", "manager", "apiVersion")])
            return out
        if isinstance(v, list):
            return [self.tree(x, key) for x in v if not is_usage(x)]
        if isinstance(v, str):
            return self.leaf(v, key, parent)
        if key in PORTS and isinstance(v, int) and str(v) not in self.sent:
            return "<port>"
        return v

    def leaf(self, v, key, parent):
        if key == "resourceVersion" and v.isdigit() and v != "0":
            return "<rv>"
        if key == "serverRelativeURL":
            return HASH.sub("hash=<hash>", v)
        if key == "continue" and v:
            return "<continue>"
        if key == "uid" and v not in self.sent and v:
            return "<uid>"
        if DAY.match(v) and v not in self.sent:
            return "<day>"
        if key == "cells" and AGE.match(v):
            return "<age>"
        return self.text(v)

    def headers(self, headers):
        out = {}
        for name, value in headers:
            name = name.lower()
            if name not in SILENT:
                value = "<present>" if name in PRESENT else self.text(value)
                out.setdefault(name, []).append(value)
        return {k: v[0] if len(v) == 1 else sorted(v) for k, v in out.items()}

    def body(self, data, kind):
        if not data:
            return None
        if "json" in kind:
            try:
                return self.tree(json.loads(data, object_pairs_hook=pairs))
            except ValueError:
                pass
        if "protobuf" in kind:
            return protobuf_text.normal(data, self)
        try:
            return YAML_REVISION.sub(r"\1<rv>", self.text(data.decode()))
        except UnicodeDecodeError:
            return "<%d bytes>" % len(data)

    def answer(self, a):
        headers = self.headers(a.headers)
        out = {"code": a.code, "headers": headers, "body": self.body(a.body, str(headers.get("content-type", "")))}
        if self.undescribed and isinstance(out["body"], dict):
            plain_parameters(out["body"], out["body"].pop("parameters", {}))
        if a.events is not None:
            out["events"] = [self.body(e, "json") for e in a.events]
        return out


def plain_parameters(tree, shared):
    """Parameters that version 2 keeps apart, put where they are meant; in the order of their names."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "parameters" and isinstance(value, list):
                tree[key] = sorted((shared.get(str(p.get("$ref", "")).rsplit("/", 1)[-1], p) for p in value),
                                   key=lambda p: (str(p.get("in")), str(p.get("name"))))
            else:
                plain_parameters(value, shared)
    elif isinstance(tree, list):
        for value in tree:
            plain_parameters(value, shared)


def pairs(items):
    """A key that is there twice shows."""
    out = dict(items)
    if len(out) != len(items):
        out["<duplicate keys>"] = sorted({k for k, _ in items if sum(1 for n, _ in items if n == k) > 1})
    return out
