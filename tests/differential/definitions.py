# SPDX-License-Identifier: Apache-2.0
"""Odd CustomResourceDefinitions (definitions.txt) and odd objects of them (values.txt): all of the first are dry runs."""
import copy
import json
import os

from corpus import Request, Sequence, json_body
from kinds import JSON_TYPE
import yaml_text

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GOOD = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}


def cases(name):
    """{section: [(title, value)]}"""
    out, section = {}, None
    for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name)):
        if line.startswith("== "):
            section = out.setdefault(line[3:].strip(), [])
        elif line.strip() and not line.startswith("#"):
            title, text = line.rstrip("\n").split(": ", 1)
            section.append((title, next(iter(yaml_text.load_all(text)))))
    return out


def merged(target, patch):
    target = copy.deepcopy(target)
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merged(target.get(key, {}), value) if isinstance(value, dict) and isinstance(target.get(key, {}), dict) else value
    return target


def with_schema(schema):
    out = copy.deepcopy(GOOD)
    out["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema
    return out


def with_field(schema):
    return with_schema({"type": "object", "properties": {"spec": {"type": "object", "properties": {"field": schema}}}})


def dry(title, body):
    return Request("POST", PATH + "?dryRun=All&fieldManager=m", [JSON_TYPE], json_body(body), name=title)


def update(title, change):
    before, after = merged(GOOD, change["before"]), merged(GOOD, change["after"])
    one = "%s/%s" % (PATH, before["metadata"]["name"])
    made = Request("POST", PATH + "?fieldManager=m", [JSON_TYPE], json_body(before), name=title)
    established = Request("UNTIL", one, body=b"InitialNamesAccepted", count=200)
    put = Request("PUT", one + "?dryRun=All&fieldManager=m", [JSON_TYPE], None, name=title)
    put.body = json_body(merged(after, {"metadata": {"resourceVersion": "<rv>"}}))
    established.keep = [("rv", "metadata.resourceVersion")]
    return [made, established, put, Request("DELETE", one), Request("UNTIL", one, count=404)]


def sequences(schema, options):
    all_cases = cases("definitions.txt")
    for section, make in (("field", with_field), ("root", with_schema), ("merge", lambda patch: merged(GOOD, patch))):
        yield Sequence("definitions", section, [dry(title, make(value)) for title, value in all_cases[section]], bare=True)
    for title, change in all_cases["update"]:
        yield Sequence("definitions", "update of " + title, update(title, change), bare=True, recorded=False)
