"""Certificates that were tampered with are rejected, whatever hashes say, and the message names what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from checker.commands.certify import differences, packed
from checker.language import terms
from checker.symbolic.certificate import Certificate, certificate_files
from checker.symbolic.facts import Fact, Obligation
from checker.symbolic.inductive import prove
from checker.system import Transition, TransitionSystem
from proofs import recheck
from tests.explicit import toy
from tests.proofs import forge
from tests.proofs.forge import LIMIT, Edit, both, drop_line, drop_obligation, manifest, swap

SYSTEM, FACTS = "system.sexp", "facts.sexp"
WORKS, OWNED = "facts/works.smt2", "facts/owned.smt2"
IMPLIED, LOCK = "facts/exclusive.smt2", "properties/exclusive/implication.smt2"
CAP = "|limit(of: all)|"
CLAIM = "(not (= (Thread.take.node t) Node.NULL))"
STILL_FREE = " (= (Node.owner (Thread.take.node self)) Thread.NULL)"
PROPERTY = "(assert (not (forall ((a Thread)"


def rename(old: str, new: str) -> Edit:
    def edit(files: forge.Files) -> None:
        files[new] = files.pop(old)

    return edit


def add(name: str, text: str) -> Edit:
    def edit(files: forge.Files) -> None:
        files[name] = files.get(name, "") + text

    return edit


def remove(name: str) -> Edit:
    def edit(files: forge.Files) -> None:
        del files[name]

    return edit


def at(file: str) -> str:
    """The message that a line of a file is not the one due."""
    return f"{file} line .* is not what the dump demands"


EDITS: dict[str, tuple[Edit, str]] = {
    "lemma weakened": (swap(FACTS, CLAIM, f"(or (= {CAP} {CAP}) {CLAIM})"), at(WORKS)),
    "lemma weakened in its file": (swap(WORKS, "(assert (forall", "(assert (exists"), at(WORKS)),
    "hypothesis added": (swap(OWNED, "; consecution claim/1", "(assert false)\n; consecution claim/1"), at(OWNED)),
    "hypothesis strengthened": (swap(OWNED, "(assert (forall ((t", "(assert (not (exists ((t"), at(OWNED)),
    "hypothesis that is nowhere proved": (
        swap(FACTS, "(works exclusive)", "(works exclusive wish)"),
        "rests on wish, .* neither proved",
    ),
    "hypothesis dropped from the dump": (swap(FACTS, "(works exclusive)", "(works)"), at(OWNED)),
    "transition dropped": (drop_line(SYSTEM, "(transition release/1"), at(OWNED)),
    "transition dropped everywhere in one fact": (
        both(drop_line(SYSTEM, "(transition release/1"), drop_obligation(OWNED, "consecution release/1")),
        at("facts/hands_free.smt2"),
    ),
    "transition given twice": (swap(SYSTEM, "(transition take/1", "(transition claim/1"), "twice: .*transition claim/1"),
    "guard strengthened in the dump": (swap(SYSTEM, STILL_FREE, f"{STILL_FREE} false"), at(OWNED)),
    "guard strengthened in an obligation": (swap(OWNED, STILL_FREE, f"{STILL_FREE} false"), at(OWNED)),
    "update dropped from the dump": (
        swap(
            SYSTEM, " (next Node.owner (($o Node)) Thread (ite (= $o (Thread.take.node self)) Thread.NULL (Node.owner $o)))", ""
        ),
        at(OWNED),
    ),
    "update changed in the dump": (swap(SYSTEM, "self (Node.owner $o)", "Thread.NULL (Node.owner $o)"), at(OWNED)),
    "update of what never changes": (
        swap(
            SYSTEM,
            "(next Thread.take.node (($o Thread)) Node (ite (= $o self) node (Thread.take.node $o)))",
            f"(next {CAP} () Port {CAP})",
        ),
        "take/1 writes what it cannot write",
    ),
    "target changed in the dump": (
        swap(SYSTEM, "take/1 Location.idle |Location.take:claim|", "take/1 Location.idle Location.idle"),
        at(WORKS),
    ),
    "location that does not exist": (
        swap(SYSTEM, "take/1 Location.idle", "take/1 Location.nowhere"),
        "take/1 has an unknown location",
    ),
    "initial state changed": (
        swap(SYSTEM, "(initial Thread.pc Location.idle)", "(initial Thread.pc |Location.take:work|)"),
        at("smt2"),
    ),
    "initial value dropped": (drop_line(SYSTEM, "(initial Node.owner"), "claim/1 writes what it cannot write"),
    "obligation replaced by false": (
        swap(OWNED, "(assert (= (Thread.pc self) |Location.take:claim|))", "(assert false)"),
        at(OWNED),
    ),
    "obligation edited": (swap(LOCK, PROPERTY, "(assert (not (exists ((a Thread)"), at(LOCK)),
    "guard that asks where another is": (
        swap(SYSTEM, STILL_FREE, f"{STILL_FREE} (= (Thread.pc (Node.owner (Thread.take.node self))) Location.idle)"),
        "claim/1 .* asks where a process is",
    ),
    "quantifier over locations": (
        swap(FACTS, CLAIM, f"(exists ((place Location)) {CLAIM})"),
        "has another use for Location",
    ),
    "frame claim forged": (drop_obligation(OWNED, "consecution claim/1"), "owned.smt2 line .* demands: ; consecution claim/1"),
    "frame claim forged about a location": (
        drop_obligation("facts/hands_free.smt2", "consecution paint/1"),
        "hands_free.smt2 line .* demands: ; consecution paint/1",
    ),
    "initiation dropped": (drop_obligation(WORKS, "initiation"), "works.smt2 line .* is not what the dump demands: ; initiation"),
    "extra check-sat": (swap(WORKS, "(check-sat)", "(check-sat)\n(check-sat)"), r"works.smt2 line .* demands: \(pop 1\)"),
    "check-sat dropped": (swap(WORKS, "(check-sat)\n", ""), r"works.smt2 line .* demands: \(check-sat\)"),
    "status sat": (
        swap(WORKS, "(set-info :status unsat)", "(set-info :status sat)"),
        "works.smt2 line .* demands: .*:status unsat",
    ),
    "exit before the rest": (swap(OWNED, "; consecution claim/1", "(exit)\n; consecution claim/1"), at(OWNED)),
    "answer echoed": (swap(WORKS, "(check-sat)", '(echo "unsat")'), r"works.smt2 line .* demands: \(check-sat\)"),
    "script after the end": (add(WORKS, "(assert true)\n"), at(WORKS)),
    "declaration defined away": (
        swap(IMPLIED, f"(declare-fun {CAP} () Port)", f"(define-fun {CAP} () Port #x0000)"),
        at(IMPLIED),
    ),
    "assertion in the dump": (add(SYSTEM, "(assert false)\n"), r"\(assert false\) is no command of a dump"),
    "circular implication": (
        swap(FACTS, "(owned works hands_free small)", "(owned works hands_free small weaker)"),
        "follows from itself",
    ),
    "method forged": (swap(FACTS, "(fact works induction", "(fact works admitted"), "works is proved by admitted"),
    "lemma declared an assumption": (
        swap(FACTS, "(fact works induction", "(assumption works"),
        "assumption works speaks of .*Thread.pc.*, which changes",
    ),
    "assumption added": (add(FACTS, f'(assumption more (= {CAP} {CAP}) "")\n'), "facts.sexp has facts that no property rests on"),
    "fact closure cut": (drop_line(FACTS, "(fact owned"), "exclusive rests on owned, which is neither proved nor assumed here"),
    "fact of the property gone": (
        both(drop_line(FACTS, "(fact weaker"), remove("facts/weaker.smt2")),
        "weaker rests on weaker, which is neither proved",
    ),
    "quantifier that captures a location": (
        swap(FACTS, "((t Thread)", "((|Location.take:work| Thread)"),
        "take:work.* cannot be bound, or applied",
    ),
    "quantifier that captures the process": (swap(FACTS, "((t Thread)", "((self Thread)"), "self cannot be bound"),
    "binder that captures a location": (
        swap(FACTS, CLAIM, f"(let ((|Location.take:work| Location.idle)) {CLAIM})"),
        "facts.sexp: .*let.* cannot be bound, or applied, in a formula",
    ),
    "names of obligations": (
        swap(FACTS, "((t Thread)", "((t! Thread)"),
        "facts.sexp: '!+' does not belong there",
    ),
    "formula that is none": (swap(FACTS, CLAIM, "()"), "is not what the dump demands"),
    "property formula changed": (
        swap(SYSTEM, '(property exclusive "', '(property exclusive "really, '),
        "manifest.json: text is not what",
    ),
    "property text changed": (
        manifest("text", "everything is fine"),
        "exclusive/manifest.json: text is not what the certificate has",
    ),
    "property formula changed in the manifest": (manifest("formula", "true"), "exclusive/manifest.json: formula is not"),
    "scope widened": (manifest("scope", "any number of everything"), "manifest.json: scope is not"),
    "other model": (manifest("model", "linux-6"), "manifest.json: model is not"),
    "assumption hidden": (manifest("assumptions", []), "manifest.json: assumptions is not"),
    "manifest entry removed": (manifest("facts", ["exclusive"]), "manifest.json: facts is not"),
    "manifest key removed": (manifest("scope", None), "manifest.json: scope is not"),
    "manifest is no JSON": (swap("properties/exclusive/manifest.json", "{", ""), "a manifest.json is not understood: Extra data"),
    "manifest gone": (remove("properties/weaker/manifest.json"), "weaker/manifest.json is missing"),
    "fact file gone": (remove(OWNED), "owned.smt2 is missing"),
    "file nobody asked for": (add("facts/extra.smt2", "(check-sat)\n"), "extra.smt2 is missing, or belongs to no fact"),
    "files swapped": (
        both(rename(OWNED, "t"), rename(WORKS, OWNED), rename("t", WORKS)),
        at("smt2"),
    ),
    "dump cut short": (lambda files: files.update({SYSTEM: files[SYSTEM][:-40]}), "system.sexp ends inside a command"),
    "dump with a parenthesis too many": (add(FACTS, ")\n"), "facts.sexp has a parenthesis too many"),
    "not ASCII": (swap(SYSTEM, "Color.RED", "Color.RÉD"), "system.sexp cannot be read: .*ascii"),
    "other format": (swap(SYSTEM, "certificate 1", "certificate 0"), "its format is not sockproof certificate 1"),
}


def verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What the program says and its exit status."""
    status = recheck.main([str(folder), "--jobs", "1", "--seconds", "5"])
    return status, capsys.readouterr().out


