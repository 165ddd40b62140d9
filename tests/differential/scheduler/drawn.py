# SPDX-License-Identifier: Apache-2.0
"""Random clusters and pods."""
import random

from shapes import (A, HOST, SOFT, TAINT, ZONE, affinity, case, expression, node, node_affinity, on, pod, spread, term)


def drawn(seed, n):
    """Random clusters and pods: what fits where, and why not."""
    r = random.Random(seed)
    for i in range(n):
        nodes = [node("n%d" % (k + 1), r.choice(["2", "4", "8"]), r.choice(["4Gi", "8Gi"]), labels=dict(
            {ZONE: r.choice("abc")} if r.random() < .9 else {}, **({"disk": r.choice(["ssd", "hdd"])} if r.random() < .6 else {})),
            taints=[r.choice([TAINT, SOFT])] if r.random() < .25 else [], unschedulable=r.random() < .1) for k in range(r.randint(1, 6))]
        placed = [on(r.choice(nodes)["name"], cpu=r.choice([None, "500m", "1"]), memory=r.choice([None, "1Gi"]), labels=r.choice([A, {"app": "b"}, {}]),
                     priorityClassName=r.choice(["low", "middle"]), **(
                         {"affinity": affinity("podAntiAffinity", [term(r.choice([ZONE, HOST]), r.choice("ab"))])} if r.random() < .15 else {}))
                  for _ in range(r.randint(0, 8))]
        spec = {}
        kinds = {}
        if r.random() < .3:
            kinds.update(affinity(r.choice(["podAffinity", "podAntiAffinity"]), [term(r.choice([ZONE, HOST]), r.choice("ab"))]))
        elif r.random() < .3:
            kinds.update(affinity(r.choice(["podAffinity", "podAntiAffinity"]), None, [(r.randint(1, 100), term(r.choice([ZONE, HOST]), r.choice("ab")))]))
        if r.random() < .3:
            kinds.update(node_affinity(*r.choice([
                ([expression("disk", "In", "ssd")], None), (None, [(r.randint(1, 100), expression("disk", "In", "ssd"))]),
                ([expression(ZONE, "NotIn", "a")], None)])))
        if kinds:
            spec["affinity"] = kinds
        if r.random() < .35:
            spec["topologySpreadConstraints"] = [spread(r.choice([ZONE, HOST]), r.randint(1, 2), r.choice(["DoNotSchedule", "ScheduleAnyway"]), r.choice("ab"))]
        if r.random() < .3:
            spec["tolerations"] = [{"key": "k", "operator": "Exists"}]
        if r.random() < .3:
            spec["priorityClassName"] = r.choice(["low", "high"])
        yield case("drawn %d/%d" % (seed, i), nodes, pod(r.choice(["100m", "1", "3"]), r.choice([None, "2Gi"]), labels=r.choice([A, {"app": "b"}, {}]), **spec), placed)
