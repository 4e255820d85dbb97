"""Checks certificates without the program that wrote them: it needs Python and cvc5, and imports nothing else of sockproof.

In go folders of proofs/certificates (see docs/certificates.md).  Every obligation is rebuilt from the dump of the system and its
facts, compared with the certificate's file, and discharged by cvc5.  Out comes one line per property; the exit status is 0 if
every property is confirmed, 1 if something is rejected or not decided, 2 if there is no certificate to check.
The dump is taken for granted: that it is the dump of the model is what ``make check`` verifies.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
import time
import zlib
from collections import namedtuple
from collections.abc import Iterator
from functools import partial
from itertools import zip_longest
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cvc5

Sexp = Any  # an atom (str) or a list of S-expressions
FORMAT = "sockproof certificate 1"
TOKEN = re.compile(r'\s+|("(?:[^"]|"")*"|\|[^|\\]*\||[()]|[^\s()"|;]+)')
WORD = re.compile(r"\|[^|]*\||[^\s()]+")
DECLARE = ("declare-sort", "define-sort", "declare-datatypes", "declare-const")
HEADS = {*DECLARE, "format", "model", "declare-fun", "initial", "process", "transition", "property"}
SYSTEM, FACTS = "system.sexp", "facts.sexp"
CERTIFICATES, OPEN = Path(__file__).parent / "certificates", Path("build/open")
Transition = namedtuple("Transition", "source target choices guard new")  # new: variable -> [parameters, sort, value]
Fact = namedtuple("Fact", "method formula uses")  # method: induction, implication or assumption
Owed = namedtuple("Owed", "label hypotheses commands")
Query = namedtuple("Query", "file label script")


class Rejected(Exception):
    """Something in the certificate is not what it has to be: the message says where and what."""


def need(condition: object, message: str) -> None:
    """Reject the certificate with ``message`` unless ``condition``."""
    if not condition:
        raise Rejected(message)


def read(path: Path) -> str:
    """The text of a file, which has to be ASCII."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        raise Rejected(f"{path.name} cannot be read: {problem}") from None


def parse(text: str, file: str) -> list[Sexp]:
    """The commands in a file."""
    rest = TOKEN.sub("", text)
    need(not rest, f"{file}: {rest[:20]!r} does not belong there")
    stack: list[list[Sexp]] = [[]]
    for token in TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")":
            need(len(stack) > 1, f"{file} has a parenthesis too many")
            stack[-2].append(stack.pop())
        elif token:
            stack[-1].append(token)
    need(len(stack) == 1, f"{file} ends inside a command: it is cut short")
    return stack[0]


def show(x: Sexp) -> str:
    """An S-expression on one line, as the files have it."""
    return x if isinstance(x, str) else f"({' '.join(map(show, x))})"


def parts(x: Sexp) -> Iterator[Sexp]:
    """Every part of an S-expression, itself included."""
    yield x
    for part in x if isinstance(x, list) else []:
        yield from parts(part)


def plain(name: str) -> str:
    """A symbol or string as people write it."""
    return name[1:-1].replace('""', '"') if name[:1] in ("|", '"') else name