def test_the_genuine_certificate_is_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verdict(forge.written(forge.genuine(), tmp_path / "tiny"), capsys)
    assert status == 0
    assert "tiny exclusive: confirmed (5 facts, " in said and "tiny weaker: confirmed (6 facts, " in said
    assert f"assumed: (assert (bvult {CAP} (_ bv443 16)))" in said


@pytest.mark.parametrize("kind", EDITS)
def test_tampering_is_rejected_although_hashes_fit(kind: str, tmp_path: Path) -> None:
    edit, message = EDITS[kind]
    files = forge.genuine()
    edit(files)
    forge.refit(files)
    with pytest.raises(recheck.Rejected, match=message):
        recheck.Certificate(forge.written(files, tmp_path / "tiny"))


@pytest.mark.parametrize("kind", EDITS)
def test_tampering_is_rejected_by_hashes_too_and_by_comparing_with_the_model(kind: str, tmp_path: Path) -> None:
    files = forge.genuine()
    EDITS[kind][0](files)
    folder = forge.written(files, tmp_path / "tiny")
    with pytest.raises(recheck.Rejected):
        recheck.Certificate(folder)
    assert differences(packed(forge.genuine()), folder)


def annotated(needs: str) -> forge.Files:
    """The true certificate with another note on what every obligation of a fact needs; hashes fit."""
    files = forge.genuine()
    for name in [n for n in files if n.startswith("facts/")]:
        files[name] = re.sub(r"^; (consecution \S+|implication).*$", rf"; \1{needs}", files[name], flags=re.MULTILINE)
    forge.refit(files)
    return files


