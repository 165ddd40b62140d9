# SPDX-License-Identifier: Apache-2.0
"""Mutations of each full object (mutate.py), drawn by the seed: as creations and, on the object once it is there, as updates; all of
them dry runs. A quarter of those with a field too many or twice asks for each of the ways to treat it."""
import json
import random

from corpus import Request, Sequence
from kinds import JSON_TYPE, objects, patch, send
import mutate

VALIDATION = ["", "&fieldValidation=Strict", "&fieldValidation=Warn", "&fieldValidation=Ignore"]
STRICTNESS = ("unknown", "twice", "case of")
# Made for real only where nothing but a request changes the object afterwards, and where its name is free.
NOT_MADE = {"CertificateSigningRequest", "Namespace", "APIService", "FlowSchema", "PriorityLevelConfiguration"}


def drawn(rng, schema, object, count):
    cases = list(mutate.mutations(schema, object))
    return cases if count >= len(cases) else rng.sample(cases, count)


PATCHES = {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json",
           "apply": "application/apply-patch+yaml"}


def request(rng, method, path, label, body, patch=None):
    validation = rng.choice(VALIDATION) if any(word in label for word in STRICTNESS) else ""
    query = "?dryRun=All&fieldManager=m" + validation + ("&force=true" if patch == "apply" else "")
    content = ("Content-Type", PATCHES[patch]) if patch else JSON_TYPE
    return Request(method, path + query, [content], body.encode(), name="%s %s" % (label, patch) if patch else label)


def created(rng, schema, kind, object, count):
    return [request(rng, "POST", kind.path("<ns>"), label, body) for label, body in drawn(rng, schema, object, count)]


RUNTIME = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "kata"}, "handler": "kata",
           "overhead": {"podFixed": {"cpu": "100m", "memory": "10Mi"}}}
RUNTIMES = "/apis/node.k8s.io/v1/runtimeclasses"


def surrounded(object, requests):
    """With what the object names, there before it and gone after it."""
    needed = object.get("spec", {}).get("runtimeClassName") if object["kind"] == "Pod" else None
    before, after = [send("POST", RUNTIMES, RUNTIME)], [Request("DELETE", RUNTIMES + "/kata")]
    return before + requests + after if needed else requests


def at_home(object):
    """What it refers to in the namespace default is in the sequence's own."""
    return json.loads(json.dumps(object).replace('"namespace": "default"', '"namespace": "<ns>"'))


def updated(rng, schema, kind, object, count):
    one = kind.path("<ns>", object["metadata"]["name"])
    made = send("POST", kind.path("<ns>"), object)
    made.keep = [("rv", "metadata.resourceVersion")]
    current = dict(object, metadata=dict(object["metadata"], resourceVersion="<rv>"))
    yield made
    for label, body in drawn(rng, schema, current, count):
        yield request(rng, "PUT", one, label, body)
    yield Request("DELETE", one + "?gracePeriodSeconds=0")
    yield patch(one, "merge", {"metadata": {"finalizers": None}})


def patched(rng, schema, kind, object, count):
    """Each mutation of the whole object as a patch of the object itself."""
    one = kind.path("<ns>", object["metadata"]["name"])
    yield send("POST", kind.path("<ns>"), object)
    for label, body in drawn(rng, schema, object, count):
        yield request(rng, "PATCH", one, label, body, rng.choice(sorted(PATCHES)))
    yield Request("DELETE", one + "?gracePeriodSeconds=0")
    yield patch(one, "merge", {"metadata": {"finalizers": None}})


def sequences(schema, options):
    for (version, name), of_kind in objects().items():
        kind = schema.kinds[version, name]
        for object in map(at_home, of_kind):
            title = "%s.%s %s" % (kind.plural, kind.group or "core", object["metadata"]["name"])
            rng = random.Random("%d %s" % (options.seed, title))
            yield Sequence("mutations", title + " created",
                           surrounded(object, created(rng, schema, kind, object, options.count)), recorded=False)
            if name not in NOT_MADE:
                topic, words, make = "mutations", " updated", updated
                if options.focus.startswith("patched"):  # a run of its own: some of its answers still differ
                    topic, words, make = "patched", "", patched
                yield Sequence(topic, title + words,
                               surrounded(object, list(make(rng, schema, kind, object, options.count))), recorded=False)