def stem(name: str) -> str:
    """The file name of a fact or property, without suffix."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", plain(name)).strip("-.")


def prime(name: str) -> str:
    """The name of a state variable after a transition."""
    return f"{name[:-1]}!|" if name.endswith("|") else f"{name}!"


class Certificate:
    """The certificate of one client.  Raises Rejected unless its files are those its dump demands; solvers owe ``queries``."""

    def __init__(self, folder: Path) -> None:
        texts = {p.relative_to(folder).as_posix().removesuffix(".gz"): read(p) for p in folder.rglob("*") if p.is_file()}
        need({SYSTEM, FACTS} <= set(texts), f"{SYSTEM} or {FACTS} is missing")
        self.texts, self.hashes = texts, {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        system, facts = (parse(texts[name], name) for name in (SYSTEM, FACTS))
        try:
            names = [*(show(c[:2]) for c in system), *(c[1] for c in facts)]
            need(len(set(names)) == len(names), f"{SYSTEM} or {FACTS} has something twice: {max(names, key=names.count)}")
            self._read_system(system)
            self._read_facts(facts)
            bound = {n for x in parts([*system, *facts]) if x[:1] in (["forall"], ["exists"]) for n, _ in x[1]}
        except (TypeError, ValueError, KeyError, IndexError) as problem:
            raise Rejected(f"{SYSTEM} or {FACTS} is not understood: {problem}") from None
        taken = sorted(bound & {*self.variables, *self.locations})
        need(not taken, f"a quantifier binds {', '.join(taken)}, which is declared")
        self.files = {f: f"facts/{stem(f)}.smt2" for f, fact in self.facts.items() if fact.method != "assumption"}
        folders = [f"properties/{stem(p)}/{part}" for p in self.properties for part in ("implication.smt2", "manifest.json")]
        odd = sorted(set(texts) ^ {SYSTEM, FACTS, *self.files.values(), *folders})
        need(not odd, f"{', '.join(odd)} is missing, or belongs to no fact and no property")
        self.assumed = [f"(assert {show(fact.formula)})" for f, fact in self.facts.items() if f not in self.files]
        self.queries = [Query(FACTS, "assumptions", "\n".join([*self._head(self.assumed), *self.assumed, "(check-sat)"]))]
        self.queries += [q for name, file in self.files.items() for q in self._compare(file, self._obligations(name, file))]
        self.queries += [q for name in self.properties for q in self._property(name)]

    def _read_system(self, commands: list[Sexp]) -> None:
        unknown = sorted({c[0] for c in commands} - HEADS)
        need(not unknown, f"{SYSTEM}: {', '.join(unknown)} is no command of a dump")
        by = {head: [c[1:] for c in commands if c[0] == head] for head in HEADS}
        need(by["format"] == [[f'"{FORMAT}"']], f"{SYSTEM}: its format is not {FORMAT}")
        self.about = dict(zip(("format", "model", "client", "scope"), map(plain, by["format"][0] + by["model"][0]), strict=True))
        self.declarations = [show(c) for c in commands if c[0] in DECLARE]
        self.variables = {name: [domain, sort] for name, domain, sort in by["declare-fun"]}
        self.initial = {name: value for name, value in by["initial"]}  # a variable without one never changes
        (((self.me, self.thread), self.pc),) = by["process"]
        constants = {sort: [c for (c,) in members] for ((sort, _),), (members,) in by["declare-datatypes"]}
        self.locations = constants[self.variables[self.pc][1]]
        self.transitions = {t[0]: Transition(t[1], t[2], t[3], t[4], {n: new for _, n, *new in t[5:]}) for t in by["transition"]}
        for name, source, target, _, _, *news in by["transition"]:
            new = self.transitions[name].new
            need({source, target} <= set(self.locations), f"{plain(name)} has an unknown location")
            fits = all(self.variables[n] == [[p for _, p in params], sort] for n, (params, sort, _) in new.items())
            once = len(news) == len(new) and set(new) <= set(self.initial) - {self.pc}
            need(fits and once, f"{plain(name)} writes what it cannot write")
        self.properties = {name: (plain(words), formula) for name, words, formula in by["property"]}

    def _read_facts(self, commands: list[Sexp]) -> None:
        need({c[0] for c in commands} <= {"assumption", "fact"}, f"{FACTS} has something that is no fact")
        self.facts = {c[1]: Fact(c[0], c[2], []) if c[0] == "assumption" else Fact(*c[2:5]) for c in commands}
        lost = [plain(name) for name in self.properties if name not in self.facts]
        need(not lost, f"{FACTS}: there is no fact {', '.join(lost)}, a property")
        for name, fact in self.facts.items():
            need(fact.method in ("induction", "implication", "assumption"), f"{plain(name)} is proved by {fact.method}")
            missing = [plain(n) for n in fact.uses if n not in self.facts]
            need(not missing, f"{plain(name)} uses {', '.join(missing)}, which is neither proved nor assumed here")
            changing = sorted(self._reads(fact.formula) & set(self.initial))
            need(fact.method != "assumption" or not changing, f"assumption {plain(name)} speaks of {changing}, which changes")
        circle = [n for n, f in self.facts.items() if f.method == "implication" and n in self.closure(f.uses, "implication")]
        need(not circle, f"{', '.join(map(plain, circle))} follows from itself")

    def closure(self, names: list[str], through: str = "") -> list[str]:
        """What ``names`` rest on, themselves included, in the order of the dump; only uses of facts proved by ``through``."""
        found, work = set(), list(names)
        while work:
            if (name := work.pop()) not in found:
                found.add(name)
                work += self.facts[name].uses if through in ("", self.facts[name].method) else []
        return [name for name in self.facts if name in found]

    def _reads(self, formula: Sexp) -> set[str]:
        return set(WORD.findall(show(formula))) & set(self.variables)

    def _seen(self, x: Sexp, place: Sexp, location: str) -> Sexp:
        """``x`` with ``location`` for ``place``, where truth values are propagated: all locations differ."""
        if x == place or isinstance(x, str):
            return location if x == place else x
        x = [self._seen(part, place, location) for part in x]
        match x:
            case ["=", str(a), str(b)] if a in self.locations and b in self.locations:
                return "true" if a == b else "false"
            case ["not", "true" | "false" as a]:
                return "false" if a == "true" else "true"
            case ["and" | "or" as head, *args]:
                unit, zero = ("true", "false") if head == "and" else ("false", "true")
                flat = [piece for a in args for piece in (a[1:] if a[:1] == [head] else [a])]
                args = [a for i, a in enumerate(flat) if a != unit and a not in flat[:i]]
                return zero if zero in args else [head, *args] if len(args) > 1 else args[0] if args else unit
        return x

    def _claim(self, given: list[str], new: dict[str, Any], formula: Sexp) -> list[str]:
        """The commands that ask for a state in which ``given``, but not ``formula`` once the variables have ``new`` values."""
        values = [f"(define-fun {prime(n)} {' '.join(map(show, v))})" for n, v in new.items() if n in self._reads(formula)]
        after = WORD.sub(lambda word: prime(word[0]) if word[0] in new else word[0], show(formula))
        return [*given, *values, f"(assert (not {after}))"]

    def _obligations(self, name: str, file: str) -> list[Any]:
        """What is owed for a fact: an implication, or initiation and consecution of every transition that may change it."""
        formula = self.facts[name].formula
        used = [f"(assert {show(self.facts[n].formula)})" for n in dict.fromkeys(self.facts[name].uses) if n != name]
        if self.facts[name].method == "implication":
            return [Owed("implication", used, self._claim([], {}, formula))]
        start = {n: [[["$o", s] for s in self.variables[n][0]], self.variables[n][1], v] for n, v in self.initial.items()}
        found = [Owed("initiation", [], self._claim([], start, formula))]
        listed = set(re.findall(r"^; consecution (.*)$", self.texts[file], re.MULTILINE))
        places = {show(x): x for x in parts(formula) if x[:1] == [self.pc]}.values()
        views = {end: [self._seen(formula, place, end) for place in places] for end in self.locations}
        for label, t in self.transitions.items():
            written = sorted(self._reads(formula) & set(t.new))
            frame = not written and views[t.source] == views[t.target]
            what = f"writes {', '.join(written)}" if written else f"moves to {plain(t.target)}"
            need(frame or plain(label) in listed, f"{file}: no obligation for {plain(label)}, which {what}")
            if plain(label) in listed:
                given = [f"(declare-const {n} {show(s)})" for n, s in [[self.me, self.thread], *t.choices]]
                given += [f"(assert (= ({self.pc} {self.me}) {t.source}))", f"(assert {show(t.guard)})"]
                moved = ["ite", ["=", "$o", self.me], t.target, [self.pc, "$o"]]
                new = {**t.new, self.pc: [[["$o", self.thread]], self.variables[self.pc][1], moved]}
                hypotheses = [f"(assert {show(formula)})", *used]
                found.append(Owed(f"consecution {plain(label)}", hypotheses, self._claim(given, new, formula)))
        return found

    def _head(self, body: list[str]) -> list[str]:
        """What stands before ``body``: all sorts and constants, and the state variables it mentions."""
        mentioned = set(WORD.findall("\n".join(body)))
        used = [f"(declare-fun {n} {show(v[0])} {show(v[1])})" for n, v in self.variables.items() if n in mentioned]
        return ["(set-info :smt-lib-version 2.6)", "(set-logic ALL)", *self.declarations, *used]

    def _compare(self, file: str, owed: list[Any]) -> list[Any]:
        """The queries of what is owed.  Raises Rejected unless ``file`` is, line by line, the script that poses them."""
        body: list[str] = []
        stated: list[str] = []
        for o in owed:
            body += [] if o.hypotheses == stated else o.hypotheses
            body += [f"; {o.label}", "(push 1)", *o.commands, "(set-info :status unsat)", "(check-sat)", "(pop 1)"]
            stated = o.hypotheses
        head = self._head(body)
        for number, (there, due) in enumerate(zip_longest(self.texts[file].splitlines(), [*head, *body]), 1):
            need(there == due, f"{file} line {number} is not what the dump demands: {due}"[:300])
        return [Query(file, o.label, "\n".join([*head, *o.hypotheses, *o.commands, "(check-sat)"])) for o in owed]

    def _property(self, name: str) -> list[Any]:
        """The query that a property follows from the fact of its name.  Raises Rejected if its manifest is wrong."""
        folder, (words, formula), rests = f"properties/{stem(name)}", self.properties[name], self.closure([name])
        files = [SYSTEM, FACTS, *(self.files[f] for f in rests if f in self.files), f"{folder}/implication.smt2"]
        due: dict[str, Any] = {**self.about, "property": plain(name), "text": words, "formula": show(formula)}
        due |= {"spec_version": self.hashes[SYSTEM], "files": {f: self.hashes[f] for f in files}}
        for part, proved in (("assumptions", False), ("facts", True)):
            due[part] = [plain(f) for f in rests if (f in self.files) == proved]
        try:
            found = dict(json.loads(self.texts[f"{folder}/manifest.json"]))
        except (ValueError, TypeError) as problem:
            raise Rejected(f"{folder}/manifest.json: {problem}") from None
        wrong = [key for key in {**due, **found} if key != "solvers" and found.get(key) != due.get(key)]
        need(not wrong, f"{folder}/manifest.json: {', '.join(wrong)} is not what the certificate has")
        fact = f"(assert {show(self.facts[name].formula)})"
        return self._compare(files[-1], [Owed("implication", [fact], self._claim([], {}, formula))])


def solve(seconds: float, query: Any) -> tuple[str, float]:
    """Everything cvc5 says to a query, and how long it took."""
    started, said = time.perf_counter(), []
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    solver.setOption("enum-inst", "true")
    parser = cvc5.InputParser(solver)
    try:
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, query.script, query.file)
        while not (command := parser.nextCommand()).isNull():
            said.append(str(command.invoke(solver, parser.getSymbolManager())).strip())
    except RuntimeError as problem:
        said.append(str(problem))
    return " ".join(filter(None, said)), time.perf_counter() - started


def check(folder: Path, jobs: int, seconds: float) -> bool:
    """Print what becomes of the properties of one certificate; whether all are confirmed."""
    try:
        c = Certificate(folder)
    except Rejected as problem:
        print(f"{folder.name}: rejected: {problem}", flush=True)
        return False
    with Pool(jobs) as pool:
        answers = list(zip(c.queries, pool.map(partial(solve, seconds), c.queries, chunksize=4), strict=True))
    bad = [(q, said) for q, (said, _) in answers if said != ("sat" if q.label == "assumptions" else "unsat")]
    for q, said in bad:
        path = OPEN / f"{folder.name}-{stem(q.file)}-{stem(q.label)}.smt2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(q.script + "\n", encoding="ascii")
        print(f"{folder.name}: cvc5 says {said!r} to {q.label} in {q.file}, saved as {path}")
    for name in c.properties:
        rests = c.closure([name])
        files = {FACTS, f"properties/{stem(name)}/implication.smt2", *(c.files[f] for f in rests if f in c.files)}
        owed = [(q, spent) for q, (_, spent) in answers if q.file in files]
        steps = len(c.transitions) * sum(c.facts[f].method == "induction" for f in rests)
        frame = steps - sum(q.label.startswith("consecution") for q, _ in owed)
        verdict = "not confirmed" if any(q.file in files for q, _ in bad) else "confirmed"
        counts = f"{len(rests)} facts, {len(owed)} obligations and {frame} by frame, {sum(s for _, s in owed):.1f} s"
        print(f"{folder.name} {plain(name)}: {verdict} ({counts})")
    print(f"{folder.name}: {len(answers)} obligations; assumed: {' '.join(c.assumed) or 'nothing'}", flush=True)
    return not bad


def main(arguments: list[str] | None = None) -> int:
    """Check the certificates in the folders given, or all that are committed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folders", nargs="*", type=Path, help="one folder per client; without any, all of proofs/certificates")
    options.add_argument("--jobs", type=int, default=2, help="how many processes share the obligations")
    options.add_argument("--seconds", type=float, default=20.0, help="the time limit of one obligation")
    asked = options.parse_args(arguments)
    folders = asked.folders or sorted(p for p in CERTIFICATES.glob("*") if p.is_dir())
    if not folders or not all(f.is_dir() for f in folders):
        print(f"there is no certificate {next((f for f in folders if not f.is_dir()), CERTIFICATES)}", file=sys.stderr)
        return 2
    return 0 if all([check(folder, asked.jobs, asked.seconds) for folder in folders]) else 1


if __name__ == "__main__":
    sys.exit(main())