@pytest.mark.parametrize("needs", ["", " needs", " needs 0", " needs 0 70"])
def test_what_an_obligation_is_said_to_need_is_advice(needs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind any answer but the right one everything is asked with."""
    status, said = verdict(forge.written(annotated(needs), tmp_path / "tiny"), capsys)
    assert status == 0 and "tiny exclusive: confirmed (5 facts, " in said


def test_no_fact_follows_from_itself_because_it_is_said_to_need_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [replace(f, uses=("small",)) if f.name == "weaker" else f for f in forge.facts()]
    proof = prove(forge.system(), listed)
    claimed = Obligation("weaker", "implication", "", "unsat", 0.0, core=("weaker",))
    owed = (*(o for o in proof.obligations if o.fact != "weaker"), claimed)
    files = certificate_files(
        Certificate("toy", "tiny", forge.system(), forge.properties(listed), replace(proof, obligations=owed))
    )
    assert "; implication needs 0\n" in files["facts/weaker.smt2"]
    status, said = verdict(forge.written(files, tmp_path / "tiny"), capsys)
    assert status == 1 and "tiny weaker: not confirmed" in said


@pytest.mark.parametrize("name", [f"{WORKS}.gz", SYSTEM, "properties/exclusive/manifest.json"])
def test_a_file_cut_in_half_is_rejected_by_name(name: str, tmp_path: Path) -> None:
    folder = forge.written(forge.genuine(), tmp_path / "tiny")
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(recheck.Rejected, match=Path(name).name):
        recheck.Certificate(folder)


def owned(**changes: object) -> list[Fact]:
    """The facts with another lemma in place of ``owned``."""
    return [replace(f, **changes) if f.name == "owned" else f for f in forge.facts()]  # type: ignore[arg-type]


def too_little() -> list[Fact]:
    """A lemma that says too little for what rests on it: somebody who works has a node."""
    return owned(formula=forge.facts()[1].formula)


def too_much() -> list[Fact]:
    """A lemma that does not hold: every node is somebody's."""
    return owned(
        formula=terms.negate(terms.eq(toy.node_field("owner", forge.NODE), terms.const(0, toy.THREAD))), params=(forge.NODE,)
    )


def cut_loose() -> list[Fact]:
    """The facts with a property cut loose from the lemma it follows from."""
    return [replace(f, uses=("works", "small")) if f.name == "exclusive" else f for f in forge.facts()[:3] + forge.facts()[4:]]


def false_claim() -> list[Fact]:
    """A property that does not hold: nobody ever works."""
    nobody = terms.negate(toy.exclusive().antecedent.args[1])
    return [replace(f, formula=nobody) if f.name == "exclusive" else f for f in forge.facts()]


def contradiction() -> list[Fact]:
    """An assumption that nothing satisfies."""
    return [replace(f, formula=terms.lt(LIMIT, terms.const(0, toy.PORT))) if f.name == "small" else f for f in forge.facts()]


FORGED: dict[str, tuple[Callable[[], list[Fact]], str]] = {
    "a lemma that says too little": (too_little, "cvc5 says '(sat|unknown)' to consecution claim/1 in facts/exclusive.smt2"),
    "a lemma that says too much": (too_much, "cvc5 says 'sat' to initiation in facts/owned.smt2"),
    "a lemma without its hypotheses": (cut_loose, "cvc5 says '(sat|unknown)' to consecution claim/1 in facts/exclusive.smt2"),
    "a false property": (false_claim, "cvc5 says '(sat|unknown)' to consecution claim/1 in facts/exclusive.smt2"),
    "assumptions that contradict themselves": (contradiction, "cvc5 says 'unsat' to assumptions"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_consistent_forgery_is_not_confirmed_by_the_solver(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, message = FORGED[kind]
    status, said = verdict(forge.written(forge.certify(forge.system(), listed()), tmp_path / "tiny"), capsys)
    assert status == 1
    assert re.search(message, said) and "tiny exclusive: not confirmed" in said


@pytest.mark.parametrize("pair", list(combinations(toy.PC.members, 2)), ids="-".join)
def test_no_formula_compares_two_locations_with_each_other(pair: tuple[str, str], tmp_path: Path) -> None:
    """One location stands for all that are alike, so a claim that two are the same would be true of them."""
    here = terms.eq(terms.field(("Thread", "pc"), toy.PC, forge.T), terms.member(toy.PC, pair[0]))
    same = replace(here, args=tuple(terms.member(toy.PC, name) for name in pair))
    listed = [replace(f, params=(), formula=same) if f.name == "exclusive" else f for f in forge.facts()]
    folder = forge.written(forge.certify(forge.system(), listed), tmp_path / "tiny")
    with pytest.raises(recheck.Rejected, match="is compared with something else than where a process is"):
        recheck.Certificate(folder)


def patched(**changes: dict[str, object]) -> TransitionSystem:
    """The system with other transitions, and what is said of them changed."""
    plain = forge.system()
    steps = [replace(t, **changes.get(t.name.replace("/", "_"), {})) for t in plain.transitions]  # type: ignore[arg-type]
    return replace(plain, transitions=tuple(steps))


def fewer(system: TransitionSystem, name: str) -> TransitionSystem:
    """The system without a transition."""
    kept: tuple[Transition, ...] = tuple(t for t in system.transitions if t.name != name)
    return replace(system, transitions=kept)


OTHER_SYSTEMS = {
    "a guard strengthened": patched(paint_2={"guard": terms.FALSE}),
    "an update dropped": patched(paint_2={"updates": ()}),
    "a transition dropped": fewer(forge.system(), "paint/2"),
}


@pytest.mark.parametrize("kind", OTHER_SYSTEMS)
def test_a_certificate_of_another_system_differs_from_that_of_the_model(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program takes the dump for granted: that it is the model's is seen by comparing, as ``check`` does."""
    folder = forge.written(forge.certify(OTHER_SYSTEMS[kind], forge.facts()), tmp_path / "tiny")
    assert verdict(folder, capsys)[0] == 0
    assert str(folder / SYSTEM) in differences(packed(forge.genuine()), folder)
