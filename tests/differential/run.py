#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py --ours KUBECONFIG --ours-authorities DIR (--upstream KUBECONFIG --upstream-authorities DIR [--record] | --replay) [--seed N] [--show] [FOCUS]
Plays the corpus against ours and upstream (or against upstream's recorded answers) and reports what differs. FOCUS is a part
of `TOPIC: TITLE`."""
import argparse
import os
import queue
import sys
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import corpus  # noqa: E402
import generators  # noqa: E402
from compare import Meant, answer_differences  # noqa: E402
from player import Player  # noqa: E402
from record import Recorded, Recorder, place  # noqa: E402
from schema_text import Schema  # noqa: E402
from target import Target  # noqa: E402

AHEAD = 64  # sequences that one server may be ahead of the other


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--ours", required=True)
    p.add_argument("--ours-authorities", help="directory of the keys of its certificate authorities")
    p.add_argument("--upstream")
    p.add_argument("--upstream-authorities")
    p.add_argument("--record", action="store_true")
    p.add_argument("--replay", action="store_true")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=40, help="mutations drawn of each object")
    p.add_argument("--show", action="store_true", help="print each answer of ours")
    p.add_argument("focus", nargs="?", default="")
    o = p.parse_args()
    if o.record and o.focus:
        p.error("--record writes everything anew: it takes no FOCUS")
    return o


def played(player, sequences, out):
    """In a thread of its own: answers in order, then None."""
    try:
        for sequence in sequences:
            out.put(player.play(sequence))
    except Exception as e:  # what a player dies of is the other thread's to report
        out.put(e)


class Report:
    """`known`: places of differences that are waited for."""

    def __init__(self, meant, known=()):
        self.meant, self.known, self.failed = meant, known, 0
        self.explained, self.waited, self.requests, self.lines, self.recorded = 0, 0, set(), [], []

    def sequence(self, sequence, up, ours):
        if up is None:
            print("skip %s - no recorded answer; ./build.sh differential --record writes them" % sequence)
            return
        lines = []
        for request, a, b in zip(sequence.requests, up, ours):
            self.requests.add((request.method, request.path, tuple(request.headers), request.body, request.name, request.who, sequence.topic))
            lines += self.request("%s | %s" % (sequence, request.label()), request, a, b)
        waited = [line for line in lines if place(line) in self.known]
        lines = [line for line in lines if place(line) not in self.known]
        self.lines += lines
        self.recorded += lines if sequence.recorded else []
        self.waited += len(waited)
        for line in lines:
            print("  " + line)
        if lines:
            self.failed += 1
            print("not ok %s - %d differences, first %s" % (sequence, len(lines), lines[0].split(" | ", 2)[-1][:200]))
        elif waited:
            print("skip %s - %d differences are known, none is new" % (sequence, len(waited)))
        else:
            print("ok %s" % sequence)

    def request(self, where, request, up, ours):
        out = []
        for line in answer_differences(up, ours):
            full = "%s | %s" % (where, line)
            if self.meant.reason(full):
                self.explained += 1
            else:
                out.append(full)
        return out


def main():
    o = options()
    schema = Schema(os.path.join(here, "../../api/schema"))
    sequences = [s for s in list(corpus.read_topics(os.path.join(here, "topics"), schema)) + list(generators.sequences(schema, o))
                 if o.focus in str(s) and (s.recorded or not o.replay)]
    recorder = Recorder(os.path.join(here, "recorded")) if o.record else None
    other = Recorded(os.path.join(here, "recorded")) if o.replay else Player(Target(o.upstream, o.upstream_authorities))
    players = [other, Player(Target(o.ours, o.ours_authorities))]
    report, started = Report(Meant(os.path.join(here, "meant.txt")), other.open if o.replay else ()), time.monotonic()
    queues = [queue.Queue(AHEAD) for _ in players]
    for player, q in zip(players, queues):
        threading.Thread(target=played, args=(player, sequences, q), daemon=True).start()
    for sequence in sequences:
        up, ours = (q.get() for q in queues)
        for answers in (up, ours):
            if isinstance(answers, Exception):
                raise answers
        if o.show:
            for request, a in zip(sequence.requests, ours):
                print("    %s -> %s" % (request.label(), a))
        if recorder and sequence.recorded:
            recorder.add(sequence, up)
        report.sequence(sequence, up, ours)
    if recorder:
        recorder.close(report.recorded)
    print("# %d distinct requests in %.0f s; %d differences without a reason, %d known, %d meant; seed %d" % (
        len(report.requests), time.monotonic() - started, len(report.lines), report.waited, report.explained, o.seed))
    if not o.focus:
        for pattern in report.meant.unused():
            print("# meant.txt: matched nothing: " + pattern)
    return 1 if report.failed and not o.record else 0


if __name__ == "__main__":
    sys.exit(main())
