"""Specialisation to a client: what disappears, what stays, and that the reachable states are the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import spec
from checker.errors import UsageError
from checker.evaluate import initial_state, successors
from checker.instance import Instance
from checker.language import terms
from checker.language.client import Client
from checker.language.compile import Compiled, compile_function, compile_model
from checker.language.graph import Action, Graph
from checker.language.sorts import BOOL, EnumSort, RefSort, WordSort
from checker.language.valuesets import EITHER, NO, YES, Evaluator, Values
from checker.system import TransitionSystem
from spec.clients import BIND_LISTEN
from tests.language import copies, shades

INSTANCE = Instance((("Thread", 2), ("Cell", 1)), (("Port", (80,)),))
SHADE = EnumSort("Shade", ("WHITE", "GREY", "BLACK", "BLUE"))
CELL = RefSort("Cell")
PORT = WordSort("Port", 16)


def client(**arguments: tuple[str | int | bool, ...]) -> Client:
    """Calls of ``sys_call`` with some arguments."""
    return Client("some", ("sys_call",), {f"sys_call.{k}": v for k, v in arguments.items()})


def compiled(some: Client | None, *, prune: bool = True, reduce: bool = True) -> Compiled:
    return compile_model("shades", [shades], client=some, prune=prune, reduce=reduce)


def graph_text(graph: Graph) -> str:
    """Everything a graph does, one node a line."""
    return "\n".join(f"{n.function}: {n.action.value} {n.text} {n.value}" for n in graph.nodes)


def reachable(
    system: TransitionSystem, instance: Instance, kept: set[tuple[str, str]], limit: int
) -> set[tuple[int, ...]] | None:
    """What the ``kept`` variables can hold together; None if there are more than ``limit`` states."""
    first = initial_state(system, instance)
    cells = sorted(first)
    shown = [c for c in cells if (c[0], c[1]) in kept]
    seen = {tuple(first[c] for c in cells)}
    queue = [first]
    for state in queue:
        for _, _, after in successors(system, state, instance):
            key = tuple(after[c] for c in cells)
            if key not in seen:
                seen.add(key)
                queue.append(after)
        if len(seen) > limit:
            return None
    return {tuple(state[c] for c in shown) for state in queue}


def shared(model: Compiled) -> set[tuple[str, str]]:
    """The fields that are neither locals nor ghosts."""
    return {v.key for fields in model.model.fields.values() for v in fields.values() if not v.ghost}


def visible(model: Compiled) -> set[tuple[str, str]]:
    """Those of them that properties read: merging steps keeps what can be seen of these."""
    return shared(model) & {k for p in model.properties for k in terms.fields_of(p.formula)}


# -- values of terms ------------------------------------------------------------------------------------------------------


def evaluator(**known: Values) -> Evaluator:
    """Fields of records named after their sort."""

    def read(t: terms.Term) -> Values:
        return known[t.data[1]]

    return Evaluator(read)


def a_field(name: str, sort: object, obj: terms.Term | None = None) -> terms.Term:
    return terms.field(("Cell", name), sort, obj or terms.var("c", CELL))  # type: ignore[arg-type]


def shade(name: str) -> terms.Term:
    return terms.member(SHADE, name)


def test_comparisons_of_value_sets() -> None:
    e = evaluator(shade=frozenset({0, 1}), other=frozenset({2}), port=NO, wire=YES, next=YES)
    s, o, p, w = a_field("shade", SHADE), a_field("other", SHADE), a_field("port", PORT), a_field("wire", PORT)
    assert e.values(terms.eq(s, shade("BLUE"))) == NO
    assert e.values(terms.eq(s, o)) == NO
    assert e.values(terms.eq(s, shade("GREY"))) == EITHER
    assert e.fold(o) == shade("BLACK")
    assert e.values(terms.eq(w, terms.const(80, PORT))) == EITHER  # another port than 0 may be 80
    assert e.values(terms.eq(p, terms.const(80, PORT))) == NO
    assert e.values(terms.lt(p, w)) == YES
    assert e.values(terms.lt(w, p)) == NO
    assert e.values(terms.successor(p)) == YES
    assert e.values(terms.successor(w)) == EITHER  # 65535 + 1 is 0
    assert e.values(terms.eq(a_field("next", CELL), terms.const(0, CELL))) == NO


def test_cases_are_told_apart_one_variable_at_a_time() -> None:
    e = evaluator(shade=frozenset({0, 1}))
    s = a_field("shade", SHADE)
    assert e.fold(terms.disj(terms.eq(s, shade("WHITE")), terms.eq(s, shade("GREY")))) == terms.TRUE
    assert e.fold(terms.disj(terms.eq(s, shade("WHITE")), terms.eq(s, shade("BLUE")))) == terms.eq(s, shade("WHITE"))


def test_quantified_conditions_fold_inside() -> None:
    e = evaluator(shade=frozenset({0, 1}), flag=EITHER)
    d = terms.var("d", CELL)
    blue, grey = (terms.eq(a_field("shade", SHADE, d), shade(n)) for n in ("BLUE", "GREY"))
    assert e.fold(terms.exists(d, blue)) == terms.FALSE
    assert e.fold(terms.exists(d, terms.disj(blue, grey))) == terms.exists(d, grey)


def test_what_is_known_of_one_object_is_not_known_of_all() -> None:
    """Some object may be white and another one grey: trying the colours one by one is right inside a quantifier only."""
    e = evaluator(shade=frozenset({0, 1}))
    d = terms.var("d", CELL)
    white, grey = (terms.eq(a_field("shade", SHADE, d), shade(n)) for n in ("WHITE", "GREY"))
    assert e.values(terms.disj(terms.forall(d, white), terms.forall(d, grey))) == EITHER
    assert e.fold(terms.forall(d, terms.disj(white, grey))) == terms.TRUE


def test_pins_are_forgotten_below_a_quantifier_over_the_same_variable() -> None:
    d = terms.var("d", CELL)
    flag = a_field("flag", BOOL, d)
    pinned = evaluator(flag=EITHER).pin(flag, YES)
    assert pinned.values(flag) == YES
    assert pinned.values(terms.forall(d, flag)) == EITHER


# -- graphs ---------------------------------------------------------------------------------------------------------------


def test_values_that_are_never_stored_disappear() -> None:
    model = compiled(client(request=("DARKEN",)))
    text = graph_text(model.graphs[0])
    assert model.values["Cell", "shade"] == {0, 1, 2}
    assert "BLUE" not in text
    assert "c.flag = True" not in text
    assert "join" not in text
    assert "c.next = NULL" not in text  # it is NULL anyway
    whole = compiled(Client("all", ("sys_call",)))
    assert "c.flag = True" in graph_text(whole.graphs[0])
    assert len(model.system.transitions) < len(whole.system.transitions)


def test_tests_on_a_local_hold_behind_them() -> None:
    """After `old == WHITE` and `old == GREY` failed, `old == BLUE` decides nothing: it is BLACK."""
    (graph,) = compiled(client(request=("DARKEN",))).graphs
    tests = [n.text for n in graph.nodes if n.action is Action.BRANCH]
    assert tests == ["old == WHITE", "old == GREY"]


def test_conditions_over_all_objects_fold() -> None:
    model = compiled(Client("both", ("sys_call", "sys_show"), {"sys_call.request": ("DARKEN",)}))
    (node,) = [n for n in model.graphs[1].nodes if n.action is Action.WRITE]
    assert terms.show(node.value) == "any(d.shade == GREY for d in Cell)" if node.value else False
    alone = compiled(Client("show", ("sys_show",)))
    assert [n.action for n in alone.graphs[0].nodes] == [Action.NOTE, Action.RETURN]


def test_arguments_reach_inlined_calls() -> None:
    text = graph_text(compiled(client(request=("PAINT",), shade=("GREY", "BLUE"))).graphs[0])
    assert "c.flag = True" in text
    assert "c.next = NULL" not in text
    assert "shade == BLUE" in text
    fixed = graph_text(compiled(client(request=("PAINT",), shade=("BLUE",))).graphs[0])
    assert "shade == BLUE" not in fixed
    assert "c.shade = shade BLUE" in fixed


def test_zero_and_other_ports() -> None:
    assert compiled(client(request=("JOIN",), port=(0,))).values["Cell", "port"] == {0}
    assert compiled(client(request=("JOIN",), port=(80,))).values["Cell", "port"] == {0, 1}


def test_traps_stay_even_if_they_cannot_fail() -> None:
    model = compiled(client(request=("DARKEN",)))
    trap = model.property("BUG_TRAP(darken: c.shade != BLUE)")
    assert not any(u.key in terms.fields_of(trap.formula) for t in model.system.transitions for u in t.updates)
    with pytest.raises(UsageError):
        compiled(client(request=("JOIN",))).property(trap.name)


def test_restricted_arguments_are_guards() -> None:
    model = compiled(client(request=("PAINT",), port=(80,)), prune=False)
    starts = [t for t in model.system.transitions if t.source == "idle"]
    assert starts
    guards = {terms.show(part) for t in starts for part in terms.conjuncts(t.guard)}
    assert "request == PAINT" in guards
    assert not any("DARKEN" in g and "not" not in g for g in guards)


def test_a_function_as_its_client_runs_it() -> None:
    model = compiled(client(request=("DARKEN",)))
    texts = [
        " ".join(map(str, (t.guard, *(u.value for u in t.updates))))
        for t in compile_function(model, "darken", prune=True).transitions
    ]
    assert texts and not any("BLUE" in text for text in texts)
    assert any("BLUE" in str(t.guard) for t in compile_function(model, "darken").transitions)


def looking(*dye: bool, prune: bool = True) -> Compiled:
    return compile_model("copies", [copies], client=Client("looks", ("sys_look",), {"sys_look.dye": dye}), prune=prune)


def test_a_copy_equals_what_it_was_copied_from() -> None:
    """Where no cell is blue, ``seen`` is ``c`` on every path; it may be another one where some are."""
    assert "c.flag = True" not in graph_text(looking(False).graphs[0])
    assert "c.flag = True" in graph_text(looking(False, True).graphs[0])


def test_a_function_returns_to_those_who_call_it() -> None:
    """``note`` may come back to ``look`` before ``look`` was called at all, as far as its own callers tell."""

    def returns(model: Compiled) -> list[str]:
        return [str(n.value) for n in model.graphs[0].nodes if n.action is Action.BRANCH and "/look.$back" in str(n.value)]

    assert len(returns(looking(False, True))) == 1
    assert not returns(looking(False))


@pytest.mark.parametrize("prune", [True, False])
def test_a_transition_is_not_what_an_earlier_test_excludes(prune: bool) -> None:
    model = compile_model("copies", [copies], client=Client("tells", ("sys_tell",)), prune=prune)
    (inside,) = (loc.name for loc in model.system.locations if loc.text == "c.noted = False")
    outcomes = {terms.show(t.guard) for t in model.system.transitions if t.source == inside}
    assert outcomes == (
        {"self.sys_tell/sys_tell.loud"} if prune else {"self.sys_tell/sys_tell.loud", "not self.sys_tell/sys_tell.loud"}
    )


@pytest.mark.parametrize("dye", [(False,), (False, True)])
def test_copies_reach_the_same_states(dye: tuple[bool, ...]) -> None:
    pruned, whole = (looking(*dye, prune=prune) for prune in (True, False))
    instance = Instance((("Thread", 2), ("Cell", 2)), ())
    found = [reachable(model.system, instance, visible(model), 20_000) for model in (pruned, whole)]
    assert found[0] is not None and found[0] == found[1]


@pytest.mark.parametrize(
    ("some", "code"),
    [
        (Client("c", ("sys_nothing",)), "unknown-root"),
        (Client("c", ("sys_show",), {"sys_call.port": (0,)}), "unknown-root"),
        (client(color=("BLUE",)), "unknown-argument"),
        (client(shade=("PINK",)), "unknown-value"),
        (client(shade=()), "no-argument"),
        (client(c=(1,)), "no-argument"),
        (client(port=("http",)), "unknown-value"),
    ],
)
def test_clients_that_name_what_is_not_there(some: Client, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(some)
    assert caught.value.code == code
    assert caught.value.fix


# -- the same states --------------------------------------------------------------------------------------------------------

CLIENTS: Mapping[str, Client | None] = {
    "everything": None,
    "darken": client(request=("DARKEN",)),
    "paint blue": client(request=("PAINT",), shade=("BLUE",)),
    "paint grey, darken": client(request=("PAINT", "DARKEN"), shade=("GREY",)),
    "join": Client("c", ("sys_call", "sys_show"), {"sys_call.request": ("JOIN", "CLEAR"), "sys_call.port": (0,)}),
}


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize("name", CLIENTS)
def test_the_same_states(name: str, reduce: bool) -> None:
    found = []
    for prune in (True, False):
        model = compiled(CLIENTS[name], prune=prune, reduce=reduce)
        found.append(reachable(model.system, INSTANCE, visible(model) if reduce else shared(model), 20_000))
    assert found[0] is not None
    assert found[0] == found[1]


# -- the real specification ---------------------------------------------------------------------------------------------------


def test_pruning_the_model_keeps_its_locations() -> None:
    """The states and proofs of the pruned model are pinned elsewhere; here: nothing that matters is gone."""
    whole, pruned = (compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN, prune=p) for p in (False, True))
    assert {loc.function for loc in pruned.system.locations} < {loc.function for loc in whole.system.locations}
    assert len(pruned.system.transitions) < len(whole.system.transitions)
    assert {p.name for p in pruned.properties} < {p.name for p in whole.properties}
