#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""idle.py PID SECONDS: what a server and its shims cost while nothing happens: PSS, CPU, wake-ups, disk writes."""
import glob
import os
import re
import sys
import time

pid, seconds = int(sys.argv[1]), float(sys.argv[2])


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
    cpu = wakes = written = 0
    for p in processes():
        fields = read("/proc/%d/stat" % p).rpartition(")")[2].split()
        if not fields:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for status in glob.glob("/proc/%d/task/*/status" % p):
            wakes += sum(int(n) for n in re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", read(status), re.M))
        match = re.search(r"^write_bytes: (\d+)", read("/proc/%d/io" % p), re.M)
        written += int(match.group(1)) if match else 0
    return cpu, wakes, written


before = sample()
time.sleep(seconds)
cpu, wakes, written = (b - a for a, b in zip(before, sample()))
shims = processes()[1:]
print("allinone   %-28s %.1f MiB PSS (shims: %d, %.2f MiB each)" % (
    "memory", sum(map(pss_kib, processes())) / 1024, len(shims), sum(map(pss_kib, shims)) / 1024 / len(shims) if shims else 0))
print("allinone   %-28s %.2f %% of a core, %.1f wake-ups/s, %.0f bytes/s written" % (
    "idle, over %g s" % seconds, 100 * cpu / seconds, wakes / seconds, written / seconds))
