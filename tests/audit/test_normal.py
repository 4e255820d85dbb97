"""The normal form: conditions, gotos, constants, loops and switches, from C and from specifications."""

from __future__ import annotations

import pytest

from checker.audit import normal
from checker.audit.clisting import functions
from checker.audit.cmodel import read_function
from checker.audit.flow import straighten
from checker.audit.names import Names
from checker.audit.normal import Block, Kind, Value
from checker.audit.pyvalue import PythonValues
from checker.audit.shape import shape

NAMES = Names(masks={"TF_": "T_"}, acquire={"lock": "unlock"}, setters={"set_mode": "current.mode"}, constants={"NULL": 0})


def told(block: Block, indent: str = "") -> list[str]:
    """A block as lines."""
    lines = []
    for s in block:
        target = f"{s.target} = " if s.target is not None else ""
        lines.append(f"{indent}{s.kind.value} {target}{s.value if s.value is not None else s.text}".rstrip())
        for label, inner in [
            ("", s.body),
            ("else", s.orelse),
            *((", ".join(map(str, a.labels)) or "default", a.body) for a in s.arms),
        ]:
            if inner:
                lines += [f"{indent}{label}:"] if label else []
                lines += told(inner, indent + "  ")
    return lines


def c(body: str) -> list[str]:
    """The normal form of a C body."""
    function = read_function(functions(f"int f(struct s *p, int n)\n{{{body}}}", "t.c")["f"], NAMES)
    return told(shape(straighten(function).body))


CASES = {
    "goto out": (
        "int err = -EIO; if (p->x) goto out; err = 0; out: unlock(p); return err;",
        ["if p.x != 0", "  call release(p)", "  return EIO", "call release(p)", "return 0"],
    ),
    "label that leads to another": (
        "if (n) goto bad; return 0; bad: free(p); goto out; out: return -EPERM;",
        ["if n != 0", "  call free(p)", "  return EPERM", "return 0"],
    ),
    "backward goto stays": (
        "again: n = f(n); if (n) goto again; return n;",
        ["assign n = f(n)", "if n != 0", "  goto again", "return n"],
    ),
    "mask": ("if (!((1 << p->t) & (TF_A | TF_B))) return 1; return 0;", ["if p.t not in {T_A, T_B}", "  return 1", "return 0"]),
    "chained assignment": ("p->a = p->b = n; return 0;", ["assign p.b = n", "assign p.a = n", "return 0"]),
    "assignment in a test": (
        "if ((p->q = next(p)) == NULL) p->z = 1; return 0;",
        ["assign p.q = next(p)", "if p.q == 0", "  assign p.z = 1", "return 0"],
    ),
    "do while": ("do { g(n); } while (n > 0); return 0;", ["loop", "  call g(n)", "  if n <= 0", "    break", "return 0"]),
    "for": (
        "for (n = 0; n < 9; n++) g(n); return n;",
        ["assign n = 0", "loop n < 9", "  call g(n)", "  assign n = n + 1", "return n"],
    ),
    "while with an assignment": (
        "while ((n = g(p)) != 0) h(n); return 0;",
        ["loop", "  assign n = g(p)", "  if n == 0", "    break", "  call h(n)", "return 0"],
    ),
    "switch with fall through": (
        "switch (n) { case A1: g(n); case B1: case C1: h(n); break; default: return 1; } return 0;",
        ["switch n", "A1:", "  call g(n)", "  call h(n)", "B1, C1:", "  call h(n)", "default:", "  return 1", "return 0"],
    ),
    "chain of ifs": (
        "if (n == A1) g(n); else if (n == B1) h(n); else return 1; return 0;",
        ["switch n", "A1:", "  call g(n)", "B1:", "  call h(n)", "default:", "  return 1", "return 0"],
    ),
    "nested ifs": ("if (n) if (p) g(n); return 0;", ["if n != 0 and p != 0", "  call g(n)", "return 0"]),
    "else behind a return": ("if (n) return 1; else g(n); return 0;", ["if n != 0", "  return 1", "call g(n)", "return 0"]),
    "value or default": ("n = g(p) ?: 5; return n;", ["assign n = g(p)", "if n == 0", "  assign n = 5", "return n"]),
    "setter": ("set_mode(7); return 0;", ["assign current.mode = 7", "return 0"]),
    "macro loop": ("each_one(q, &p->list) { g(q); } return 0;", ["loop each(each_one(q, p.list))", "  call g(q)", "return 0"]),
    "constant only one branch needs": (
        "int e; for (;;) { e = 1; if (g(p)) break; e = 2; if (h(p)) break; } i(e); return e;",
        ["loop", "  if g(p) != 0", "    assign e = 1", "    break", "  if h(p) != 0", "    assign e = 2", "    break"]
        + ["call i(e)", "return e"],
    ),
    "address taken": ("int e = -EIO; g(&e); return e;", ["assign e = EIO", "call g(e)", "return e"]),
    "code behind a return": ("return 0; g(n);", ["return 0"]),
    "unreadable": ('asm("nop"); return 0;', ["unreadable", "return 0"]),
}


@pytest.mark.parametrize("name", CASES)
def test_c_in_normal_form(name: str) -> None:
    body, lines = CASES[name]
    assert c(body) == lines


def test_every_statement_is_numbered_and_told_in_words() -> None:
    text = (
        "int f(int n)\n{\n int e = -EIO;\n if (n)\n  goto out;\n#ifdef DEPERMUG\n g(n);\n#endif\n e = 0;\nout:\n return e;\n}\n"
    )
    function = read_function(functions(text, "t.c")["f"], NAMES)
    assert [(s.place.line, s.title) for s in function.sources] == [
        (3, "assign e"),
        (4, "test n != 0"),
        (5, "go to out"),
        (7, "call g"),
        (9, "assign e"),
        (11, "return e"),
    ]
    assert function.settled == {3: "compiled only with DEPERMUG"}
    carried = [s for s in straighten(function).body if s.kind is Kind.RETURN]
    assert [s.ids for s in carried] == [(5, 4)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a == NULL", "a == 0"),
        ("not a", "a == 0"),
        ("a", "a != 0"),
        ("a != A1 and a != B1", "a not in {A1, B1}"),
        ("a in (B1, A1)", "a in {A1, B1}"),
        ("a == A1 or a == B1 or b", "a in {A1, B1} or b != 0"),
        ("not (a and not b)", "a == 0 or b != 0"),
        ("a > b", "b < a"),
        ("not a < b", "b <= a"),
        ("f(a) == 0", "f(a) == 0"),
        ("sk.prot.get(sk)", "get(sk) != 0"),
    ],
)
def test_conditions_of_a_specification(text: str, shown: str) -> None:
    assert str(PythonValues({"NULL": 0}).condition_text(text)) == shown


def test_negation_is_its_own_inverse() -> None:
    condition = PythonValues({}).condition_text("a == A1 and (b < c or not f(d)) or e != g")
    assert normal.negate(normal.negate(condition)) == condition


def test_atoms_can_be_left_out() -> None:
    condition = PythonValues({}).condition_text("a and b or c")
    a, b, third = normal.atoms(condition)
    assert str(normal.without(condition, {b})) == "a != 0 or c != 0"
    assert normal.without(condition, {a, b, third}) is None
    assert normal.words(Value("field", "x", (normal.name("p"),))) == {"x", "p"}
