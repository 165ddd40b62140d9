# SPDX-License-Identifier: Apache-2.0
"""Who yields to whom: budgets, priorities, times, nominated nodes."""
from shapes import (A, HOST, PORT, TAINT, ZONE, affinity, budget, case, held, node, on, pod, spread, started, term, zones)

TWO = [node("n1"), node("n2")]


def low(where, cpu="3", **more):
    return on(where, cpu=cpu, priorityClassName="low", **more)


def middle(where, cpu="3", **more):
    return on(where, cpu=cpu, priorityClassName="middle", **more)


def high(cpu="3", **more):
    return pod(cpu, priorityClassName="high", **more)


CASES = [
    case("the least important of the most important", TWO, high("4"), [low("n1", "1"), middle("n1", "2"), low("n2", "1"), low("n2", "1")]),
    case("the smaller sum", TWO, high("4"), [low("n1", "1"), middle("n1", "1"), middle("n2", "3")]),
    case("the fewer", TWO, high("4"), [low("n1", "1"), low("n1", "1"), low("n1", "1"), low("n2", "1500m"), low("n2", "1500m")]),
    case("the latest start", TWO, high("4"), [started(low("n1"), 10), started(low("n2"), 20)]),
    case("as many as possible stay", [node("n1")], high("2"), [low("n1", "1"), middle("n1", "1"), started(low("n1", "2"), 5)]),
    case("of equals the one who came first stays", [node("n1")], high("2"), [started(low("n1", "2"), 5), started(low("n1", "2"), 9)]),
    case("nodes that can't help are left out", [node("n1", taints=[TAINT]), node("n2"), node("n3", unschedulable=True), node("n4", "1")], high(),
         [low("n1"), low("n2"), low("n3"), low("n4", "1")]),
    case("nowhere, for several reasons", [node("n1", taints=[TAINT]), node("n2", "1"), node("n3")], high(),
         [low("n1"), on("n3", cpu="3", priorityClassName="higher")]),
    case("a budget that allows one", TWO, high("4"), [low("n1", "2", labels=A), low("n1", "2", labels=A), middle("n2", "4")],
         [budget("b", 1, A)]),
    case("a budget that allows both", TWO, high("4"), [low("n1", "2", labels=A), low("n1", "2", labels=A), middle("n2", "4")],
         [budget("b", 2, A)]),
    case("two budgets", TWO, high("4"), [low("n1", "4", labels=dict(A, x="y")), middle("n2", "4")], [budget("b", 1, A), budget("c", 0, {"x": "y"})]),
    case("a budget is broken when nothing else helps", [node("n1")], high("4"), [low("n1", "4", labels=A)], [budget("b", 0, A)]),
    case("the protected come back first", [node("n1")], high("2"), [low("n1", "2", labels=A), middle("n1", "2")], [budget("b", 0, A)]),
    case("a port", [node("n1")], high("1", ports=PORT), [low("n1", "1", ports=PORT), low("n1", "1")]),
    case("anti-affinity of the new pod", [node("n1")], high("1", affinity=affinity("podAntiAffinity", [term(HOST)])), [low("n1", "1", labels=A), low("n1", "1")]),
    case("anti-affinity of the victim", [node("n1")], high("1", labels=A), [low("n1", "1", affinity=affinity("podAntiAffinity", [term(HOST)]))]),
    case("affinity to the victim", [node("n1")], high("3", affinity=affinity("podAffinity", [term(HOST)])), [low("n1", "3", labels=A)]),
    case("spreading over the victim", zones(2, "a", "b"), high("3", labels=A, topologySpreadConstraints=[spread()]),
         [low("n1", "1", labels=A), on("n2", cpu="3", priorityClassName="higher")]),
    case("too many pods, one yields", [node("n1", pods="2")], high("1"), [low("n1", "1"), middle("n1", "1")]),
    case("an extended resource", [node("n1", **{"example.com/gpu": "1"}), node("n2")], pod(requests={"example.com/gpu": "1"}, priorityClassName="high"),
         [on("n1", requests={"example.com/gpu": "1"}, priorityClassName="low"), low("n1", "1")]),
    case("victims take their time", [node("n1")], high(), [held(low("n1"))]),
    case("victims take their time, on the better node", TWO, high(), [held(low("n1")), held(middle("n2"))]),
    case("its own policy", [node("n1")], pod("3", priorityClassName="polite"), [low("n1")]),
    case("higher than nobody", [node("n1")], pod("3", priorityClassName="low"), [on("n1", cpu="3")]),
    case("room that was made for another", [node("n1"), node("n2", "1")], pod("1", priorityClassName="low"), [held(low("n1")), low("n2", "1")],
         (), [high("4")]),
    case("room that was made for one who matters less", [node("n1")], pod("1", priorityClassName="higher"), [held(low("n1"))], (), [high("4")]),
    case("room is taken over", [node("n1")], pod("4", priorityClassName="higher"), [held(low("n1"))], (), [high("4")]),
    case("two wait for room on two nodes", TWO, high("4"), [held(low("n1", "4")), held(middle("n2", "4"))], (), [high("4")]),
    case("by domain", zones(2, "a", "b"), high("1", affinity=affinity("podAntiAffinity", [term(ZONE)])), [low("n1", "1", labels=A), low("n2", "1", labels=A),
                                                                                                       middle("n2", "1", labels=A)]),
]
