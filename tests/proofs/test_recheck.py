"""The program that rechecks stands alone, and answers bad input like a program."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import z3

from proofs import recheck

PROGRAM = Path(recheck.__file__)
OURS = {"checker", "spec", "proofs", "tests"}


def test_it_imports_nothing_of_ours_but_cvc5() -> None:
    tree = ast.parse(PROGRAM.read_text(encoding="utf-8"))
    names = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    names += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    roots = {name.split(".")[0] for name in names}
    assert roots - set(sys.stdlib_module_names) == {"cvc5"}
    assert not roots & OURS


def test_it_is_small_enough_to_be_read() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 300


def test_it_runs_alone_and_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(PROGRAM), str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no certificate" in done.stderr and "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(a", "ends inside a command"),
        ("a))", "a parenthesis too many"),
        ('(a "b)', "does not belong there"),
        ("(a |b)", "does not belong there"),
        ("(a ; comment\n)", "does not belong there"),
    ],
)
def test_text_that_is_no_dump_is_rejected(text: str, message: str) -> None:
    with pytest.raises(recheck.Rejected, match=message):
        recheck.parse(text, "x")


def test_parsing_and_showing_are_inverse() -> None:
    text = '(a (|b c| "d ""e""" ()) f)'
    assert [recheck.show(x) for x in recheck.parse(text, "x")] == [text]


def test_an_empty_folder_is_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(recheck.Rejected, match="its format is not"):
        recheck.Certificate(tmp_path)


def test_an_undecided_obligation_is_not_confirmed() -> None:
    given = "(set-logic ALL)(declare-fun f (Int) Int)"
    hard = "(assert (forall ((x Int)) (= (f (f x)) (+ x 1))))"
    ((said, _),) = recheck.solve([query(given, hard)], 0.2)
    assert said not in ("unsat", "sat")


def test_what_the_solver_does_not_understand_is_not_confirmed() -> None:
    ((said, _),) = recheck.solve([query("(set-logic ALL)", "(assert nonsense)")], 1.0)
    assert "nonsense" in said


def test_more_than_one_answer_is_not_confirmed() -> None:
    twice = '(echo "unsat")(assert false)'
    ((said, _),) = recheck.solve([query("(set-logic ALL)", twice)], 1.0)
    assert said != "unsat"


def test_what_one_query_says_is_no_hypothesis_of_the_next() -> None:
    given = "(set-logic ALL)(declare-const b Bool)(assert b)"
    claims = ["(assert (not b))", "(assert false)(assert nonsense)", "", "(assert (not b))"]
    answers = recheck.solve([query(given, claim) for claim in claims], 1.0)
    first, second, third, fourth = (said for said, _ in answers)
    assert (first, third, fourth) == ("unsat", "sat", "unsat")
    assert "nonsense" in second


def test_what_is_not_settled_at_first_is_asked_with_everything_that_is_told() -> None:
    enough, told = "(set-logic ALL)(declare-const b Bool)", "(set-logic ALL)(declare-const b Bool)(assert b)"
    claim = "(assert (not b))"
    first = recheck.Query("f", "consecution", enough, claim, told, claim)
    ((both, _), (alone, _)) = recheck.solve([first, query(enough, claim)], 1.0)
    assert (both, alone) == ("unsat", "sat")


@pytest.mark.parametrize(("client", "every"), [("raw", 2), ("bind_listen", 7), ("bind_listen.no_dangling", 2)])
def test_what_is_asked_at_first_follows_from_what_is_owed(client: str, every: int) -> None:
    """Z3 as a judge: what is told at first follows from the hypotheses, and what is denied from the fact and its denial.

    Each is asked without the other: together they contradict each other, as they shall, and anything would follow.
    """
    certificate = recheck.Certificate(PROGRAM.parent / "certificates" / client)
    owed = [
        (name, o) for name, file in certificate.files.items() for o in certificate._obligations(certificate.facts[name], file)
    ]
    fewer = [(name, o) for name, o in owed if o.asked != o.posed][::every]
    assert len(fewer) > 100
    for name, one in fewer:
        here = [x for x in one.posed if not x.startswith("(define-fun")][:-1]
        hypotheses = [x for x in (*one.near[1:], *one.asked[:-1]) if x.startswith("(assert") and x not in here]
        fact, claim = one.told[1], denied(certificate.facts[name].formula, one.posed[-1])
        names = [x for x in one.near if x.startswith("(declare-const")]
        values = dict.fromkeys(x for x in (*one.posed, *one.asked) if x.startswith("(define-fun"))
        for known, new in ((one.told[1:], hypotheses), ([fact, *values, claim], one.asked[-1:])):
            refuted = f"(assert (or false {' '.join(x.replace('(assert', '(not', 1) for x in new)}))"
            commands = [*names, *here, *known, refuted]
            solver = z3.Solver(ctx=z3.Context())
            solver.from_string("\n".join([*certificate._head(commands), *commands]))
            assert solver.check() == z3.unsat, (name, one.label)


def denied(formula: recheck.Sexp, posed: str) -> str:
    """What is posed, that a formula does not hold afterwards, of some threads and objects with names of their own."""
    if formula[0] != "forall":
        return posed
    start = f"(assert (not (forall {recheck.show(formula[1])} "
    assert posed.startswith(start)
    names = {name for name, _ in formula[1]}
    body = recheck.WORD.sub(lambda word: word[0] + "!" * (word[0] in names), posed[len(start) : -3])
    return f"(assert (not {body}))"


@pytest.mark.parametrize("every", range(3))
def test_merging_locations_changes_no_answer(every: int) -> None:
    """Z3 as a judge: with all hypotheses, and with each of them missing, so that some answers are sat."""
    certificate = recheck.Certificate(PROGRAM.parent / "certificates" / "foreign.no_dangling")
    asked = {(q.file, q.label): q for q in certificate.queries}
    answers = set()
    for name, file in list(certificate.files.items())[every::3]:
        for one in certificate._obligations(certificate.facts[name], file)[::5]:
            merged = asked[file, one.label]
            hypotheses = [x for x in one.near if x != certificate.away]
            for missing in (None, *(x for x in hypotheses if x.startswith("(assert"))):
                near = [x for x in hypotheses if x != missing]
                plainly = "\n".join([*certificate._head([*near, *one.asked]), *near, *one.asked])
                given = "\n".join(x for x in merged.given.splitlines() if x != missing)
                a, b = said(plainly), said(f"{given}\n{merged.asked}")
                assert "unknown" in (a, b) or a == b, (name, one.label, missing)
                answers.add(a)
    assert {"sat", "unsat"} <= answers


def query(given: str, asked: str) -> recheck.Query:
    """A query with nothing more to tell if it is not settled."""
    return recheck.Query("f", "initiation", given, asked, given, asked)


def said(script: str) -> str:
    """The answer of Z3."""
    solver = z3.Solver(ctx=z3.Context())
    solver.set("timeout", 2000)
    solver.from_string(script)
    return str(solver.check())
