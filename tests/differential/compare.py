# SPDX-License-Identifier: Apache-2.0
"""Two normalised answers side by side, and the list of differences that are meant."""
import json
import os
import re

NOTHING = object()
UNORDERED = re.compile(r"\.(r|nonR)esourceRules$")  # as upstream's cache gives the bindings


SHOWN = 600  # characters of a value: a longer one is shown from shortly before where the two part


def whole(v):
    return "nothing" if v is NOTHING else json.dumps(v, ensure_ascii=False, sort_keys=True)


def cut(text, start=0):
    return "%s%s%s" % ("…" if start else "", text[start:start + SHOWN], "…" if len(text) > start + SHOWN else "")


def both(up, ours):
    a, b = whole(up), whole(ours)
    common = len(os.path.commonprefix([a, b]))
    start = 0 if max(len(a), len(b)) <= SHOWN else max(0, common - SHOWN // 3)
    return cut(a, start), cut(b, start)


def differences(up, ours, path=""):
    """Lines `PATH: upstream X, ours Y`."""
    if UNORDERED.search(path) and isinstance(up, list) and isinstance(ours, list):
        up, ours = (sorted(v, key=json.dumps) for v in (up, ours))
    if isinstance(up, dict) and isinstance(ours, dict):
        for key in sorted(set(up) | set(ours), key=str):
            yield from differences(up.get(key, NOTHING), ours.get(key, NOTHING), "%s.%s" % (path, key) if path else key)
    elif isinstance(up, list) and isinstance(ours, list) and len(up) == len(ours):
        for i, (a, b) in enumerate(zip(up, ours)):
            yield from differences(a, b, "%s[%d]" % (path, i))
    elif up != ours or type(up) is not type(ours):
        yield "%s: upstream %s, ours %s" % ((path,) + both(up, ours))


def answer_differences(up, ours):
    """Of two whole answers; when the codes differ the bodies have nothing in common but what they say."""
    if up["code"] != ours["code"]:
        yield "code: upstream %s, ours %s" % (said(up), said(ours))
    else:
        yield from differences(up, ours)


def said(answer):
    body = answer["body"]
    return "%d %s" % (answer["code"], cut(whole(body.get("message") or body.get("kind"))) if isinstance(body, dict) else "")


class Meant:
    """meant.txt: a reason, flush left, and below it, indented, regular expressions over `TOPIC: TITLE | REQUEST | DIFFERENCE`."""

    def __init__(self, path):
        self.patterns, reason = [], None
        for number, line in enumerate(open(path), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line[0] not in " \t":
                reason = line.strip()
            elif reason is None:
                raise ValueError("%s:%d: a pattern without a reason" % (os.path.basename(path), number))
            else:
                self.patterns.append([re.compile(line.strip()), reason, 0])

    def reason(self, line):
        for entry in self.patterns:
            if entry[0].search(line):
                entry[2] += 1
                return entry[1]
        return None

    def unused(self):
        return [p.pattern for p, _, count in self.patterns if not count]
