# SPDX-License-Identifier: Apache-2.0
"""Every field of affinity to nodes and pods, of spreading, taints, ports and resources."""
from shapes import (A, HOST, PORT, SOFT, TAINT, THREE, ZONE, affinity, case, container, elsewhere, expression, name_is, node, node_affinity,
                    on, pod, spread, term, zones)

TEAM = {"labelSelector": {"matchLabels": {"app": "a"}}, "topologyKey": ZONE, "namespaceSelector": {"matchLabels": {"team": "x"}}}
NO_TEAM = dict(TEAM, namespaceSelector={"matchLabels": {"team": "y"}})
SOFTLY = "ScheduleAnyway"


def near(*terms, **preferred):
    return affinity("podAffinity", list(terms) or None, **preferred)


def far(*terms, **preferred):
    return affinity("podAntiAffinity", list(terms) or None, **preferred)


def taints(*keys, effect="PreferNoSchedule"):
    return [{"key": k, "effect": effect} for k in keys]


def ports(*lists):
    return [dict({"containerPort": 80, "hostPort": 8080}, **x) for x in lists]


CASES = [
    # taints
    case("fewer soft taints", [node("n1", taints=taints("a", "b")), node("n2", taints=taints("a"))], pod()),
    case("soft taints, some tolerated", [node("n1", taints=taints("a", "b")), node("n2", taints=taints("c"))],
         pod(tolerations=[{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists", "effect": "PreferNoSchedule"}])),
    case("tolerated by value", [node("n1", taints=[TAINT]), node("n2", taints=[dict(TAINT, value="w")])],
         pod(tolerations=[{"key": "k", "operator": "Equal", "value": "w", "effect": "NoSchedule"}])),
    case("tolerates another effect", [node("n1", taints=[TAINT])], pod(tolerations=[{"key": "k", "operator": "Exists", "effect": "NoExecute"}])),
    case("tolerates everything", [node("n1", taints=[TAINT], unschedulable=True)], pod(tolerations=[{"operator": "Exists"}])),
    case("taints without value", [node("n1", taints=taints("x", effect="NoSchedule")), node("n2", taints=taints("y", effect="NoExecute"))], pod()),
    # nodes
    case("terms are alternatives", zones(3, "a", "b", "c"), pod(affinity=node_affinity([expression(ZONE, "In", "a"), expression(ZONE, "In", "c")]))),
    case("selector and affinity both hold", zones(4, "a", "b"), pod(nodeSelector={ZONE: "a"}, affinity=node_affinity([expression(HOST, "NotIn", "n1")]))),
    case("names in two terms", THREE, pod(affinity=node_affinity([name_is("n1"), name_is("n3")]))),
    case("a name and a label", zones(3, "a", "b"), pod(affinity=node_affinity([dict(name_is("n1"), **expression(ZONE, "In", "b"))]))),
    case("two names in one term", THREE, pod(affinity=node_affinity([{"matchFields": name_is("n1")["matchFields"] + name_is("n2")["matchFields"]}]))),
    case("not that name", THREE, pod(affinity=node_affinity([{"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}]))),
    case("an empty term", THREE, pod(affinity=node_affinity([{}, expression(HOST, "In", "n2")]))),
    case("node affinity lt", [node("n1", labels={"g": "3"}), node("n2", labels={"g": "x"}), node("n3")],
         pod(affinity=node_affinity([expression("g", "Lt", "5")]))),
    case("preferred by name", THREE, pod(affinity=node_affinity(None, [(7, name_is("n3"))]))),
    case("preferences add up", zones(3, "a", "b", "c"), pod(affinity=node_affinity(None, [
        (40, expression(ZONE, "In", "a")), (30, expression(ZONE, "In", "b")), (20, expression(HOST, "In", "n2"))]))),
    case("an empty preference", zones(3, "a", "b", "c"), pod(affinity=node_affinity(None, [(40, {}), (3, expression(ZONE, "In", "b"))]))),
    case("a name that is full, and others", [node("n1", "1"), node("n2")], pod("3", affinity=node_affinity([name_is("n1"), name_is("n9")]))),
    # ports
    case("one address of two", [node("n1")], pod(ports=ports({"hostIP": "127.0.0.1"})), [on("n1", ports=ports({"hostIP": "127.0.0.2"}))]),
    case("all addresses", [node("n1")], pod(ports=ports({"hostIP": "127.0.0.1"})), [on("n1", ports=PORT)]),
    case("all addresses, too", [node("n1")], pod(ports=PORT), [on("n1", ports=ports({"hostIP": "127.0.0.1"}))]),
    case("ports of the host's network", [node("n1"), node("n2")], pod(ports=[{"containerPort": 9000}], hostNetwork=True),
         [on("n1", ports=[{"containerPort": 9000}], hostNetwork=True)]),
    case("the port of a sidecar", [node("n1")], pod(initContainers=[dict(container(ports=PORT), name="i", restartPolicy="Always")]),
         [on("n1", ports=PORT)]),
    # resources
    case("limits are requests", THREE, dict(pod(), spec={"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "5"}}}]})),
    case("nothing is asked of a full node", [node("n1", "1")], pod(), [on("n1", cpu="1")]),
    case("huge pages", [node("n1", **{"hugepages-2Mi": "4Mi"})], pod("1", requests={"hugepages-2Mi": "8Mi"})),
    case("several of too much", [node("n1", "1", "1Gi", pods="0")], pod("2", "2Gi", requests={"ephemeral-storage": "1Gi"})),
    case("the pod's own resources", [node("n1"), node("n2", "8")], pod("1", resources={"requests": {"cpu": "5", "memory": "1Gi"}})),
    case("the pod's own resources of others", [node("n1")], pod("1"), [on("n1", resources={"requests": {"cpu": "3500m"}})]),
    case("the pod's limits alone", [node("n1")], pod(resources={"limits": {"cpu": "5"}})),
    case("huge pages of the pod", [node("n1", **{"hugepages-2Mi": "4Mi"})], pod("1", resources={"requests": {"hugepages-2Mi": "8Mi"}, "limits": {
        "hugepages-2Mi": "8Mi"}})),
    case("overhead", [node("n1")], pod("3500m", runtimeClassName="{ns}", overhead={"cpu": "1"}), (),
         [("/apis/node.k8s.io/v1/runtimeclasses", {"kind": "RuntimeClass", "apiVersion": "node.k8s.io/v1", "metadata": {"name": "{ns}"},
                                                   "handler": "x", "overhead": {"podFixed": {"cpu": "1"}}})]),
    case("nodes of a runtime class", zones(2, "a", "b"), pod(runtimeClassName="{ns}"), (),
         [("/apis/node.k8s.io/v1/runtimeclasses", {"kind": "RuntimeClass", "apiVersion": "node.k8s.io/v1", "metadata": {"name": "{ns}"},
                                                   "handler": "x", "scheduling": {"nodeSelector": {ZONE: "z"}}})]),
    case("a large init container and a sidecar", [node("n1")], pod("1", initContainers=[
        dict(container("2"), name="s", restartPolicy="Always"), dict(container("3"), name="i")])),
    # affinity
    case("namespaces by label", zones(2, "a", "b"), pod(affinity=near(TEAM)), [elsewhere(on("n2", labels=A))]),
    case("namespaces by another label", zones(2, "a", "b"), pod(affinity=near(NO_TEAM)), [elsewhere(on("n2", labels=A))]),
    case("a namespace by name", zones(2, "a", "b"), pod(affinity=near(term(ZONE, namespaces=["{other}"]))), [elsewhere(on("n2", labels=A))]),
    case("by name or by label", zones(3, "a", "b", "c"), pod(affinity=far(dict(TEAM, namespaces=["{ns}"]))),
         [elsewhere(on("n2", labels=A)), on("n1", labels=A)]),
    case("their namespaces by label", zones(2, "a", "b"), pod(labels=A), [elsewhere(on("n1", affinity=far(
        term(ZONE, namespaceSelector={"matchLabels": {"team": "own"}}))))]),
    case("their other namespaces", zones(2, "a", "b"), pod(labels=A), [elsewhere(on("n1", affinity=far(
        term(ZONE, namespaceSelector={"matchLabels": {"team": "x"}}))))]),
    case("they like all namespaces", zones(2, "a", "b"), pod(labels=A), [elsewhere(on("n2", affinity=near(preferred=[
        (9, term(ZONE, namespaceSelector={}))])))]),
    case("near the same version", zones(2, "a", "b"), pod(labels=dict(A, v="2"), affinity=near(term(ZONE, matchLabelKeys=["v"]))),
         [on("n1", labels=dict(A, v="1")), on("n2", labels=dict(A, v="2"))]),
    case("far from other versions", zones(2, "a", "b"), pod(labels=dict(A, v="2"), affinity=far(term(ZONE, mismatchLabelKeys=["v"]))),
         [on("n1", labels=dict(A, v="1")), on("n2", labels=dict(A, v="2"))]),
    case("far from the same version", zones(2, "a", "b"), pod(labels=dict(A, v="2"), affinity=far(term(ZONE, matchLabelKeys=["v"]))),
         [on("n1", labels=dict(A, v="1")), on("n2", labels=dict(A, v="2"))]),
    case("a key that the pod lacks", zones(2, "a", "b"), pod(labels=A, affinity=near(term(ZONE, matchLabelKeys=["v"]))), [on("n2", labels=A)]),
    case("near two, who are apart", zones(2, "a", "b"), pod(affinity=near(term(ZONE), term(ZONE, "b"))),
         [on("n1", labels=A), on("n2", labels={"app": "b"})]),
    case("near one who is both", zones(2, "a", "b"), pod(affinity=near(
        term(ZONE), {"labelSelector": {"matchLabels": {"x": "y"}}, "topologyKey": HOST})), [on("n2", labels=dict(A, x="y"))]),
    case("near and far", zones(4, "a", "b"), pod(affinity=dict(near(term(ZONE)), **far(term(HOST, "b")))),
         [on("n2", labels=A), on("n4", labels={"app": "b"})]),
    case("no such domain", [node("n1"), node("n2")], pod(labels=A, affinity=near(term(ZONE)))),
    case("far without a domain", [node("n1"), node("n2")], pod(affinity=far(term(ZONE))), [on("n1", labels=A)]),
    case("weights of both", zones(3, "a", "b", "c"), pod(affinity=dict(near(preferred=[(60, term(ZONE))]), **far(preferred=[(50, term(HOST, "b"))]))),
         [on("n1", labels=A), on("n1", labels={"app": "b"}), on("n2", labels=A)]),
    case("many are liked more", zones(3, "a", "b", "c"), pod(affinity=near(preferred=[(10, term(ZONE))])),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A)]),
    case("others dislike it", zones(2, "a", "b"), pod(labels=A), [on("n1", affinity=far(preferred=[(100, term(ZONE))]))]),
    case("a selector of expressions", zones(3, "a", "b", "c"), pod(affinity=far({"topologyKey": ZONE, "labelSelector": {"matchExpressions": [
        {"key": "app", "operator": "In", "values": ["a", "b"]}]}})), [on("n1", labels=A), on("n2", labels={"app": "b"})]),
    case("no selector means nobody", zones(2, "a", "b"), pod(affinity=far({"topologyKey": ZONE})), [on("n1", labels=A)]),
    case("an empty selector means all", zones(2, "a", "b"), pod(affinity=far({"topologyKey": ZONE, "labelSelector": {}})), [on("n1", labels=A)]),
    # spreading
    case("spread, a larger skew", zones(2, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(skew=2)]), [on("n1", labels=A)]),
    case("spread over two keys", zones(4, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(), spread(HOST)]),
         [on("n1", labels=A), on("n2", labels=A), on("n3", labels=A)]),
    case("spread over two keys, impossible", zones(3, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(), spread(HOST)]),
         [on("n1", labels=A), on("n2", labels=A), on("n2", labels=A), on("n3", labels=A)]),
    case("it does not match itself", zones(2, "a", "b"), pod(labels={"app": "b"}, topologySpreadConstraints=[spread()]), [on("n1", labels=A)]),
    case("minDomains are there", zones(3, "a", "b", "c"), pod(labels=A, topologySpreadConstraints=[spread(minDomains=3)]), [on("n1", labels=A)]),
    case("minDomains with affinity", zones(3, "a", "b", "c"), pod(labels=A, topologySpreadConstraints=[spread(minDomains=2)], nodeSelector={ZONE: "a"}),
         [on("n1", labels=A)]),
    case("minDomains and a larger skew", zones(2, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(skew=2, minDomains=5)]),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A)]),
    case("honors both", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[TAINT]), node("n3", labels={ZONE: "c"})],
         pod(labels=A, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor", nodeAffinityPolicy="Honor")],
             affinity=node_affinity([expression(ZONE, "NotIn", "c")])), [on("n1", labels=A)]),
    case("honors a tolerated taint", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[TAINT])],
         pod(labels=A, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")], tolerations=[{"key": "k", "operator": "Exists"}]),
         [on("n1", labels=A)]),
    case("honors a cordon", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, unschedulable=True)],
         pod(labels=A, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")]), [on("n1", labels=A)]),
    case("ignores affinity but honors taints", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[TAINT]), node("n3", labels={
        ZONE: "c"})], pod(labels=A, nodeSelector={ZONE: "a"}, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor", nodeAffinityPolicy="Ignore")]),
         [on("n1", labels=A)]),
    case("a soft taint is no taint", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}, taints=[SOFT])],
         pod(labels=A, topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")]), [on("n1", labels=A)]),
    case("a version that the pod lacks", zones(2, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(matchLabelKeys=["v"])]),
         [on("n1", labels=dict(A, v="1"))]),
    case("versions softly", zones(2, "a", "b"), pod(labels=dict(A, v="2"), topologySpreadConstraints=[spread(when=SOFTLY, matchLabelKeys=["v"])]),
         [on("n1", labels=dict(A, v="1")), on("n1", labels=dict(A, v="1")), on("n2", labels=dict(A, v="2"))]),
    case("softly without labels", [node("n1"), node("n2", labels={ZONE: "a"})], pod(labels=A, topologySpreadConstraints=[spread(when=SOFTLY)]),
         [on("n2", labels=A)]),
    case("softly, a larger skew", zones(3, "a", "b", "c"), pod(labels=A, topologySpreadConstraints=[spread(skew=3, when=SOFTLY)]),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A)]),
    case("softly with affinity", zones(4, "a", "b"), pod(labels=A, nodeSelector={ZONE: "a"}, topologySpreadConstraints=[spread(HOST, when=SOFTLY)]),
         [on("n1", labels=A)]),
    case("softly, taints honored", [node("n1", labels={ZONE: "a"}), node("n2", labels={ZONE: "b"}), node("n3", labels={ZONE: "b"}, taints=[TAINT])],
         pod(labels=A, topologySpreadConstraints=[spread(when=SOFTLY, nodeTaintsPolicy="Honor")]), [on("n1", labels=A), on("n3", labels=A), on(
             "n3", labels=A)]),
    case("hard and soft", zones(4, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread(), spread(HOST, when=SOFTLY)]),
         [on("n1", labels=A), on("n1", labels=A), on("n2", labels=A)]),
    case("others of another namespace", zones(2, "a", "b"), pod(labels=A, topologySpreadConstraints=[spread()]), [elsewhere(on("n1", labels=A))]),
    case("no selector", zones(2, "a", "b"), pod(labels=A, topologySpreadConstraints=[
        {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}]), [on("n1", labels=A)]),
    # images
    case("an image that many have", [node("n%d" % i, images=[{"names": ["registry.k8s.io/pause:3.10"], "sizeBytes": 400000000}] if i < 3 else [])
                                     for i in (1, 2, 3)], pod()),
    case("a small image", [node("n1", images=[{"names": ["registry.k8s.io/pause:3.10"], "sizeBytes": 20000000}]), node("n2")], pod()),
    case("an image without tag", [node("n1", images=[{"names": ["registry.k8s.io/big:latest"], "sizeBytes": 900000000}]), node("n2")],
         dict(pod(), spec={"containers": [{"name": "c", "image": "registry.k8s.io/big"}]})),
]
