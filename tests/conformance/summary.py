#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py DIR [PAGE COMMIT WORDS…]: what the suite's reports (DIR/**/junit_*.xml) say: a line for each failure with its first words, counts by
area, and the sum. PAGE: writes that as a page, too, which keeps a row for each of the last runs; COMMIT and WORDS say what ran."""
import collections
import glob
import os
import re
import sys
import time
import xml.etree.ElementTree as xml

SLOWEST = 24
RUNS = 12  # rows that the page keeps
PARTS = ("parallel", "serial")


def specs(folder):
    """name, kind, first words, seconds of every spec; what ran again counts as it did last."""
    found = {}
    for path in sorted(glob.glob(folder + "/**/junit*.xml", recursive=True), key=os.path.getmtime):
        for case in xml.parse(path).iter("testcase"):
            name = case.get("name", "")
            if not name.startswith("[It]"):
                continue
            bad = case.find("failure") if case.find("failure") is not None else case.find("error")
            words = "" if bad is None else (bad.get("message") or bad.text or "").strip().split("\n")[0]
            ended = case.find("skipped") is not None or "Interrupted by User" in words  # or never got there
            kind = "skipped" if ended else "passed" if bad is None else "failed"
            name = re.sub(r" \[sig-[^\]]*, [^\]]*\]$", "", name[5:])
            if kind != "skipped" or name not in found:
                found[name] = (name, kind, words.removeprefix("[FAILED] "), float(case.get("time", 0)))
    return found.values()


def known(list_name, name, otherwise):
    """What a list beside this file (lines of a regular expression over names, a tab, words) has about a spec."""
    with open(os.path.dirname(os.path.abspath(__file__)) + "/" + list_name, encoding="utf-8") as file:
        for line in file:
            pattern, _, words = line.rstrip("\n").partition("\t")
            if words and re.search(pattern, name):
                return words
    return otherwise


def area_of(name):
    return name.split("]")[0].strip("[")


def short(name):
    return re.sub(r" \[(FeatureGate|MinimumKubeletVersion|Privileged|Feature)[^\]]*\]| \[(Conformance|NodeConformance|LinuxOnly)\]", "", name)


def part_of(folder, name):
    """How long a part took, and how many of its specs passed: 14:48, 406 of 433."""
    kinds = collections.Counter(kind for _, kind, _, _ in specs(folder + "/" + name) if kind != "skipped")
    with open(folder + "/" + name + ".log", encoding="utf-8", errors="replace") as file:
        ran = re.findall(r"^Ran \d+ of \d+ Specs in ([0-9.]+) seconds", file.read(), re.M)
    took = round(float(ran[-1])) if ran else 0
    return "%d:%02d, %d of %d" % (took // 60, took % 60, kinds["passed"], sum(kinds.values()))


def load_of(folder):
    with open(folder + "/load", encoding="utf-8") as file:
        seen = [float(line) for line in file]
    return round(sum(seen) / len(seen)) if seen else 0


def runs(file, folder, commit, total):
    """The page's rows so far, and this run's."""
    rows = []
    if os.path.exists(file):
        with open(file, encoding="utf-8") as f:
            rows = [line.rstrip("\n") for line in f if re.match(r"\| \d{4}-\d\d-\d\d ", line)]
    ended = max(os.path.getmtime(path) for path in glob.glob(folder + "/**/junit*.xml", recursive=True))
    row = [time.strftime("%Y-%m-%d %H:%M", time.localtime(ended)), commit] + [part_of(folder, p) for p in PARTS] + [total["passed"], total["failed"], load_of(folder)]
    return (rows + ["| " + " | ".join(str(cell) for cell in row) + " |"])[-RUNS:]


def page(file, rows, words, areas, total, ran):
    out = ["# Conformance", "", "Upstream's own suite against a cluster of ours on simulated hosts. Written by `./build.sh conformance`; the last run: " + words + ".", ""]
    out += ["| area | passed | failed |", "|---|---|---|"]
    out += ["| %s | %d | %d |" % (a, areas[a]["passed"], areas[a]["failed"]) for a in sorted(areas)]
    out += ["| **all** | **%d** | **%d** |" % (total["passed"], total["failed"]), ""]
    out += ["## Runs", "", "The last ones, each at its end. No spec is tried again. Specs that wait without end for what isn't there (`tests/conformance/endless`) run last, for"]
    out += ["a minute, and are in the sums only. Load: the machine's own mean meanwhile, on %d cores." % os.cpu_count(), ""]
    out += ["| ended | commit | parallel part | serial part | passed | failed | load |", "|---|---|---|---|---|---|---|"] + ran + [""]
    failed = sorted((n, w) for n, k, w, _ in rows if k == "failed")
    if failed:
        out += ["## What fails, and why", "", "| spec | why |", "|---|---|"]
        out += ["| %s | %s |" % (short(n), known("reasons", n, w[:160] or "no word").replace("|", "/")) for n, w in failed] + [""]
    out += ["## What takes longest", "", "| seconds | spec | what for |", "|---|---|---|"]
    slow = sorted(((s, n) for n, k, _, s in rows if k == "passed"), reverse=True)[:SLOWEST]
    out += ["| %d | %s | %s |" % (s, short(n), known("waits", n, "")) for s, n in slow]
    with open(file, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


def main():
    rows, areas, total = list(specs(sys.argv[1])), collections.defaultdict(collections.Counter), collections.Counter()
    for name, kind, words, _ in rows:
        total[kind] += 1
        if kind != "skipped":
            areas[area_of(name)][kind] += 1
        if kind == "failed":
            print("not ok %s - %s" % (name, words[:240]))
        elif kind == "passed" and os.environ.get("CLAIMS") == "all":
            print("ok %s" % name)
    for area in sorted(areas):
        print("%-28s %d passed, %d failed" % (area, areas[area]["passed"], areas[area]["failed"]))
    print("%d passed, %d failed, %d skipped" % (total["passed"], total["failed"], total["skipped"]))
    if len(sys.argv) > 2:
        ran = runs(sys.argv[2], sys.argv[1], sys.argv[3], total)
        page(sys.argv[2], rows, time.strftime("%Y-%m-%d, ") + " ".join(sys.argv[4:]), areas, total, ran)
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()
