# SPDX-License-Identifier: Apache-2.0
"""What lets a pod try again: each is turned away, then something changes."""
from shapes import (A, HOST, PODS, PORT, TAINT, ZONE, add_node, add_pod, affinity, case, claim, delete, elsewhere, expression, make, node, node_affinity,
                    on, patch, pod, spread, storage_class, term, uses, volume, zones)
from volume_cases import CLAIM, LATE, bound, bound_volume, csi, csi_node

NODE = "/api/v1/nodes/"
ONE = [node("n1")]


def gone(i=0):
    return [delete(PODS + "placed-%d" % i)]


def relabel(i, labels):
    return [patch(PODS + "placed-%d" % i, {"metadata": {"labels": labels}})]


CASES = [
    case("then: a node comes", ONE, pod("5"), then=[add_node(node("n2", "8"))]),
    case("then: a node comes that doesn't help", ONE, pod("5"), then=[add_node(node("n2", "2"))]),
    case("then: the node grows", ONE, pod("5"), then=[patch(NODE + "n1/status", {"status": {"allocatable": {"cpu": "8"}}})]),
    case("then: a label comes", ONE, pod(nodeSelector={"x": "y"}), then=[patch(NODE + "n1", {"metadata": {"labels": {"x": "y"}}})]),
    case("then: uncordoned", [node("n1", unschedulable=True)], pod(), then=[patch(NODE + "n1", {"spec": {"unschedulable": None}})]),
    case("then: the taint goes", [node("n1", taints=[TAINT])], pod(), then=[patch(NODE + "n1", {"spec": {"taints": None}})]),
    case("then: it tolerates", [node("n1", taints=[TAINT])], pod(), then=[patch(PODS + "p", {"spec": {"tolerations": [
        {"key": "k", "operator": "Exists"}, {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]}})]),
    case("then: a pod goes", ONE, pod("3"), [on("n1", cpu="3")], then=gone()),
    case("then: a pod goes, not enough", ONE, pod("4"), [on("n1", cpu="1"), on("n1", cpu="1")], then=gone()),
    case("then: a port is free", ONE, pod(ports=PORT), [on("n1", ports=PORT)], then=gone()),
    case("then: a friend comes", zones(2, "a", "b"), pod(affinity=affinity("podAffinity", [term(ZONE)])), then=[add_pod(on("n2", labels=A))]),
    case("then: somebody becomes a friend", zones(2, "a", "b"), pod(affinity=affinity("podAffinity", [term(ZONE)])), [on("n2")], then=relabel(0, A)),
    case("then: an enemy goes", ONE, pod(affinity=affinity("podAntiAffinity", [term(HOST)])), [on("n1", labels=A)], then=gone()),
    case("then: somebody is no enemy any more", ONE, pod(affinity=affinity("podAntiAffinity", [term(HOST)])), [on("n1", labels=A)],
         then=relabel(0, {"app": None})),
    case("then: who keeps away goes", ONE, pod(labels=A), [on("n1", affinity=affinity("podAntiAffinity", [term(HOST)]))], then=gone()),
    case("then: it is not meant any more", ONE, pod(labels=A), [on("n1", affinity=affinity("podAntiAffinity", [term(HOST)]))],
         then=[patch(PODS + "p", {"metadata": {"labels": {"app": "c"}}})]),
    case("then: its own kind", zones(1, "a"), pod(affinity=affinity("podAffinity", [term(ZONE)])),
         then=[patch(PODS + "p", {"metadata": {"labels": A}})]),
    case("then: the other zone fills", [node("n1", labels={ZONE: "a"}), node("n2", "1", labels={ZONE: "b"})],
         pod("2", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A)], then=[add_pod(on("n2", labels=A))]),
    case("then: its zone empties", [node("n1", labels={ZONE: "a"}), node("n2", "1", labels={ZONE: "b"})],
         pod("2", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A)], then=gone()),
    case("then: the empty zone goes", [node("n1", labels={ZONE: "a"}), node("n2", "1", labels={ZONE: "b"})],
         pod("2", labels=A, topologySpreadConstraints=[spread()]), [on("n1", labels=A)], then=[delete(NODE + "n2")]),
    case("then: a zone is named", [node("n1")], pod(labels=A, topologySpreadConstraints=[spread()]),
         then=[patch(NODE + "n1", {"metadata": {"labels": {ZONE: "a"}}})]),
    case("then: the gate opens", ONE, pod(schedulingGates=[{"name": "example.com/wait"}]), then=[patch(PODS + "p", {"spec": {"schedulingGates": None}})]),
    case("then: one gate of two opens", ONE, pod(schedulingGates=[{"name": "example.com/a"}, {"name": "example.com/b"}]),
         then=[patch(PODS + "p", {"spec": {"schedulingGates": [{"name": "example.com/b"}]}})]),
    case("then: chosen behind the gate", zones(2, "a", "b"), pod(schedulingGates=[{"name": "example.com/wait"}]),
         then=[patch(PODS + "p", {"spec": {"nodeSelector": {ZONE: "b"}}}), patch(PODS + "p", {"spec": {"schedulingGates": None}})]),
    case("then: the node of that name comes", ONE, pod(affinity=node_affinity([{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": ["n2"]}]}])), then=[add_node(node("n2"))]),
    case("then: the claim comes", ONE, pod(volumes=uses("c")), (), [LATE, bound_volume("pv1", "c")], then=[make(*bound("c", "pv1"))]),
    case("then: the class comes", ONE, pod(volumes=uses("c")), (), [CLAIM], then=[make(*storage_class("late", "x.example.com"))]),
    case("then: the volume comes", ONE, pod(volumes=uses("c")), (), [LATE, CLAIM], then=[make(*volume("pv1", "late", nodes=["n1"]))]),
    case("then: the limit rises", ONE, pod(volumes=uses("c")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), bound_volume("pv1", "c", **csi("a")), bound("c", "pv1"), bound_volume("pv2", "e", **csi("b")), bound("e", "pv2")],
         then=[patch("/apis/storage.k8s.io/v1/csinodes/n1", {"spec": {"drivers": [
             {"name": "d.example.com", "nodeID": "n1", "topologyKeys": [], "allocatable": {"count": 2}}]}})]),
    case("then: a volume is detached", ONE, pod(volumes=uses("c")), [on("n1", volumes=uses("e"))],
         [LATE, csi_node("n1", 1), bound_volume("pv1", "c", **csi("a")), bound("c", "pv1"), bound_volume("pv2", "e", **csi("b")), bound("e", "pv2")],
         then=gone()),
    case("then: the claim is free", ONE, pod(volumes=uses("c")), [on("n1", volumes=uses("c"))],
         [LATE, bound_volume("pv1", "c", accessModes=["ReadWriteOncePod"]), bound("c", "pv1", modes=["ReadWriteOncePod"])], then=gone()),
    case("then: the namespace is of the team", zones(2, "a", "b"), pod(affinity=affinity("podAffinity", [
        term(ZONE, namespaceSelector={"matchLabels": {"team": "late"}})])), [elsewhere(on("n2", labels=A))],
         then=[patch("/api/v1/namespaces/{other}", {"metadata": {"labels": {"team": "late"}}})],
         meant="upstream lets it wait for five minutes: labels of namespaces wake nobody"),
    case("then: a smaller request", ONE, pod("5"), then=[patch(PODS + "p/resize", {"spec": {"containers": [
        {"name": "c", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": "1"}}}]}})]),
    case("then: the topology is allowed", zones(1, "a"), pod(volumes=uses("c")), (), [
        storage_class("late", "x.example.com", allowedTopologies=[{"matchLabelExpressions": [{"key": ZONE, "values": ["z"]}]}]), claim("c", "late")],
         then=[patch(NODE + "n1", {"metadata": {"labels": {ZONE: "z"}}})]),
    case("then: the affinity's label", ONE, pod(affinity=node_affinity([expression("x", "In", "y")])),
         then=[patch(NODE + "n1", {"metadata": {"labels": {"x": "y"}}})]),
]
