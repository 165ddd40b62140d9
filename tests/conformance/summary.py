#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py DIR: what the suite's report (junit_*.xml) says: a line for each failure with its first words, counts by area, and the sum."""
import collections
import glob
import sys
import xml.etree.ElementTree as xml

areas = collections.defaultdict(collections.Counter)
total = collections.Counter()
for path in glob.glob(sys.argv[1] + "/junit*.xml"):
    for case in xml.parse(path).iter("testcase"):
        name = case.get("name", "")
        if not name.startswith("[It]"):
            continue
        kind = "skipped" if case.find("skipped") is not None else "passed"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        if bad is not None:
            kind = "failed"
            words = (bad.get("message") or bad.text or "").strip().split("\n")[0]
            print("not ok %s - %s" % (name[5:], words[:240]))
        area = name[5:].split("]")[0].strip("[")
        if kind != "skipped":
            areas[area][kind] += 1
        total[kind] += 1
for area in sorted(areas):
    print("%-28s %d passed, %d failed" % (area, areas[area]["passed"], areas[area]["failed"]))
print("%d passed, %d failed, %d skipped" % (total["passed"], total["failed"], total["skipped"]))
