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
AT_ONCE = 4
PATIENCE = 4


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


def environment_of(one, ns):
    config = os.path.join(one.side.dir, ns + ".kubeconfig")
    text = open(one.side.kubeconfig).read()
    open(config, "w").write(text)
    environment = dict(os.environ, KUBECONFIG=config, NS=ns)
    subprocess.run(["kubectl", "config", "set-context", "--current", "--namespace", ns], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    one.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
    return environment


class Player:
    """One application on one side."""

    def __init__(self, one, ns):
        self.one, self.ns, self.environment, self.said = one, ns, environment_of(one, ns), []

    def run(self, script):
        done = subprocess.run(["bash", "-eu"], input=script.encode(), env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.said = ["script failed: " + done.stdout.decode()] if done.returncode else []

    def look(self, quiet):
        """What is there once nothing has changed for so long."""
        rests = self.one.settle(self.ns, quiet)
        return normalise.lines(self.one.snapshot(self.ns)) + ([] if rests else ["it never rests"]) + self.said


def play(clusters, ns, steps, allowed):
    """The snapshots after each step, of both sides. On a busy machine a side can pause in the middle of its work: while the two
    differ both get more time, up to PATIENCE rounds, so that what is told to differ is what stays."""
    out = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        players = list(pool.map(lambda one: Player(one, ns), clusters))
        for script, quiet in steps:
            list(pool.map(lambda p: p.run(script), players))
            for more in range(PATIENCE):
                both = list(pool.map(lambda p: p.look(quiet * (1 + more)), players))
                if not differences(*both, allowed):
                    break
            out.append(both)
    return out


def told_together(line, a, b):
    """One side had so many such events that it told them together, the other one had not."""
    event = re.match(r"[+-]event \w+ \w+/(\S+) (\w+):", line) or re.match(r"[+-]event (\S+) (\w+): many", line)
    return event and "event %s %s: many" % event.groups() in a + b


def differences(a, b, allowed):
    differ = [d for d in difflib.unified_diff(a, b, "upstream", "ours", lineterm="", n=0)
              if d[0] in "+-" and not d.startswith(("+++", "---"))]
    return [d for d in differ if not any(x.search(d) for x in allowed) and not told_together(d, a, b)]


def compare(name, allowed, snapshots):
    bad, known = 0, set()  # a difference that stays is told once
    for number, (a, b) in enumerate(snapshots, 1):
        differ = differences(a, b, allowed)
        differ += sorted({x for x in a + b if x.startswith("script failed")})  # on both sides: nothing was compared
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
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            played = []
            for f in corpus:
                steps, allowed = steps_of(f)
                name = os.path.basename(f)[:-3].replace("_", "-")
                played.append((name, allowed, pool.submit(play, clusters, name, steps, allowed)))
            for name, allowed, snapshots in played:
                bad += compare(name, allowed, snapshots.result())
    finally:
        for s in both:
            s.stop()
        if o.keep:
            shutil.rmtree(o.keep, ignore_errors=True)
            shutil.copytree(work, o.keep, ignore=shutil.ignore_patterns("etcd", "data"))
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if bad else 0)


main()
