# SPDX-License-Identifier: Apache-2.0
"""What both schedulers are asked: nodes, what is on them, what else is there, and one pod. A case is a dict with name, nodes, placed, extra
and pod; the pod is tried several times, because equal nodes are drawn by lot."""
import random

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def node(name, cpu="4", memory="8Gi", labels=None, taints=None, unschedulable=False, images=None, **more):
    return {"name": name, "labels": dict({HOST: name}, **(labels or {})), "taints": taints or [], "unschedulable": unschedulable,
            "allocatable": dict({"cpu": cpu, "memory": memory, "pods": "110"}, **more), "images": images or []}


def container(cpu=None, memory=None, ports=None, **more):
    requests = {k: v for k, v in dict({"cpu": cpu, "memory": memory}, **more).items() if v}
    out = {"name": "c", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": requests, "limits": {
        k: v for k, v in requests.items() if "/" in k}}}
    if ports:
        out["ports"] = ports
    return out


def pod(cpu=None, memory=None, labels=None, ports=None, owner=None, requests=None, **spec):
    return {"labels": labels or {}, "owner": owner,
            "spec": dict({"containers": [container(cpu, memory, ports, **(requests or {}))]}, **spec)}


def on(where, **more):
    p = pod(**more)
    p["node"] = where
    return p


def zones(n, *names, **more):
    return [node("n%d" % (i + 1), labels={ZONE: names[i % len(names)]}, **more) for i in range(n)]


def term(key=HOST, app="a", **more):
    return dict({"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}, **more)


def affinity(kind, required=None, preferred=None):
    out = {}
    if required:
        out["requiredDuringSchedulingIgnoredDuringExecution"] = required
    if preferred:
        out["preferredDuringSchedulingIgnoredDuringExecution"] = [{"weight": w, "podAffinityTerm": t} for w, t in preferred]
    return {kind: out}


def node_affinity(required=None, preferred=None):
    out = {}
    if required:
        out["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": required}
    if preferred:
        out["preferredDuringSchedulingIgnoredDuringExecution"] = [{"weight": w, "preference": t} for w, t in preferred]
    return {"nodeAffinity": out}


def expression(key, operator, *values):
    return {"matchExpressions": [dict({"key": key, "operator": operator}, **({"values": list(values)} if values else {}))]}


def name_is(*names):
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(names)}]}


def spread(key=ZONE, skew=1, when="DoNotSchedule", app="a", **more):
    return dict({"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": {"matchLabels": {"app": app}}}, **more)


A = {"app": "a"}
TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}
SOFT = {"key": "k", "value": "v", "effect": "PreferNoSchedule"}
PORT = [{"containerPort": 80, "hostPort": 8080}]
THREE = [node("n1"), node("n2"), node("n3")]


def case(name, nodes, pod_, placed=(), extra=()):
    return {"name": name, "nodes": nodes, "pod": pod_, "placed": list(placed), "extra": list(extra)}


def claim(name, storage_class, size="1Gi", modes=("ReadWriteOnce",), **annotations):
    return ("/api/v1/namespaces/{ns}/persistentvolumeclaims", {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {
        "name": name, "annotations": annotations}, "spec": {"accessModes": list(modes), "storageClassName": storage_class,
                                                            "resources": {"requests": {"storage": size}}}})


