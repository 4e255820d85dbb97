"""A small certificate, and what a forger does to it: edit files, and make hashes fit again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from checker.commands.certify import packed, store
from checker.language import terms
from checker.symbolic.certificate import Certificate, certificate_files
from checker.symbolic.cores import prove_with_cores
from checker.symbolic.facts import Fact, Proof
from checker.system import StateVar, TransitionSystem
from tests.explicit import toy

Files = dict[str, str]
Edit = Callable[[Files], None]

T, NODE = terms.var("t", toy.THREAD), terms.var("node", toy.NODE)
LIMIT = terms.field(("", "limit(of: all)"), toy.PORT)
GOAL = toy.exclusive()


def system() -> TransitionSystem:
    """The toy with a limit that never changes."""
    plain = toy.system()
    return replace(plain, state_vars=(*plain.state_vars, StateVar(*LIMIT.data, toy.PORT, rigid=True)))


def facts() -> list[Fact]:
    """An assumption, two lemmas, the exclusion that rests on them, and what follows from it."""
    pc, mine = terms.field(("Thread", "pc"), toy.PC, T), terms.field(("Thread", "take.node"), toy.NODE, T)
    working = terms.eq(pc, terms.member(toy.PC, "take:work"))
    has_node = terms.negate(terms.eq(mine, terms.const(0, toy.NODE)))
    claiming = terms.eq(pc, terms.member(toy.PC, "take:claim"))
    painting = terms.eq(pc, terms.member(toy.PC, "paint:brush"))
    owns = terms.eq(toy.node_field("owner", NODE), T)
    return [
        Fact("small", (), terms.lt(LIMIT, terms.const(443, toy.PORT)), assumed=True),
        Fact("works", (T,), terms.implies(terms.disj(claiming, working), has_node)),
        Fact("owned", (T,), terms.implies(working, terms.eq(toy.node_field("owner", mine), T)), ("works", "exclusive")),
        Fact("hands_free", (T,), terms.implies(painting, terms.negate(terms.exists(NODE, owns)))),
        Fact("exclusive", GOAL.params, GOAL.formula, ("owned", "works", "hands_free", "small")),
        Fact("weaker", GOAL.params, terms.disj(GOAL.formula, terms.eq(*GOAL.params)), ("exclusive",)),
    ]


def properties(listed: list[Fact]) -> tuple[toy.Property, ...]:
    """The two facts that are asked for, as properties."""
    by_name = {f.name: f for f in listed}
    names = [n for n in ("exclusive", "weaker") if n in by_name]
    return tuple(replace(GOAL, name=n, formula=by_name[n].formula) for n in names)


def certify(on: TransitionSystem, listed: list[Fact]) -> Files:
    """The files of a certificate, whether what it says is proved or not."""
    proof = prove_with_cores(on, listed, {})
    return certificate_files(Certificate("toy", "tiny", on, properties(listed), Proof(proof.facts, proof.obligations, 0.0)))


@cache
def _genuine() -> tuple[tuple[str, str], ...]:
    return tuple(certify(system(), facts()).items())


def genuine() -> Files:
    """The files of the true certificate."""
    return dict(_genuine())


def refit(files: Files) -> None:
    """Make every hash in every manifest fit the files as they are."""
    for name in [n for n in files if n.endswith("manifest.json")]:
        try:
            manifest = json.loads(files[name])
        except ValueError:
            continue
        manifest["files"] = {f: hashlib.sha256(files[f].encode()).hexdigest() for f in manifest["files"] if f in files}
        manifest["spec_version"] = manifest["files"]["system.sexp"]
        files[name] = json.dumps(manifest)


def written(files: Files, folder: Path) -> Path:
    """``files`` as a certificate in ``folder``."""
    store(packed(files), folder)
    return folder


def swap(name: str, old: str, new: str) -> Edit:
    """Replace one occurrence of ``old`` in a file."""

    def edit(files: Files) -> None:
        assert old in files[name], f"{old} is not in {name}"
        files[name] = files[name].replace(old, new, 1)

    return edit


def manifest(key: str, value: object) -> Edit:
    """Set an entry of the manifest of ``exclusive``; drop it if ``value`` is None."""

    def edit(files: Files) -> None:
        name = "properties/exclusive/manifest.json"
        found = json.loads(files[name])
        assert key in found and found[key] != value
        files[name] = json.dumps({k: v for k, v in {**found, key: value}.items() if v is not None})

    return edit


def drop_line(name: str, begin: str) -> Edit:
    """Delete the only line that begins like this."""

    def edit(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        (line,) = (x for x in lines if x.startswith(begin))
        files[name] = "".join(x for x in lines if x is not line)

    return edit


def drop_obligation(name: str, label: str) -> Edit:
    """Delete one obligation from a script."""

    def edit(files: Files) -> None:
        before, rest = re.split(rf"; {label}(?: needs[ 0-9]*)?\n", files[name], maxsplit=1)
        files[name] = before + rest.split("(pop 1)\n", 1)[1]

    return edit


def both(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(files: Files) -> None:
        for one in edits:
            one(files)

    return edit
