# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of cases: nodes, pods, terms, claims, volumes. A case is a dict with name, nodes, placed pods, extra objects, pods that
wait already, the pod p, what happens once p has been turned away (`then`), and why it may differ (`meant`). "{ns}" is the case's
namespace, "{other}" a second one."""
HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def node(name, cpu="4", memory="8Gi", labels=None, taints=None, unschedulable=False, images=None, **more):
    return {"name": name, "labels": dict({HOST: name}, **(labels or {})), "taints": taints or [], "unschedulable": unschedulable,
            "allocatable": dict({"cpu": cpu, "memory": memory, "pods": "110"}, **more), "images": images or []}


def container(cpu=None, memory=None, ports=None, **more):
    requests = {k: v for k, v in dict({"cpu": cpu, "memory": memory}, **more).items() if v}
    out = {"name": "c", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": requests, "limits": {
        k: v for k, v in requests.items() if "/" in k or k.startswith("hugepages")}}}
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


def case(name, nodes, pod_, placed=(), extra=(), waiting=(), then=(), preempts=False, meant=""):
    return {"name": name, "nodes": nodes, "pod": pod_, "placed": list(placed), "extra": list(extra), "waiting": list(waiting),
            "then": list(then), "meant": meant, "preempts": preempts or "priorityClassName" in pod_["spec"]}


def held(p):
    """Its deletion takes as long as the case does."""
    return dict(p, finalizers=["example.com/hold"])


def elsewhere(p):
    return dict(p, ns="{other}")


def started(p, second):
    return dict(p, status={"phase": "Running", "startTime": "2026-01-01T00:00:%02dZ" % second})


def budget(name, allowed, labels, **spec):
    return ("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {
        "name": name}, "spec": dict({"minAvailable": 1, "selector": {"matchLabels": labels}}, **spec), "status": {
            "disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}})


def patch(path, body):
    return ("PATCH", path, body)


def delete(path):
    return ("DELETE", path, {"gracePeriodSeconds": 0})


def make(path, body):
    return ("POST", path, body)


def add_node(n):
    return ("NODE", "", n)


def add_pod(p, name="later"):
    return ("POD", name, p)


PODS = "/api/v1/namespaces/{ns}/pods/"


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
