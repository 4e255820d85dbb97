"""Terms: simplifying never changes a value."""

from __future__ import annotations

import pickle
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.evaluate import evaluate
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL, EnumSort, RefSort, WordSort
from checker.language.terms import Term

COLOR = EnumSort("Color", ("RED", "GREEN", "BLUE"))
NODE = RefSort("Node")
PORT = WordSort("Port", 16)
INSTANCE = Instance((("Node", 2),), (("Port", (80, 1024)),))
VARIABLES = {BOOL: ("p", "q"), COLOR: ("c", "d"), PORT: ("x", "y"), NODE: ("n", "m")}


def raw(op: str, *args: Term) -> Term:
    """A node as it is, without simplification."""
    return Term(op, BOOL, args)


def leaf(sort: object) -> st.SearchStrategy[Term]:
    assert isinstance(sort, (type(BOOL), EnumSort, WordSort, RefSort))
    variables = st.sampled_from([terms.var(name, sort) for name in VARIABLES[sort]])
    numbers = {BOOL: (0, 1), COLOR: (0, 1, 2), PORT: (0, 80, 1024), NODE: (0,)}[sort]
    return variables | st.sampled_from([terms.const(n, sort) for n in numbers])


def equations() -> st.SearchStrategy[Term]:
    pairs = st.one_of([st.tuples(leaf(sort), leaf(sort)) for sort in (COLOR, PORT, NODE)])
    ordered = st.tuples(leaf(PORT), leaf(PORT)).map(lambda ab: raw("lt", *ab))
    return pairs.map(lambda ab: raw("eq", *ab)) | ordered


FORMULAS = st.recursive(
    leaf(BOOL) | equations(),
    lambda inner: st.one_of(
        inner.map(lambda a: raw("not", a)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: raw("and", *parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: raw("or", *parts)),
        st.tuples(inner, inner).map(lambda ab: raw("eq", *ab)),
        st.tuples(inner, inner, inner).map(lambda cab: raw("ite", *cab)),
        inner.map(lambda a: Term("exists", BOOL, (a,), terms.var("n", NODE))),
        inner.map(lambda a: Term("forall", BOOL, (a,), terms.var("n", NODE))),
    ),
    max_leaves=8,
)


def simplify(t: Term) -> Term:
    """``t`` rebuilt bottom-up by the simplifying constructors."""
    args = tuple(simplify(a) for a in t.args)
    if t.op in terms.REBUILD:
        return terms.REBUILD[t.op](*args)
    if t.op in ("exists", "forall"):
        return (terms.exists if t.op == "exists" else terms.forall)(t.data, args[0])
    return t


def bindings() -> list[dict[Term, int]]:
    variables = [terms.var(name, sort) for sort, names in VARIABLES.items() for name in names]
    domains = [INSTANCE.objects(v.sort) for v in variables]
    every = [dict(zip(variables, values, strict=True)) for values in product(*domains)]
    return every[:: max(1, len(every) // 60)]


BINDINGS = bindings()


@settings(max_examples=150, deadline=None)
@given(FORMULAS)
def test_simplified_means_the_same(formula: Term) -> None:
    simple = simplify(formula)
    for binding in BINDINGS:
        assert evaluate(simple, {}, INSTANCE, binding) == evaluate(formula, {}, INSTANCE, binding)


@settings(max_examples=100, deadline=None)
@given(FORMULAS, st.sampled_from((0, 1)))
def test_substitution_is_evaluation(formula: Term, value: int) -> None:
    p = terms.var("p", BOOL)
    put = terms.substitute(simplify(formula), {p: terms.const(value, BOOL)})
    for binding in BINDINGS:
        assert evaluate(put, {}, INSTANCE, binding) == evaluate(formula, {}, INSTANCE, {**binding, p: value})


def test_constructors_fold() -> None:
    p, q = terms.var("p", BOOL), terms.var("q", BOOL)
    assert terms.conj(p, terms.TRUE, p) == p
    assert terms.conj(p, terms.negate(p)) == terms.FALSE
    assert terms.disj(p, q, terms.negate(p)) == terms.TRUE
    assert terms.conj() == terms.TRUE
    assert terms.disj() == terms.FALSE
    assert terms.negate(terms.negate(p)) == p
    assert terms.implies(p, p) == terms.TRUE
    assert terms.eq(p, terms.TRUE) == p
    assert terms.eq(terms.FALSE, p) == terms.negate(p)
    assert terms.ite(p, q, q) == q
    assert terms.conj(terms.conj(p, q), p).args == (p, q)


def test_variables_are_never_null() -> None:
    n = terms.var("n", NODE)
    assert terms.eq(n, terms.const(0, NODE)) == terms.FALSE


def test_show_reads_like_the_specification() -> None:
    n = terms.var("n", NODE)
    color = terms.field(("Node", "color"), COLOR, n)
    port = terms.field(("Node", "port"), PORT, n)
    formula = terms.implies(terms.eq(color, terms.member(COLOR, "GREEN")), terms.lt(port, terms.const(80, PORT)))
    assert terms.show(formula) == "n.color != GREEN or n.port < 80"
    assert terms.show(terms.exists(n, formula)) == "any(n.color != GREEN or n.port < 80 for n in Node)"
    assert terms.fields_of(formula) == [("Node", "color"), ("Node", "port")]


def test_nodes_of_one_structure_are_one_object() -> None:
    again = EnumSort("".join(["Co", "lor"]), ("RED", "GREEN", "BLUE"))
    c, d = (terms.eq(terms.var("c", sort), terms.const(2, sort)) for sort in (COLOR, again))
    assert c is d
    assert pickle.loads(pickle.dumps(c)) is c
    assert c is not terms.eq(terms.var("c", COLOR), terms.const(1, COLOR))
    other = EnumSort("Color", ("RED", "GREEN"))
    assert terms.var("c", other) is not terms.var("c", COLOR)
