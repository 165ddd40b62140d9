# SPDX-License-Identifier: Apache-2.0
"""Recorded answers: recorded/TOPIC.jsonl, one line a sequence. What most answers say alike is left out."""
import json
import os

USUAL = {"content-type": "application/json", "cache-control": "no-cache, private", "audit-id": "<present>",
         "x-kubernetes-pf-flowschema-uid": "<present>", "x-kubernetes-pf-prioritylevel-uid": "<present>"}


def packed(answer):
    headers = {k: v for k, v in answer["headers"].items() if USUAL.get(k) != v}
    headers.update({k: None for k in USUAL if k not in answer["headers"]})
    out = dict(answer, headers=headers)
    return {k: v for k, v in out.items() if v not in (None, {})}


def unpacked(line):
    headers = dict(USUAL, **line.get("headers", {}))
    out = {"code": line["code"], "headers": {k: v for k, v in headers.items() if v is not None}, "body": line.get("body")}
    if "events" in line:
        out["events"] = line["events"]
    return out


class Recorder:
    def __init__(self, directory):
        self.directory, self.files = directory, {}
        os.makedirs(directory, exist_ok=True)

    def add(self, sequence, answers):
        if sequence.topic not in self.files:
            self.files[sequence.topic] = open(os.path.join(self.directory, sequence.topic + ".jsonl"), "w")
        line = {"title": sequence.title, "answers": [packed(a) for a in answers]}
        self.files[sequence.topic].write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self):
        for file in self.files.values():
            file.close()


class Recorded:
    """Answers by topic and title."""

    def __init__(self, directory):
        self.answers = {}
        for name in os.listdir(directory):
            for line in open(os.path.join(directory, name)):
                one = json.loads(line)
                self.answers[name[:-6], one["title"]] = [unpacked(a) for a in one["answers"]]

    def play(self, _, sequence):
        return self.answers.get((sequence.topic, sequence.title))