def volume(name, storage_class, size="5Gi", nodes=None, labels=None, **spec):
    body = {"kind": "PersistentVolume", "apiVersion": "v1", "metadata": {"name": name, "labels": labels or {}}, "spec": dict({
        "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": storage_class,
        "hostPath": {"path": "/v"}, "persistentVolumeReclaimPolicy": "Retain"}, **spec)}
    if nodes:
        body["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [expression(HOST, "In", *nodes)]}}
    return ("/api/v1/persistentvolumes", body)


def storage_class(name, provisioner="kubernetes.io/no-provisioner", mode="WaitForFirstConsumer", **more):
    return ("/apis/storage.k8s.io/v1/storageclasses", dict({"kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": {
        "name": name}, "provisioner": provisioner, "volumeBindingMode": mode}, **more))


def uses(*claims):
    return [{"name": "v%d" % i, "persistentVolumeClaim": {"claimName": c}} for i, c in enumerate(claims)]


WRITTEN = [
    case("nothing is there", [], pod("1")),
    case("fits on one", [node("n1", "1"), node("n2", "4")], pod("2")),
    case("fits nowhere", THREE, pod("5")),
    case("cpu and memory", THREE, pod("5", "9Gi")),
    case("full", THREE, pod("2"), [on("n%d" % i, cpu="3") for i in (1, 2, 3)]),
    case("the emptier one", THREE, pod("1"), [on("n1", cpu="2", memory="2Gi"), on("n2", cpu="1", memory="1Gi")]),
    case("balance", [node("n1"), node("n2")], pod("1", "4Gi"), [on("n1", cpu="2", memory="512Mi"), on("n2", cpu="512m", memory="4Gi")]),
    case("many reasons", [node("n1", "1"), node("n2", taints=[TAINT]), node("n3", unschedulable=True), node("n4", labels={"no": "x"})],
         pod("2", nodeSelector={"no": "y"})),
    case("tolerated", [node("n1", taints=[TAINT])], pod("1", tolerations=[{"key": "k", "operator": "Exists"}])),
    case("not tolerated", [node("n1", taints=[TAINT]), node("n2", taints=[dict(TAINT, effect="NoExecute")])], pod("1")),
    case("preferred taint", [node("n1", taints=[SOFT]), node("n2")], pod("1")),
    case("cordoned", [node("n1", unschedulable=True)], pod("1")),
    case("cordoned but tolerated", [node("n1", unschedulable=True)],
         pod("1", tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}])),
    case("node selector", zones(3, "a", "b", "c"), pod("1", nodeSelector={ZONE: "b"})),
    case("node affinity in", zones(3, "a", "b", "c"), pod("1", affinity=node_affinity([expression(ZONE, "In", "a", "c")]))),
    case("node affinity not in", zones(3, "a", "b", "c"), pod("1", affinity=node_affinity([expression(ZONE, "NotIn", "a", "c")]))),
    case("node affinity gt", [node("n1", labels={"g": "3"}), node("n2", labels={"g": "7"})],
         pod("1", affinity=node_affinity([expression("g", "Gt", "5")]))),
    case("node affinity absent", zones(3, "a", "b"), pod("1", affinity=node_affinity([expression(ZONE, "DoesNotExist")]))),
    case("preferred node", zones(3, "a", "b", "c"), pod("1", affinity=node_affinity(None, [(10, expression(ZONE, "In", "c"))]))),
    case("preferred nodes outweigh", zones(3, "a", "b", "c"), pod("1", affinity=node_affinity(
        None, [(10, expression(ZONE, "In", "c")), (30, expression(ZONE, "In", "a"))]))),
    case("by name", THREE, pod("1", affinity=node_affinity([name_is("n2")]))),
    case("by name, full", THREE, pod("5", affinity=node_affinity([name_is("n2")]))),
    case("by a name that is nobody's", THREE, pod("1", affinity=node_affinity([name_is("n9")]))),
    case("host port taken", [node("n1")], pod(ports=PORT), [on("n1", ports=PORT)]),
    case("host port free elsewhere", [node("n1"), node("n2")], pod(ports=PORT), [on("n1", ports=PORT)]),
    case("host port of another protocol", [node("n1")], pod(ports=PORT), [on("n1", ports=[dict(PORT[0], protocol="UDP")])]),
    case("extended resource", [node("n1"), node("n2", **{"example.com/gpu": "2"})], pod(requests={"example.com/gpu": "1"})),
    case("no extended resource", THREE, pod(requests={"example.com/gpu": "1"})),
    case("extended resource used up", [node("n1", **{"example.com/gpu": "1"})], pod(requests={"example.com/gpu": "1"}),
         [on("n1", requests={"example.com/gpu": "1"})]),
    case("too many pods", [node("n1", pods="1")], pod(), [on("n1")]),
    case("ephemeral storage", [node("n1", **{"ephemeral-storage": "1Gi"})], pod(requests={"ephemeral-storage": "2Gi"})),
    case("pod level resources", THREE, pod("1", resources={"requests": {"cpu": "6"}})),
    case("init containers", THREE, pod("1", initContainers=[dict(container("5"), name="i")])),
    case("sidecar", THREE, pod("2", initContainers=[dict(container("3"), name="i", restartPolicy="Always")])),
    case("image is there", [node("n1", images=[{"names": ["registry.k8s.io/pause:3.10"], "sizeBytes": 900000000}]), node("n2"), node("n3")],
         pod("1")),
    case("near its own kind", zones(4, "a", "b"), pod("1", affinity=affinity("podAffinity", [term(ZONE)])), [on("n2", labels=A)]),
    case("near nobody", zones(4, "a", "b"), pod("1", affinity=affinity("podAffinity", [term(ZONE)]))),
    case("the first of its kind", zones(4, "a", "b"), pod("1", labels=A, affinity=affinity("podAffinity", [term(ZONE)]))),
    case("near in two ways", zones(4, "a", "b"), pod("1", affinity=affinity("podAffinity", [term(ZONE), term(HOST)])), [on("n2", labels=A)]),
    case("near, but full", [node("n1", "1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"})],
         pod("2", affinity=affinity("podAffinity", [term(ZONE)])), [on("n1", labels=A)]),
    case("far from", zones(4, "a", "b"), pod("1", affinity=affinity("podAntiAffinity", [term(ZONE)])), [on("n2", labels=A)]),
    case("far from everybody", zones(2, "a", "b"), pod("1", affinity=affinity("podAntiAffinity", [term(ZONE)])),
         [on("n1", labels=A), on("n2", labels=A)]),
    case("others keep away", zones(2, "a", "b"), pod("1", labels={"app": "b"}),
         [on("n1", affinity=affinity("podAntiAffinity", [term(ZONE, "b")])), on("n2", affinity=affinity("podAntiAffinity", [term(ZONE, "b")]))]),
    case("others keep away on one", zones(2, "a", "b"), pod("1", labels={"app": "b"}),
         [on("n1", affinity=affinity("podAntiAffinity", [term(ZONE, "b")]))]),
    case("preferably near", zones(4, "a", "b"), pod("100m", affinity=affinity("podAffinity", None, [(50, term(HOST))])), [on("n3", labels=A)]),
    case("preferably far", zones(2, "a", "b"), pod("100m", affinity=affinity("podAntiAffinity", None, [(50, term(HOST))])), [on("n1", labels=A)]),
    case("others like it", zones(2, "a", "b"), pod("100m", labels={"app": "b"}),
         [on("n2", affinity=affinity("podAffinity", None, [(100, term(HOST, "b"))]))]),
    case("required affinity of others attracts", zones(2, "a", "b"), pod("100m", labels={"app": "b"}),
         [on("n2", labels={"app": "b"}, affinity=affinity("podAffinity", [term(HOST, "b")]))]),
    case("other namespaces don't count", zones(2, "a", "b"), pod("1", affinity=affinity("podAffinity", [term(ZONE, namespaces=["elsewhere"])])),
         [on("n1", labels=A)]),
    case("all namespaces count", zones(2, "a", "b"), pod("1", affinity=affinity("podAffinity", [term(ZONE, namespaceSelector={})])),
         [on("n1", labels=A)]),
    case("spread", zones(3, "a", "b", "c"), pod("100m", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A), on("n2", labels=A)]),
    case("spread, two each", zones(4, "a", "b"), pod("100m", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A), on("n3", labels=A)]),
    case("spread is impossible", [node("n1", labels={ZONE: "a"}), node("n2", "1", labels={ZONE: "b"})],
         pod("2", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A)]),
    case("spread needs the label", [node("n1"), node("n2", labels={ZONE: "a"})], pod("1", labels=A, topologySpreadConstraints=[spread()])),
    case("spread nowhere", [node("n1"), node("n2")], pod("1", labels=A, topologySpreadConstraints=[spread()])),
    case("spread, minDomains", zones(2, "a", "b"), pod("1", labels=A, topologySpreadConstraints=[spread(minDomains=3)]),
         [on("n1", labels=A), on("n2", labels=A)]),
    case("spread softly", zones(3, "a", "b", "c"), pod("100m", labels=A, topologySpreadConstraints=[spread(when="ScheduleAnyway")]),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A)]),
    case("spread softly over hosts and zones", zones(4, "a", "b"), pod("100m", labels=A, topologySpreadConstraints=[
        spread(when="ScheduleAnyway"), spread(HOST, when="ScheduleAnyway")]), [on("n1", labels=A), on("n2", labels=A), on("n4", labels=A)]),
    case("spread honors node affinity", zones(3, "a", "b", "c"), pod("100m", labels=A, topologySpreadConstraints=[spread()],
                                                                     nodeSelector={HOST: "n1"}), [on("n1", labels=A)]),
    case("spread ignores node affinity", zones(3, "a", "b", "c"), pod(
        "100m", labels=A, topologySpreadConstraints=[spread(nodeAffinityPolicy="Ignore")], nodeSelector={HOST: "n1"}), [on("n1", labels=A)]),
    case("spread honors taints", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[TAINT])],
         pod("100m", labels=A, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")]), [on("n1", labels=A)]),
    case("spread ignores taints", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[TAINT])],
         pod("100m", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A)]),
    case("spread per version", zones(2, "a", "b"), pod("100m", labels=dict(A, v="2"), topologySpreadConstraints=[
        spread(matchLabelKeys=["v"])]), [on("n1", labels=dict(A, v="1")), on("n2", labels=dict(A, v="2"))]),
    case("spread by default, of a service", zones(3, "a", "b", "c"), pod("100m", labels=A),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A), on("n2", labels=A)],
         [("/api/v1/namespaces/{ns}/services", {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "s"}, "spec": {
             "selector": A, "ports": [{"port": 80}]}})]),
    case("makes room", [node("n1"), node("n2")], pod("3", priorityClassName="high"),
         [on("n1", cpu="3", priorityClassName="low"), on("n2", cpu="3", priorityClassName="middle")]),
    case("makes room for the fewest", [node("n1"), node("n2")], pod("3", priorityClassName="high"),
         [on("n1", cpu="2", priorityClassName="low"), on("n1", cpu="2", priorityClassName="low"), on("n2", cpu="3500m", priorityClassName="low")]),
    case("nobody yields to an equal", [node("n1")], pod("3", priorityClassName="low"), [on("n1", cpu="3", priorityClassName="low")]),
    case("never preempts", [node("n1")], pod("3", priorityClassName="polite"), [on("n1", cpu="3", priorityClassName="low")]),
    case("preemption helps on one of two", [node("n1"), node("n2", taints=[TAINT])], pod("3", priorityClassName="high"),
         [on("n1", cpu="3", priorityClassName="low"), on("n2", cpu="3", priorityClassName="low")]),
    case("not even then", [node("n1"), node("n2", "2")], pod("3", priorityClassName="high"),
         [on("n1", cpu="2", priorityClassName="higher"), on("n1", cpu="1", priorityClassName="low")]),
    case("budgets are respected", [node("n1"), node("n2")], pod("3", priorityClassName="high"),
         [on("n1", cpu="3", labels=A, priorityClassName="low"), on("n2", cpu="3", priorityClassName="middle")],
         [("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {
             "name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": A}}})]),
    case("claim is missing", THREE, pod(volumes=uses("none"))),
    case("claim is not bound", THREE, pod(volumes=uses("c")), (), [storage_class("now", "x.example.com", "Immediate"), claim("c", "now")]),
    case("local volume", THREE, pod(volumes=uses("c")), (), [storage_class("late"), volume("pv1", "late", nodes=["n2"]), claim("c", "late")]),
    case("no volume", THREE, pod(volumes=uses("c")), (), [storage_class("late"), claim("c", "late")]),
    case("volume is too small", THREE, pod(volumes=uses("c")), (), [
        storage_class("late"), volume("pv1", "late", "512Mi", nodes=["n2"]), claim("c", "late")]),
    case("volume is elsewhere", [node("n1")], pod(volumes=uses("c")), (), [
        storage_class("late"), volume("pv1", "late", nodes=["n7"]), claim("c", "late")]),
    case("topology not allowed", zones(2, "a"), pod(volumes=uses("c")), (), [
        storage_class("late", "x.example.com", allowedTopologies=[{"matchLabelExpressions": [{"key": ZONE, "values": ["z"]}]}]), claim("c", "late")]),
    case("gated", THREE, pod("1", schedulingGates=[{"name": "example.com/wait"}])),
    case("somebody else's", THREE, pod("1", schedulerName="other")),
]


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
