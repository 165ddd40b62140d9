#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""idle.py PID SECONDS [WHAT]: what a server or an agent and its shims cost while nothing happens: PSS, CPU, wake-ups (and of which threads), disk writes."""
import glob
import os
import re
import sys
import time
from collections import Counter

pid, seconds = int(sys.argv[1]), float(sys.argv[2])
what = " (%s)" % sys.argv[3] if len(sys.argv) > 3 else ""


def read(path):
    try:
        return open(path).read()
    except OSError:
        return ""


def processes():
    found = [pid]
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        if read(path).startswith("allinone-shim\0"):
            found.append(int(path.split("/")[2]))
    return found


def pss_kib(p):
    match = re.search(r"^Pss:\s+(\d+)", read("/proc/%d/smaps_rollup" % p), re.M)
    return int(match.group(1)) if match else 0


def sample():
    cpu = written = 0
    wakes = Counter()  # by thread
    for p in processes():
        fields = read("/proc/%d/stat" % p).rpartition(")")[2].split()
        if not fields:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for path in glob.glob("/proc/%d/task/*/status" % p):
            status = read(path)
            for number in re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M):
                wakes[status.split("\n", 1)[0].split()[1]] += int(number)
        match = re.search(r"^write_bytes: (\d+)", read("/proc/%d/io" % p), re.M)
        written += int(match.group(1)) if match else 0
    return cpu, wakes, written


before = sample()
time.sleep(seconds)
after = sample()
cpu, wakes, written = after[0] - before[0], after[1] - before[1], after[2] - before[2]
shims = processes()[1:]
print("allinone   %-28s %.1f MiB PSS (shims: %d, %.2f MiB each)" % (
    "memory" + what, sum(map(pss_kib, processes())) / 1024, len(shims), sum(map(pss_kib, shims)) / 1024 / len(shims) if shims else 0))
print("allinone   %-28s %.2f %% of a core, %.1f wake-ups/s, %.0f bytes/s written" % (
    "idle%s, over %g s" % (what, seconds), 100 * cpu / seconds, wakes.total() / seconds, written / seconds))
print("allinone   %-28s %s" % ("  wake-ups by thread", ", ".join("%s %.1f/s" % (name, n / seconds) for name, n in wakes.most_common()) or "none"))
