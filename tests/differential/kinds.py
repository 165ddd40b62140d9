# SPDX-License-Identifier: Apache-2.0
"""The life of each kind: listed empty, refused, made, read and listed in every form, updated, patched, applied by two, watched,
deleted. What each request says follows from the kind's row in the schema and from its first object in objects/."""
import copy
import glob
import os

import yaml_text
from corpus import ACCEPTS, PATCHES, Request, Sequence, json_body

HERE = os.path.dirname(os.path.abspath(__file__))
JSON_TYPE = ("Content-Type", "application/json")
FORMS = ["json", "yaml", "protobuf", "table", "meta"]
LIST_FORMS = ["json", "yaml", "protobuf", "table", "metalist"]
TABLES = ["None", "Metadata", "Object", "Bogus"]
SELECTIONS = ["labelSelector=differential%3Dyes", "labelSelector=!differential", "limit=1", "resourceVersion=0",
              "fieldSelector=metadata.name%3Dnobody", "fieldSelector=metadata.namespace%3D<ns>", "fieldSelector=spec.nonsense%3Dx",
              "resourceVersion=0&resourceVersionMatch=Exact", "resourceVersionMatch=NotOlderThan", "limit=0&continue=junk"]


def objects():
    """Objects by (apiVersion, kind), in the order of the files; those that belong to a namespace of their own are left out."""
    out = {}
    for path in sorted(glob.glob(os.path.join(HERE, "objects", "*.yaml"))):
        for o in yaml_text.load_all(open(path).read()):
            if o["metadata"].get("namespace", "default") == "default":
                o["metadata"].pop("namespace", None)
                out.setdefault((o["apiVersion"], o["kind"]), []).append(o)
    return out


def accepting(form):
    return [("Accept", ACCEPTS[form])] if form in ACCEPTS else []


def get(path, form="json"):
    return Request("GET", path, accepting(form))


def send(method, path, tree):
    return Request(method, path, [("Content-Type", "application/json")], json_body(tree))


def patch(path, form, tree):
    return Request("PATCH", path, [("Content-Type", PATCHES[form])], json_body(tree))


def labelled(object, **labels):
    out = copy.deepcopy(object)
    out["metadata"].setdefault("labels", {}).update(labels)
    return out


def called(kind):
    return "%s.%s.%s" % (kind.plural, kind.version, kind.group or "core")


