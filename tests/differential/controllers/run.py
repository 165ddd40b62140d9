# SPDX-License-Identifier: Apache-2.0
"""run.py --allinone FILE --upstream DIR [--keep DIR] [FILTER…]: plays each application of corpus/ on both control planes and compares what
is there after each of its steps. A file of the corpus is bash with kubectl; "# settle [SECONDS]" ends a step. Its first lines may
name what may differ: "# may differ: REGULAR EXPRESSION (why)". Exit code 1 when something else did."""
import argparse
import concurrent.futures
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cluster
import normalise
import sides

HERE = os.path.dirname(os.path.abspath(__file__))
QUIET = 2.5
AT_ONCE = 6


def steps_of(path):
    steps, lines, allowed = [], [], []
    for line in open(path):
        settle = re.match(r"# settle ?([\d.]*)", line)
        may = re.match(r"# may differ: (.*?)(?: \([^()]*\))?$", line)
        if may:
            allowed.append(re.compile(may.group(1)))
        elif settle:
            steps.append(("".join(lines), float(settle.group(1) or QUIET)))
            lines = []
        else:
            lines.append(line)
    return steps, allowed


def play(one, ns, steps):
    """The snapshot after each step."""
    config = os.path.join(one.side.dir, ns + ".kubeconfig")
    text = open(one.side.kubeconfig).read()
    open(config, "w").write(text)
    environment = dict(os.environ, KUBECONFIG=config, NS=ns)
    subprocess.run(["kubectl", "config", "set-context", "--current", "--namespace", ns], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    one.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
    out = []
    for script, quiet in steps:
        done = subprocess.run(["bash", "-eu"], input=script.encode(), env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        rests = one.settle(ns, quiet)
        out.append(normalise.lines(one.snapshot(ns)) + ([] if rests else ["it never rests"]) +
                   (["script failed: " + done.stdout.decode()] if done.returncode else []))
    return out


def told_together(line, a, b):
    """One side had so many such events that it told them together, the other one had not."""
    event = re.match(r"[+-]event \w+ \w+/(\S+) (\w+):", line) or re.match(r"[+-]event (\S+) (\w+): many", line)
    return event and "event %s %s: many" % event.groups() in a + b


def compare(name, allowed, theirs, ours):
    bad, known = 0, set()  # a difference that stays is told once
    for number, (a, b) in enumerate(zip(theirs, ours), 1):
        differ = [d for d in difflib.unified_diff(a, b, "upstream", "ours", lineterm="", n=0)
                  if d[0] in "+-" and not d.startswith(("+++", "---"))]
        differ = [d for d in differ if not any(x.search(d) for x in allowed)]
        differ = [d for d in differ if not told_together(d, a, b)]
        differ, known = [d for d in differ if d not in known], set(differ)
        print("%s %s step %d (%d lines)" % ("not ok" if differ else "ok", name, number, len(a)), flush=True)
        for d in differ:
            print("    " + d)
        bad += bool(differ)
    return bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--allinone", required=True)
    p.add_argument("--upstream", required=True)
    p.add_argument("--keep", help="leave the logs there")
    p.add_argument("filters", nargs="*")
    o = p.parse_args()
    work = tempfile.mkdtemp(prefix="allinone-diff.", dir="/var/tmp")
    both, bad = [], 0
    try:
        both += [sides.start_upstream(work, o.upstream), sides.start_ours(work, o.allinone)]
        clusters = [cluster.Cluster(s) for s in both]
        for c in clusters:
            while True:
                try:
                    if c.request("GET", "/api/v1/namespaces/kube-node-lease")[0] == 200:
                        break
                except (OSError, ValueError):
                    pass
                time.sleep(0.1)
            c.start()
        corpus = [f for f in sorted(glob.glob(HERE + "/corpus/*.sh"))
                  if not o.filters or any(x in os.path.basename(f) for x in o.filters)]
        with concurrent.futures.ThreadPoolExecutor(2 * AT_ONCE) as pool:
            played = []
            for f in corpus:
                steps, allowed = steps_of(f)
                name = os.path.basename(f)[:-3].replace("_", "-")
                played.append((name, allowed, [pool.submit(play, c, name, steps) for c in clusters]))
            for name, allowed, futures in played:
                bad += compare(name, allowed, *[f.result() for f in futures])
    finally:
        for s in both:
            s.stop()
        if o.keep:
            shutil.rmtree(o.keep, ignore_errors=True)
            shutil.copytree(work, o.keep, ignore=shutil.ignore_patterns("etcd", "data"))
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if bad else 0)


main()
