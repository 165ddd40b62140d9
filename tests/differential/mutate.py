# SPDX-License-Identifier: Apache-2.0
"""Mutations of a valid object, from the field tables: each field dropped, emptied, retyped, out of range, badly formed,
twice, with an unknown neighbour; each absent field added. mutations(schema, object) yields (label, JSON text)."""
import copy
import json

LONG = "x" * 300
DUPLICATE = "\x01duplicate\x01"

OTHER_TYPES = [("string", "text"), ("number", 7), ("bool", True), ("object", {}), ("list", []), ("null", None)]
TEXTS = [("empty", ""), ("upper", "Upper_Case!"), ("long", LONG), ("dashes", "-x-"), ("space", "a b"), ("slashes", "a/b/c"),
         ("dots", "../x"), ("number", "12"), ("percent", "%"), ("absolute", "/abs"), ("ip", "192.0.2.300"),
         ("subdomain", "a.example.com"), ("letter", "x"), ("label", "UPPER"), ("unicode", "ä")]
INTEGERS = [("minus", -1), ("zero", 0), ("one", 1), ("port", 70000), ("int32", 2147483647), ("over", 2147483648), ("huge", 2 ** 63),
            ("fraction", 1.5), ("float", 2.0)]
QUANTITIES = [("minus", "-1"), ("word", "abc"), ("dots", "1.2.3"), ("zero", "0"), ("milli", "1500m"), ("number", 5), ("unit", "1Qi"),
              ("huge", "1e30"), ("nano", "1n"), ("odd", "1.7Gi")]
INT_OR_STRING = [("minus", -1), ("zero", 0), ("port", 70000), ("percent", "101%"), ("minus percent", "-1%"), ("word", "http"),
                 ("bad", "Bad_Name"), ("empty", ""), ("zero percent", "0%"), ("long", "a-name-that-is-too-long"), ("fraction", 1.5)]
TIMES = [("word", "yesterday"), ("date", "2026-01-02"), ("zone", "2026-01-02T03:04:05+02:00"), ("fraction", "2026-01-02T03:04:05.5Z"),
         ("old", "0001-01-01T00:00:00Z")]
BYTES = [("bad", "!!!"), ("empty", ""), ("unpadded", "YQ"), ("url", "_-8=")]
KEYS = [("upper", "Upper Case"), ("slash", "a/b/c"), ("empty", ""), ("long", LONG), ("dash", "-x"), ("plain", "x"), ("env", "1=A")]
BY_TYPE = {"string": TEXTS, "int32": INTEGERS, "int64": INTEGERS, "double": INTEGERS, "Quantity": QUANTITIES, "Time": TIMES,
           "IntOrString": INT_OR_STRING, "MicroTime": TIMES, "bytes": BYTES, "bool": [("true", True), ("false", False)],
           "Duration": [("word", "x"), ("short", "5s")]}
PLAUSIBLE = {"string": "x", "int32": 1, "int64": 1, "double": 1.5, "bool": True, "Quantity": "1", "IntOrString": 1, "bytes": "YQ==",
             "Time": "2026-01-02T03:04:05Z", "MicroTime": "2026-01-02T03:04:05.000000Z", "Duration": "1s"}


class Place:
    """A value in an object: the way to it, and what the tables say about it."""

    def __init__(self, path, type, prefix, field):
        self.path, self.type, self.prefix, self.field = path, type, prefix, field

    def __str__(self):
        out = ""
        for step in self.path:
            out += "[%d]" % step if isinstance(step, int) else ("." if out else "") + step
        return out or "."


def places(schema, value, type, prefix, path=(), field=None):
    """Each value below `value`, outer ones first."""
    yield Place(path, type, prefix, field)
    if type.startswith("[]") or type.startswith("boxed[]") or type.startswith("map[]"):
        item = type[type.index("[]") + 2:]
        steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, v in steps:
            yield from places(schema, v, item, prefix, path + (key,))
    elif isinstance(value, dict):
        for key, f in (schema.fields(type, prefix) or {}).items():
            if key in value:
                own = f.item().split(".")[0] if "/" in f.item() else f.prefix
                yield from places(schema, value[key], f.type, own, path + (key,), f)


def at(object, path):
    for step in path:
        object = object[step]
    return object


def put(object, path, value):
    out = copy.deepcopy(object)
    if not path:
        return value
    at(out, path[:-1])[path[-1]] = value
    return out


def without(object, path):
    out = copy.deepcopy(object)
    del at(out, path[:-1])[path[-1]]
    return out


def enumerated(field):
    for key in ("enum", "known"):
        for word in (field.word(key) or "").split("|") if field and field.word(key) else ():
            yield "is " + word, word


def of_text(place):
    yield from TEXTS
    yield from enumerated(place.field)


def of_list(value):
    yield "empty", []
    yield "of null", [None]
    if value:
        yield "twice", value + [value[0]]
        yield "of text", ["text"]
        yield "of maps", [{}]
    if len(value) > 1:
        yield "reversed", value[::-1]
        yield "one", value[:1]


def of_map(value):
    yield "empty", {}
    for name, key in KEYS:
        if value:
            yield "key " + name, dict(value, **{key: next(iter(value.values()))})


def of_message(schema, place, value):
    yield "empty", {}
    yield "unknown", dict(value, unknownField=1)
    for key, f in (schema.fields(place.type, place.prefix) or {}).items():
        if key not in value:
            yield "with " + key, dict(value, **{key: plausible(schema, f)})
        elif key.lower() != key:
            yield "case of " + key, {k.lower() if k == key else k: v for k, v in value.items()}


def plausible(schema, field):
    if field.is_list():
        return [PLAUSIBLE.get(field.item(), {})]
    if field.is_map():
        return {"k": PLAUSIBLE.get(field.item(), {})}
    return PLAUSIBLE.get(field.type, {})


def of_place(schema, place, value):
    if place.type in BY_TYPE:
        yield from of_text(place) if place.type == "string" else BY_TYPE[place.type]
    elif isinstance(value, list):
        yield from of_list(value)
    elif place.type.startswith("map[]"):
        yield from of_map(value)
    elif isinstance(value, dict):
        yield from of_message(schema, place, value)


def text(tree):
    """As clients write it: upstream compares what it doesn't decode (RawExtensions) by its bytes."""
    return json.dumps(tree, separators=(",", ":"))


def twice(object, path):
    """The text of an object with the key at path written twice."""
    marked = put(object, path[:-1] + (DUPLICATE,), at(object, path))
    return text(marked).replace(json.dumps(DUPLICATE), json.dumps(path[-1]))


def mutations(schema, object):
    kind = schema.kind_of(object)
    for place in places(schema, object, kind.kind, kind.prefix):
        value = at(object, place.path)
        named = place.path and isinstance(place.path[-1], str)
        if named:
            yield "%s dropped" % place, text(without(object, place.path))
            yield "%s twice" % place, twice(object, place.path)
        if place.path:
            for name, other in OTHER_TYPES:
                if type(other) is not type(value):
                    yield "%s as %s" % (place, name), text(put(object, place.path, other))
        for name, other in of_place(schema, place, value):
            if other != value or type(other) is not type(value):
                yield "%s %s" % (place, name), text(put(object, place.path, other))
