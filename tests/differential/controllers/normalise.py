# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a namespace as text that two clusters share: names made from hashes or at random become their owner's and a role,
times, uids, revisions, addresses and nodes go, events become sentences."""
import copy
import json
import re

DROP = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "deletionTimestamp", "startTime", "lastTransitionTime",
        "lastUpdateTime", "lastProbeTime", "firstTimestamp", "lastTimestamp", "completionTime", "podIP", "podIPs", "hostIP", "hostIPs",
        "clusterIP", "clusterIPs", "nodeName", "ip", "addresses", "lastScheduleTime", "lastSuccessfulTime", "startedAt", "finishedAt",
        "disruptedPods", "renewTime", "lastHeartbeatTime", "lastScaleTime"}
DROP_LABELS = {"controller-uid", "batch.kubernetes.io/controller-uid", "topology.kubernetes.io/zone"}  # the last: of the node
DROP_ANNOTATIONS = {"kubectl.kubernetes.io/last-applied-configuration", "batch.kubernetes.io/cronjob-scheduled-timestamp",
                    "endpoints.kubernetes.io/last-change-trigger-time"}


def controller(o):
    for r in o["metadata"].get("ownerReferences", []):
        if r.get("controller"):
            return r
    return None


def names(history):
    """What each generated name (and hash) is called."""
    out = {}
    sets = {}
    for (kind, name), o in sorted(history.items(), key=lambda i: (i[1]["metadata"]["creationTimestamp"], int(i[1]["metadata"]["resourceVersion"]))):
        owner = controller(o)
        if not owner:
            continue
        role = (kind, owner["name"])
        number = sets[role] = sets.get(role, 0) + 1
        if kind in ("ReplicaSet", "ControllerRevision"):
            out[name] = "%s-H%d" % (owner["name"], number)
            if name.startswith(owner["name"] + "-"):
                out[name[len(owner["name"]) + 1:]] = "H%d" % number
        elif kind == "EndpointSlice":
            out[name] = "%s-SLICE" % owner["name"]
        elif kind == "Job" and owner["kind"] == "CronJob":
            out[name] = "%s-MINUTE" % owner["name"]
    for (kind, name), o in history.items():
        owner = controller(o)
        if kind == "Pod" and owner and owner["kind"] != "StatefulSet":
            index = o["metadata"].get("annotations", {}).get("batch.kubernetes.io/job-completion-index", "")
            out[name] = "%s-%s*" % (out.get(owner["name"], owner["name"]), index + "-" if index else "")
    return out


class Text:
    def __init__(self, history):
        self.names = names(history)
        if self.names:
            longest = sorted(self.names, key=len, reverse=True)
            self.pattern = re.compile(r"(?<![a-z0-9])(%s)(?![a-z0-9])" % "|".join(map(re.escape, longest)))
        else:
            self.pattern = None

    def __call__(self, text):
        if self.pattern:
            text = self.pattern.sub(lambda m: self.names[m.group(1)], text)
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID", text)
        text = re.sub(r"\bn[0-3]\b", "NODE", text)
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)

    def walk(self, v):
        if isinstance(v, dict):
            return {self(k): self.walk(x) for k, x in v.items() if k not in DROP}
        if isinstance(v, list):
            out = [self.walk(x) for x in v]
            if out and all(isinstance(x, dict) and "type" in x and "status" in x for x in out):
                out.sort(key=lambda x: x["type"])
            return out
        return self(v) if isinstance(v, str) else v


def managers(o):
    return sorted({"%s %s%s" % (m["manager"], m["operation"], " " + m["subresource"] if m.get("subresource") else "")
                   for m in o["metadata"].get("managedFields", [])
                   if not m["manager"].startswith(("kubectl", "python"))  and m["manager"] != "unknown" and m["manager"] != "Python-urllib"})


def object_lines(text, o):
    o = copy.deepcopy(o)
    kind, meta = o["kind"], o["metadata"]
    who = managers(o)
    for key in DROP_LABELS:
        meta.get("labels", {}).pop(key, None)
        for part in (o.get("spec", {}).get("selector", {}), o.get("spec", {}).get("template", {}).get("metadata", {})):
            part.get("matchLabels", part.get("labels", {})).pop(key, None)
    for key in DROP_ANNOTATIONS:
        meta.get("annotations", {}).pop(key, None)
    if not meta.get("annotations"):
        meta.pop("annotations", None)
    meta.pop("generateName", None)
    if meta.pop("deletionTimestamp", None):
        meta["deleting"] = True
    if kind == "Pod":
        o["status"].pop("containerStatuses", None)
        o["spec"]["volumes"] = [v for v in o["spec"].get("volumes", []) if not v["name"].startswith("kube-api-access")]
        for c in o["spec"]["containers"]:
            c["volumeMounts"] = [m for m in c.get("volumeMounts", []) if not m["name"].startswith("kube-api-access")]
    if kind == "Endpoints":
        for s in o.get("subsets", []):
            s["counts"] = [len(s.pop("addresses", [])), len(s.pop("notReadyAddresses", []))]
            s.get("ports", []).sort(key=lambda p: json.dumps(p, sort_keys=True))  # upstream: by a hash
        o.get("subsets", []).sort(key=lambda s: json.dumps(s, sort_keys=True))
    if kind == "EndpointSlice":
        meta.pop("generation", None)  # how many steps it took
        o["endpoints"] = sorted((text.walk(e) for e in o.get("endpoints") or []), key=lambda e: json.dumps(e, sort_keys=True))
        for e in o["endpoints"]:
            e.pop("zone", None)
            e.pop("hints", None)
    o["managers"] = who
    return text.walk(o)


def flat(v, prefix=""):
    if isinstance(v, dict) and v:
        for k in sorted(v):
            yield from flat(v[k], prefix + "." + k)
    elif isinstance(v, list) and v:
        for i, x in enumerate(v):
            yield from flat(x, "%s[%d]" % (prefix, i))
    else:
        yield prefix + " = " + json.dumps(v)


def event_of(o):
    return o["involvedObject"]["kind"], o["involvedObject"]["name"], o["reason"]


def event_line(text, o):
    about = o["involvedObject"]
    return text("event %s %s/%s %s %s: %s [%s]" % (o["type"], about["kind"], about["name"], o["reason"], o.get("count", 1), o["message"],
                                                 o.get("source", {}).get("component") or o.get("reportingComponent")))


def lines(snapshot):
    """Sorted lines; those of objects start with kind/name. Of events that were too many to be told one by one nothing is said."""
    objects, history = snapshot
    text, out, pods = Text(history), [], {}
    many = {event_of(o) for o in objects.values()
            if o["kind"] == "Event" and o["message"].startswith("(combined from similar events)")}
    for o in objects.values():
        if o["kind"] == "Event" and event_of(o) in many:
            out.append("event %s %s: many" % (text(o["involvedObject"]["name"]), o["reason"]))
        elif o["kind"] == "Event":
            # one sentence per event; how often it was told depends on the moment
            line = re.sub(r" \d+: ", ": ", event_line(text, o), count=1)
            out.append(line)
        if o["kind"] == "Event":
            continue
        if o["kind"] in ("ServiceAccount", "Node") or (o["kind"] == "ConfigMap" and o["metadata"]["name"] == "kube-root-ca.crt"):
            continue
        whole = object_lines(text, o)
        name = "%s/%s" % (o["kind"], whole["metadata"]["name"])
        body = list(flat({k: v for k, v in whole.items() if k not in ("kind", "apiVersion")}))
        if o["kind"] in ("Pod", "EndpointSlice"):
            pods.setdefault(name, []).append(body)
            continue
        out += ["%s %s" % (name, line) for line in body]
    for name, bodies in pods.items():
        for number, body in enumerate(sorted(bodies)):
            out += ["%s#%d %s" % (name, number, line) for line in body]
    return sorted(set(out))
