# SPDX-License-Identifier: Apache-2.0
"""Volumes: bound and unbound claims, zones, limits, capacities, disks and claims for one pod only."""
from shapes import (HOST, THREE, ZONE, case, claim, expression, node, on, pod, storage_class, uses, volume, zones)

PROVISIONER = "x.example.com"


def bound(name, to, **more):
    path, body = claim(name, "late", **more)
    body["spec"]["volumeName"] = to
    body["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = "yes"
    return (path, body)


def bound_volume(name, to, **more):
    return volume(name, "late", claimRef={"namespace": "{ns}", "name": to}, **more)


def csi(handle, driver="d.example.com"):
    return {"csi": {"driver": driver, "volumeHandle": handle}, "hostPath": None}


def csi_node(name, count, driver="d.example.com"):
    return ("/apis/storage.k8s.io/v1/csinodes", {"kind": "CSINode", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": name}, "spec": {
        "drivers": [{"name": driver, "nodeID": name, "topologyKeys": [], "allocatable": {"count": count}}]}})


def driver(name, **spec):
    return ("/apis/storage.k8s.io/v1/csidrivers", {"kind": "CSIDriver", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": name}, "spec": spec})


def capacity(name, size, labels, of="late"):
    return ("/apis/storage.k8s.io/v1/namespaces/{ns}/csistoragecapacities", {
        "kind": "CSIStorageCapacity", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": name}, "storageClassName": of, "capacity": size,
        "nodeTopology": {"matchLabels": labels}})


def disk(name, read_only=False):
    return [{"name": "d", "gcePersistentDisk": {"pdName": name, "readOnly": read_only}}]


def iscsi(iqn, read_only=False):
    return [{"name": "d", "iscsi": {"targetPortal": "1.2.3.4:3260", "iqn": iqn, "lun": 0, "readOnly": read_only}}]


LATE = storage_class("late")
MADE = storage_class("late", PROVISIONER)
CLAIM = claim("c", "late")

CASES = [
    case("bound to a volume elsewhere", [node("n1"), node("n2")], pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", nodes=["n2"]), bound("c", "pv1")]),
    case("bound to a volume on no node", [node("n1"), node("n2")], pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", nodes=["n7"]), bound("c", "pv1")]),
    case("bound to a volume that is gone", [node("n1")], pod(volumes=uses("c")), (), [LATE, bound("c", "pv9")]),
    case("a volume reserved for another claim", THREE, pod(volumes=uses("c")), (),
         [LATE, volume("pv1", "late", nodes=["n2"], claimRef={"namespace": "{ns}", "name": "other"}), CLAIM]),
    case("a volume reserved for the claim", THREE, pod(volumes=uses("c")), (),
         [LATE, volume("pv1", "late", nodes=["n2"]), volume("pv2", "late", nodes=["n3"], claimRef={"namespace": "{ns}", "name": "c"}), CLAIM]),
    case("the smallest volume", [node("n1")], pod(volumes=uses("c")), (),
         [LATE, volume("pv1", "late", "9Gi", nodes=["n1"]), volume("pv2", "late", "3Gi", nodes=["n1"]), CLAIM]),
    case("two claims, one node has both", THREE, pod(volumes=uses("c", "e")), (),
         [LATE, volume("pv1", "late", nodes=["n1"]), volume("pv2", "late", nodes=["n2"]), volume("pv3", "late", nodes=["n2"]), CLAIM, claim("e", "late")]),
    case("two claims, no node has both", THREE, pod(volumes=uses("c", "e")), (),
         [LATE, volume("pv1", "late", nodes=["n1"]), volume("pv2", "late", nodes=["n2"]), CLAIM, claim("e", "late")]),
    case("two claims of different sizes", [node("n1")], pod(volumes=uses("c", "e")), (),
         [LATE, volume("pv1", "late", "2Gi", nodes=["n1"]), volume("pv2", "late", "8Gi", nodes=["n1"]), claim("c", "late", "5Gi"), claim("e", "late")]),
    case("of another mode", THREE, pod(volumes=uses("c")), (), [LATE, volume("pv1", "late", nodes=["n2"]), claim("c", "late", modes=["ReadWriteMany"])]),
    case("of another class", THREE, pod(volumes=uses("c")), (), [LATE, volume("pv1", "late-2", nodes=["n2"]), CLAIM]),
    case("no class of that name", THREE, pod(volumes=uses("c")), (), [CLAIM]),
    case("a volume is made", zones(1, "a"), pod(volumes=uses("c")), (), [MADE, CLAIM]),
    case("a volume is made where it may", zones(2, "a", "b"), pod(volumes=uses("c")), (), [
        storage_class("late", PROVISIONER, allowedTopologies=[{"matchLabelExpressions": [{"key": ZONE, "values": ["b"]}]}]), CLAIM]),
    case("a volume is made on the node that was chosen", zones(2, "a", "b"), pod(volumes=uses("c")), (), [
        MADE, claim("c", "late", **{"volume.kubernetes.io/selected-node": "n2"})]),
    case("no capacity is known", zones(2, "a", "b"), pod(volumes=uses("c")), (), [
        MADE, driver(PROVISIONER, storageCapacity=True), CLAIM]),
    case("capacity in one zone", zones(2, "a", "b"), pod(volumes=uses("c")), (), [
        MADE, driver(PROVISIONER, storageCapacity=True), capacity("x", "2Gi", {ZONE: "b"}), capacity("y", "512Mi", {ZONE: "a"}), CLAIM]),
    case("capacity is not asked for", zones(1, "a"), pod(volumes=uses("c")), (), [
        MADE, driver(PROVISIONER, storageCapacity=False), CLAIM]),
    case("zone of the volume", zones(3, "a", "b", "c"), pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", labels={ZONE: "b"}), bound("c", "pv1")]),
    case("zones of the volume", zones(2, "a", "b"), pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", labels={ZONE: "b__c"}), bound("c", "pv1")]),
    case("no node in the zone", zones(2, "a", "b"), pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", labels={ZONE: "z"}), bound("c", "pv1")]),
    case("nodes without zone", [node("n1")], pod(volumes=uses("c")), (),
         [LATE, bound_volume("pv1", "c", labels={ZONE: "z"}), bound("c", "pv1")]),
    case("the region", [node("n1", labels={"topology.kubernetes.io/region": "r"}), node("n2", labels={"topology.kubernetes.io/region": "s"})],
         pod(volumes=uses("c")), (), [LATE, bound_volume("pv1", "c", labels={"failure-domain.beta.kubernetes.io/region": "s"}), bound("c", "pv1")]),
    case("too many volumes", [node("n1"), node("n2")], pod(volumes=uses("c")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), csi_node("n2", 1), bound_volume("pv1", "c", **csi("a")), bound("c", "pv1"), bound_volume("pv2", "e", **csi("b")),
          bound("e", "pv2")]),
    case("too many volumes everywhere", [node("n1")], pod(volumes=uses("c")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), bound_volume("pv1", "c", **csi("a")), bound("c", "pv1"), bound_volume("pv2", "e", **csi("b")), bound("e", "pv2")]),
    case("the same volume counts once", [node("n1")], pod(volumes=uses("e")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), bound_volume("pv2", "e", **csi("b")), bound("e", "pv2")]),
    case("volumes of another driver", [node("n1")], pod(volumes=uses("c")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), bound_volume("pv1", "c", **csi("a", "other.example.com")), bound("c", "pv1"), bound_volume("pv2", "e", **csi("b")),
          bound("e", "pv2")]),
    case("a disk is taken", [node("n1")], pod(volumes=disk("x")), [on("n1", volumes=disk("x"))]),
    case("a disk is free elsewhere", [node("n1"), node("n2")], pod(volumes=disk("x")), [on("n1", volumes=disk("x"))]),
    case("a disk is only read", [node("n1")], pod(volumes=disk("x", True)), [on("n1", volumes=disk("x", True))]),
    case("another disk", [node("n1")], pod(volumes=disk("y")), [on("n1", volumes=disk("x"))]),
    case("iscsi is taken", [node("n1")], pod(volumes=iscsi("iqn.2001-04.com.example:a")), [on("n1", volumes=iscsi("iqn.2001-04.com.example:a", True))]),
    case("a claim for one pod", THREE, pod(volumes=uses("c")), [on("n1", volumes=uses("c"))],
         [LATE, bound_volume("pv1", "c", accessModes=["ReadWriteOncePod"]), bound("c", "pv1", modes=["ReadWriteOncePod"])]),
    case("a claim for one pod yields", [node("n1"), node("n2")], pod(volumes=uses("c"), priorityClassName="high"),
         [on("n1", volumes=uses("c"), priorityClassName="low")],
         [LATE, bound_volume("pv1", "c", accessModes=["ReadWriteOncePod"]), bound("c", "pv1", modes=["ReadWriteOncePod"])]),
    case("a disk yields", [node("n1")], pod(volumes=disk("x"), priorityClassName="high"), [on("n1", volumes=disk("x"), priorityClassName="low")]),
    case("ephemeral, not made yet", THREE, pod(volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "late", "resources": {"requests": {"storage": "1Gi"}}}}}}]), (), [LATE]),
    case("ephemeral, somebody else's", THREE, pod(volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "late", "resources": {"requests": {"storage": "1Gi"}}}}}}]), (), [LATE, claim("p-v", "late")]),
    case("missing beside other reasons", [node("n1", "1"), node("n2", unschedulable=True)], pod("2", volumes=uses("none", "c")), (), [LATE, CLAIM]),
    case("volume conflict and others", [node("n1", "1"), node("n2"), node("n3", labels={"x": "y"})], pod("2", volumes=uses("c"), affinity={
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [expression("x", "DoesNotExist")]}}}), (),
         [LATE, bound_volume("pv1", "c", nodes=["n3"]), bound("c", "pv1")]),
    case("names of the volume's nodes", THREE, pod(volumes=uses("c")), (), [LATE, volume("pv1", "late", nodeAffinity={"required": {
        "nodeSelectorTerms": [expression(HOST, "In", "n3", "n4")]}}, claimRef={"namespace": "{ns}", "name": "c"}), bound("c", "pv1")]),
]
