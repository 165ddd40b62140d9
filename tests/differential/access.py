# SPDX-License-Identifier: Apache-2.0
"""Who may do what, asked by reviews: access.txt has the objects, the users and the questions, of which each user is asked each."""
import itertools
import os

import yaml_text
from corpus import Request, Sequence, json_body

REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
JSON = [("Content-Type", "application/json")]


def words(line):
    return [word.split(",") for word in line.split()]


def resource(text):
    """resource[.group][/subresource]"""
    name, _, sub = text.partition("/")
    plural, _, group = name.partition(".")
    return {k: v for k, v in (("resource", plural), ("group", group), ("subresource", sub)) if v}


def questions(line):
    """VERBS RESOURCES NAMESPACES NAMES [SELECTORS], each a list with commas; - is nothing. A resource that is a path begins with /."""
    columns = words(line) + [["-"]]
    for verb, what, ns, name, selector in itertools.product(*columns[:5]):
        if what.startswith("/"):
            yield {"nonResourceAttributes": {"verb": verb, "path": what}}
            continue
        out = dict(resource(what), verb=verb)
        out.update({k: v for k, v in (("namespace", ns), ("name", name)) if v != "-"})
        if selector != "-":
            key, _, value = selector.partition("=")
            out["fieldSelector"] = {"requirements": [{"key": key, "operator": "In", "values": [value]}]}
        yield {"resourceAttributes": out}


def user(text):
    """NAME[|GROUP…], with + between groups."""
    name, _, groups = text.partition("|")
    out = {"user": name}
    if groups:
        out["groups"] = groups.split("+")
    return out


def sequences(schema, options):
    sequence, users = None, []
    for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "access.txt")):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            if sequence:
                yield sequence
            sequence, users = Sequence("access table", line[3:], bare=True), []
        elif line.startswith("  "):
            sequence.requests[-1].body = json_body(yaml_text.load_all(line[2:])[0])
            sequence.requests[-1].headers = list(JSON)
        elif line.startswith("users "):
            users = line.split()[1:]
        elif line.split()[0] in ("POST", "DELETE"):
            sequence.requests.append(Request(*line.split()))
        elif line.split()[0] == "UNTIL":
            _, path, who = line.split(None, 2)
            sequence.requests.append(Request("UNTIL", path, count=200, who=who))
        else:
            for one, question in itertools.product(users, questions(line)):
                sequence.requests.append(Request("POST", REVIEW, JSON, json_body({"spec": dict(user(one), **question)})))
    yield sequence