class Life:
    def __init__(self, kind, object):
        self.kind, self.object, self.name = kind, object, object["metadata"]["name"]
        self.all = kind.path("<ns>")
        self.one = self.all + "/" + self.name

    def sequences(self):
        head = {"apiVersion": self.object["apiVersion"], "kind": self.object["kind"]}
        for title, requests in [("refused", self.refused(head)), ("life", self.life(head))]:
            yield Sequence("kinds", "%s %s" % (called(self.kind), title), requests)

    def refused(self, head):
        """Nothing of this makes an object."""
        named = dict(head, metadata={"name": self.name})
        for form in LIST_FORMS:
            yield get(self.all + "?labelSelector=differential", form)
        yield get(self.one + "-none")
        yield Request("DELETE", self.one + "-none")
        yield send("PUT", self.one + "-none", labelled(self.object))
        for form in ("merge", "strategic", "json"):
            yield patch(self.one + "-none", form, [] if form == "json" else {})
        for tree in ({}, head, named, dict(named, kind="Wrong"), dict(named, apiVersion="wrong/v1"), [named], None, "text",
                     dict(self.object, metadata={"name": "Bad_Name"}), dict(self.object, metadata={}), dict(self.object, metadata=7),
                     dict(self.object, metadata={"name": self.name, "namespace": "other"}),
                     dict(self.object, metadata={"name": self.name, "resourceVersion": "7"}),
                     dict(self.object, metadata={"name": self.name, "labels": {"-bad-": "*"}, "annotations": {"a b": "c"}}),
                     dict(self.object, metadata={"name": self.name, "ownerReferences": [{"kind": "x"}], "finalizers": ["no domain"]})):
            yield send("POST", self.all + "?dryRun=All", tree)
        odd = dict(self.object, unknown=1)
        for validation in ("Ignore", "Warn", "Strict", "Bogus"):
            yield send("POST", self.all + "?dryRun=All&fieldValidation=" + validation, odd)
        yield send("POST", self.all + "?dryRun=All&fieldManager=" + "m" * 129, self.object)
        yield send("POST", self.all + "?dryRun=Some", self.object)
        yield send("POST", self.one, self.object)
        yield send("PUT", self.all, self.object)
        yield patch(self.all, "merge", {})
        yield get(self.one + "/nonsense")
        yield patch(self.one, "apply", dict(named, spec="text"))

    def life(self, head):
        named = dict(head, metadata={"name": self.name})
        made = send("POST", self.all + "?fieldManager=maker", self.object)
        made.keep = [("rv", "metadata.resourceVersion"), ("uid", "metadata.uid")]
        yield send("POST", self.all + "?dryRun=All&fieldManager=maker", self.object)
        yield made
        yield send("POST", self.all, self.object)
        yield Request("OPEN", self.all + "?watch=1&resourceVersion=<rv>&fieldSelector=metadata.name%3D" + self.name, name="w")
        yield from self.read()
        yield from self.update(named)
        yield from self.patches(named)
        yield from self.subresources(named)
        yield Request("READ", "", name="w", count=2)
        yield from self.delete()

    def read(self):
        for form in FORMS:
            yield get(self.one, form)
        for form in LIST_FORMS:
            yield get(self.all + "?fieldSelector=metadata.name%3D" + self.name, form)
        for include in TABLES:
            yield get(self.one + "?includeObject=" + include, "table")
        for selection in SELECTIONS:
            more = "" if "fieldSelector" in selection or "limit" in selection or "Version" in selection else \
                "&fieldSelector=metadata.name%3D" + self.name
            yield get(self.all + "?" + selection + more, "metalist")
        yield get(self.one + "?resourceVersion=0")

    def update(self, named):
        yield send("PUT", self.one + "?fieldManager=maker", self.object)
        yield send("PUT", self.one + "?fieldManager=other&dryRun=All", labelled(self.object, differential="yes"))
        yield send("PUT", self.one + "?fieldManager=other", labelled(self.object, differential="yes"))
        now = get(self.one)
        now.keep = [("now", "metadata.resourceVersion")]
        yield now
        current = labelled(self.object, differential="yes", current="yes")
        current["metadata"]["resourceVersion"] = "<now>"
        yield send("PUT", self.one + "?fieldManager=other", current)
        yield send("PUT", self.one, dict(self.object, metadata={"name": self.name, "resourceVersion": "1"}))
        yield send("PUT", self.one, dict(self.object, metadata={"name": self.name, "uid": "x"}))
        yield send("PUT", self.one, dict(self.object, metadata={"name": "another"}))
        yield send("PUT", self.one + "?dryRun=All", named)

    def patches(self, named):
        meta = {"metadata": {"labels": {"differential": "no", "more": "x"}}}
        yield patch(self.one + "?fieldManager=m", "merge", meta)
        yield patch(self.one + "?fieldManager=m&dryRun=All", "strategic", {"metadata": {"labels": {"more": None}, "finalizers": ["a.b/c"]}})
        yield patch(self.one + "?fieldManager=m&dryRun=All", "json", [{"op": "add", "path": "/metadata/annotations", "value": {"q": "r"}}])
        yield patch(self.one + "?dryRun=All", "json", [{"op": "test", "path": "/metadata/name", "value": "zzz"}])
        yield patch(self.one + "?dryRun=All", "json", [{"op": "remove", "path": "/metadata/name"}])
        yield patch(self.one + "?dryRun=All&fieldManager=m", "merge", {"metadata": {"name": "renamed"}})
        yield patch(self.one + "?dryRun=All&fieldManager=m", "merge", {"unknown": 1})
        one = dict(named, metadata={"name": self.name, "labels": {"applied": "one"}})
        two = dict(named, metadata={"name": self.name, "labels": {"applied": "two", "second": "x"}})
        yield patch(self.one + "?fieldManager=first", "apply", one)
        yield patch(self.one + "?fieldManager=first", "apply", one)
        yield patch(self.one + "?fieldManager=second", "apply", two)
        yield patch(self.one + "?fieldManager=second&force=true", "apply", two)
        yield patch(self.one + "?fieldManager=first", "apply", named)
        yield patch(self.one + "?fieldManager=third&dryRun=All", "apply", self.object)
        yield patch(self.one + "?fieldManager=third&dryRun=All&force=1", "apply", self.object)

    def subresources(self, named):
        for name in self.kind.subresources:
            if name not in ("status", "scale", "ephemeralcontainers", "resize", "approval"):
                continue
            path = "%s/%s" % (self.one, name)
            yield get(path)
            yield get(path, "table")
            yield get(path, "protobuf")
            yield patch(path + "?fieldManager=sub", "merge", {"metadata": {"annotations": {"from": name}}})
            yield patch(path + "?fieldManager=sub", "merge", {"spec": {"replicas": 3}})
            yield patch(path + "?fieldManager=sub&dryRun=All", "merge", {"status": "text"})
            yield send("PUT", path + "?fieldManager=sub", named)
            yield send("PUT", path + "?fieldManager=sub&dryRun=All", labelled(self.object, status="written"))
            yield patch(path + "?fieldManager=applier", "apply", named)
            yield Request("DELETE", path)
            yield send("POST", path, named)

    def delete(self):
        yield send("DELETE", self.one, {"preconditions": {"uid": "wrong"}})
        yield send("DELETE", self.one, {"preconditions": {"resourceVersion": "1"}})
        yield send("DELETE", self.one, {"propagationPolicy": "Bogus"})
        yield send("DELETE", self.one, {"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"], "gracePeriodSeconds": 0})
        yield Request("DELETE", self.all + "?dryRun=All&labelSelector=more")
        yield send("DELETE", self.one + "?gracePeriodSeconds=0", {"preconditions": {"uid": "<uid>"}})
        yield get(self.one)
        yield patch(self.one + "?dryRun=All", "json", [{"op": "remove", "path": "/metadata/finalizers"}])
        yield patch(self.one, "merge", {"metadata": {"finalizers": None}})
        yield get(self.one)
        yield Request("DELETE", self.all + "?labelSelector=nothing")


def further(kind, object):
    """Another object of a kind that has had its life."""
    one = kind.path("<ns>", object["metadata"]["name"])
    requests = [send("POST", kind.path("<ns>"), object)]
    requests += [get(one, form) for form in FORMS]
    requests += [send("PUT", one, labelled(object, a="c")), Request("DELETE", one), patch(one, "merge", {"metadata": {"finalizers": None}})]
    return Sequence("kinds", "%s %s" % (called(kind), object["metadata"]["name"]), requests)


def sequences(schema, _):
    for key, found in objects().items():
        kind = schema.kinds[key]
        for sequence in Life(kind, found[0]).sequences():
            sequence.requests = list(sequence.requests)
            yield sequence
        for object in found[1:]:
            yield further(kind, object)
