"""What an abstraction covers, and what it never does."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from checker.audit.audit import audit
from checker.audit.clisting import functions
from checker.audit.names import Names
from checker.audit.outcome import Audit, Fate
from checker.errors import SpecError
from tests.audit.toy import specification

NAMES = Names(acquire={"lock": "unlock"}, fields=frozenset({"state"}))


def audited(c_body: str, spec_body: str, names: Names = NAMES) -> Audit:
    """A small C function against a small specification; ``names`` may declare more."""
    source = specification()[1].functions["gate_mode"]
    lines = ["def f(p, n):", *(f"    {line}" for line in spec_body.split("\n"))]
    tree = ast.parse("\n".join(lines)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    given = replace(source, name="f", tree=tree, first_line=1, lines=tuple(lines))
    text = functions(f"int f(struct s *p, int n)\n{{\n{c_body}\nreturn 0;\n}}\n", "t.c")["f"]
    return audit(text, given, names)


NAMED = {
    "a field": ("p->x = 1;", "x"),
    "a field on the way": ("p->x.y = 1;", "x"),
    "a function": ("g(p);", "g"),
    "a function whose value is stored": ("int m = g(p);", "g"),
    "an argument": ("g(&p->x);", "x"),
    "a test": ("if (p->x) { p->state = 1; return 5; }", "x"),
    "a global": ("if (limit > n) return 5;", "limit"),
    "a branch of covered statements": ("if (n) p->x = 1; else g(p);", "x, g"),
    "a loop": ("while (p->x < 3) p->x++;", "x"),
    "a switch": ("switch (p->x) { case A1: return 1; }", "x"),
    "a lock": ("lock(&p->l); unlock(&p->l);", "lock l"),
    "an assertion": ("BUG_TRAP(p->x);", "x"),
}


@pytest.mark.parametrize("name", NAMED)
def test_named_abstractions(name: str) -> None:
    body, covers = NAMED[name]
    shown = ", ".join(repr(c) for c in covers.split(", "))
    found = audited(body, f"abstracted('why', {shown})\nreturn 0")
    assert found.differences == ()
    assert {r.reason for r in found.rows if r.fate is Fate.ABSTRACTED} == {"why"}
    assert audited(body, "return 0").unexplained()


NEVER = {
    "a test of a local": ("int m = p->x; if (m) return 5;", "m"),
    "a test of a parameter": ("if (n) return 5;", "n"),
    "a parameter": ("n = 3; g(n);", "n"),
    "half of a test": ("if (p->x && p->y) return 5;", "x"),
    "a lock by its name alone": ("lock(&p->l); unlock(&p->l);", "l"),
    "a branch that leaves": ("if (n) { p->x = 1; return 5; }", "x"),
}


@pytest.mark.parametrize("name", NEVER)
def test_what_names_never_cover(name: str) -> None:
    body, covers = NEVER[name]
    assert audited(body, f"abstracted('why', {covers!r})\nreturn 0").unexplained()


def test_an_abstraction_without_names_covers_one_run_and_no_field_of_the_model() -> None:
    assert audited("p->x = 1; g(p);", "abstracted('why')\nreturn 0").covering[0][1] == 2
    assert [d.kind for d in audited("p->x = 1; p->state = 2; g(p); h(p);", "abstracted('why')\nreturn 0").unexplained()] == [
        "unaccounted",
        "unaccounted",
    ]
    assert audited("p->x = 1; if (n) return 5;", "abstracted('why')\nreturn 0").unexplained("unaccounted")


def test_abstractions_that_cover_nothing_are_differences() -> None:
    assert audited("", "abstracted('why')\nreturn 0").unexplained("empty abstraction")
    (found,) = audited("p->x = 1;", "abstracted('why', 'x', 'y')\nreturn 0").unexplained()
    assert found.kind == "empty abstraction" and "C has no y" in found.message


@pytest.mark.parametrize("call", ["abstracted()", "abstracted(reason)", "abstracted('why', name)", "abstracted('why', 3)"])
def test_abstractions_are_written_with_plain_strings(call: str) -> None:
    with pytest.raises(SpecError, match="plain strings") as caught:
        audited("p->x = 1;", f"{call}\nreturn 0")
    assert caught.value.place is not None and caught.value.place.line == 2


def test_ignored_names_may_be_parameters_and_assigned_locals_but_no_tests_of_locals() -> None:
    names = replace(NAMES, ignored={"f: n": "why", "m": "why"})
    assert audited("int m = p->x; if (n < 3) return 5;", "return 0", names).differences == ()
    assert audited("int m = p->x; if (m) return 5;", "return 0", names).unexplained()
    assert audited("n = p->x; if (n) return 5;", "return 0", names).unexplained()


def test_names_of_the_model_alone() -> None:
    names = replace(NAMES, added={"mine": "why"})
    assert audited("", "p.mine = 1\nif p.mine:\n    p.mine = 2\nreturn 0", names).differences == ()
    assert audited("", "p.mine = 1\nreturn 0").unexplained("no C statement")


def test_a_value_or_its_default_may_go_through_a_local() -> None:
    spec = "w = g(p)\nv = w if w else 5\np.state = v\nreturn 0"
    assert audited("int v = g(p) ?: 5; p->state = v;", spec).differences == ()
    assert audited("int v = g(p) ?: 6; p->state = v;", spec).unexplained("value")
    assert audited("int v = g(p) ?: 5; p->state = v;", spec.replace("= v\n", "= w\n")).unexplained()


def test_an_explanation_explains_one_difference_and_must_be_needed() -> None:
    names = replace(NAMES, differences={"f: return: EIO": "why"})
    assert audited("if (n) return -EIO;", "if n:\n    return EPERM\nreturn 0", names).unexplained() == []
    (unused,) = audited("if (n) return -EPERM;", "if n:\n    return EPERM\nreturn 0", names).unexplained()
    assert unused.kind == "unused explanation"
    two = "if (n) return -EIO; if (p->x) return -EIO;"
    spec = "if n:\n    return EPERM\nif p.x:\n    return ENOMEM\nreturn 0"
    assert len(audited(two, spec, names).unexplained("return")) == 1
    marked = replace(NAMES, differences={"f if old: return: EIO": "why"})
    assert audited("old(); if (n) return -EIO;", "old()\nif n:\n    return EPERM\nreturn 0", marked).unexplained() == []
    assert audited("if (n) return -EIO;", "if n:\n    return EPERM\nreturn 0", marked).unexplained("return")
