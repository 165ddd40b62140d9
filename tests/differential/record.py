# SPDX-License-Identifier: Apache-2.0
"""Recorded answers: recorded/TOPIC.jsonl.xz, one line a sequence; what most answers say alike is left out. Beside them open.txt:
the differences that there were and that are not meant; they are waited for, not hidden: a replay reports them as skipped."""
import json
import lzma
import os

USUAL = {"content-type": "application/json", "cache-control": "no-cache, private", "audit-id": "<present>",
         "x-kubernetes-pf-flowschema-uid": "<present>", "x-kubernetes-pf-prioritylevel-uid": "<present>"}

OPEN = "open.txt"


def place(line):
    """Of a difference what stays when values change: sequence, request, path."""
    return line.split(": upstream ", 1)[0]


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


def stem(sequence):
    """What its file is called."""
    return sequence.topic.replace(" ", "-")


class Recorder:
    def __init__(self, directory):
        self.directory, self.files = directory, {}
        os.makedirs(directory, exist_ok=True)
        for name in os.listdir(directory):
            os.remove(os.path.join(directory, name))

    def add(self, sequence, answers):
        if sequence.topic not in self.files:
            self.files[sequence.topic] = lzma.open(os.path.join(self.directory, stem(sequence) + ".jsonl.xz"), "wt", preset=9)
        line = {"title": sequence.title, "answers": [packed(a) for a in answers]}
        self.files[sequence.topic].write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self, differences):
        for file in self.files.values():
            file.close()
        with open(os.path.join(self.directory, OPEN), "w") as file:
            file.write("".join(sorted({place(line) + "\n" for line in differences})))


class Recorded:
    """Answers by topic and title."""

    def __init__(self, directory):
        self.answers = {}
        for name in os.listdir(directory):
            for line in lzma.open(os.path.join(directory, name), "rt") if name.endswith(".xz") else ():
                one = json.loads(line)
                self.answers[name.split(".")[0], one["title"]] = [unpacked(a) for a in one["answers"]]
        self.open = {line.rstrip("\n") for line in open(os.path.join(directory, OPEN))}

    def play(self, sequence):
        return self.answers.get((stem(sequence), sequence.title))
