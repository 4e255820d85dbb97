"""Checks certificates (docs/certificates.md) with Python and cvc5 alone; status 0: all confirmed, 1: not all, 2: bad input."""

import argparse
import gzip
import hashlib
import json
import re
import time
import zlib
from collections import namedtuple
from functools import cache, lru_cache, reduce
from itertools import chain, groupby, zip_longest
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cvc5

Sexp = Any  # an atom (str) or a list of S-expressions
FORMAT, SYSTEM, FACTS = "sockproof certificate 1", "system.sexp", "facts.sexp"
TOGETHER = 8  # queries to one solver: it need not read again what is given, but each leaves it slower
TOKEN = re.compile(r'\s+|("(?:[^"]|"")*"|\|[^|\\]*(?<!!)\||[()]|[^\s()"|;]+(?<!!))')  # names with ! are for obligations
NEEDS = re.compile(r"^; (.*) needs([ 0-9]*)$", re.MULTILINE)  # which facts are enough, by place: advice
WORD, HEAD = re.compile(r"\|[^|]*\||[^\s()]+"), re.compile(r"\|[^|]*\||\((\|[^|]*\||[^\s()|]+)")
DECLARE = "declare-sort", "define-sort", "declare-datatypes", "declare-const"
HEADS = {*DECLARE, "format", "model", "declare-fun", "initial", "process", "transition", "property"}
OPERATORS = {"and", "or", "not", "=>", "=", "ite", "distinct", "bvult", "bvadd", "bvsub", "concat", "forall", "exists", "_"}
words = lru_cache(maxsize=1 << 14)(lambda text: frozenset(WORD.findall(text)))  # of a command: most stand in many queries
plain = cache(lambda name: name[1:-1].replace('""', '"') if name[:1] in ("|", '"') else name)  # as people write it
stem = cache(lambda name: re.sub(r"[^A-Za-z0-9_.]+", "-", plain(name)).strip("-."))  # of the file of a fact or property
ASK = ["(set-info :status unsat)", "(check-sat)", "(pop 1)"]
CERTIFICATES = sorted(Path(__file__).parent.glob("certificates/*/"))
Fact = namedtuple("Fact", "method formula uses")  # method: induction, implication or assumption
Owed = namedtuple("Owed", "label told posed core near asked")  # core: of what is told, what is enough; near, asked: so put
Query = namedtuple("Query", "file label given asked told posed")


class Rejected(Exception):
    """Something in the certificate is not what it has to be: the message says where and what."""


def need(condition: object, message: str) -> None:
    """Reject the certificate with ``message`` unless ``condition``."""
    if not condition:
        raise Rejected(message)


def parse(text: str, file: str) -> list[Sexp]:
    """The commands in a file."""
    need(not TOKEN.sub("", text), f"{file}: {TOKEN.sub('', text)[:20]!r} does not belong there")
    stack: list[list[Sexp]] = [[]]
    for token in filter(None, TOKEN.findall(text)):
        need(token != ")" or len(stack) > 1, f"{file} has a parenthesis too many")
        done = stack.pop() if token == ")" else token
        (stack if token == "(" else stack[-1]).append([] if token == "(" else done)
    need(len(stack) == 1, f"{file} ends inside a command: it is cut short")
    return stack[0]


def show(x: Sexp) -> str:
    """An S-expression on one line, as the files have it."""
    return x if isinstance(x, str) else f"({' '.join(map(show, x))})"


def parts(x: Sexp) -> list[Sexp]:
    """Every part of an S-expression, itself included."""
    return [x, *(piece for part in x for piece in parts(part))] if isinstance(x, list) else [x]


class Certificate:
    """The certificate of one client.  Raises Rejected unless its files are those its dump demands; solvers owe ``queries``."""

    def __init__(self, folder: Path) -> None:
        texts = dict[str, str]()
        try:
            for path in filter(Path.is_file, folder.rglob("*")):
                content = (gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes())
                texts[path.relative_to(folder).as_posix().removesuffix(".gz")] = content.decode("ascii")
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
            raise Rejected(f"{path.name} cannot be read: {problem}") from None
        self.texts, self.hashes = texts, {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        system, facts = (parse(texts.get(name, ""), name) for name in (SYSTEM, FACTS))
        try:
            names = [*(show(c[:2]) for c in system), *(c[1] for c in facts)]
            need(len(set(names)) == len(names), f"{SYSTEM} or {FACTS} has something twice: {max([*names, ''], key=names.count)}")
            self._read(system, facts)
            need(parts([*system, *facts]).count(self.place) == 2, f"{SYSTEM} or {FACTS} has another use for {self.place}")
            bound = {n for x in parts([*system, *facts]) if x[:1] in (["forall"], ["exists"]) for n, _ in x[1]}
            self.manifests = {name: dict(json.loads(texts[name])) for name in texts if name.endswith("manifest.json")}
        except (TypeError, ValueError, KeyError, IndexError) as problem:
            raise Rejected(f"{SYSTEM}, {FACTS} or a manifest.json is not understood: {problem}") from None
        locations, self.kinds = {*self.locations}, {self.away: dict.fromkeys([*self.locations, "nowhere"], "")}
        self.single = dict[str, tuple[str, Any]]()  # formulas about one thread at a time: its name, and what they say of another
        for formula, text in ((x[1], f"(assert {show(x[1])})") for x in (*self.facts.values(), *self.properties.values())):
            places = list({show(x): x for x in parts(formula) if x[:1] == [self.pc]}.values())
            match [x[0] for x in parts(formula) if x[1:] == [self.thread]]:
                case [one] if formula[0] == "forall" and [one, self.thread] in formula[1] and places in ([], [[self.pc, one]]):
                    self.single[text] = one, lambda who, one=one, x=formula: ["forall", x[1], ["=>", ["=", one, who], x[2]]]
                    formula, places = self.single[text][1](self.me), [[self.pc, one]]
            left = words(show(reduce(lambda x, place: self._seen(x, place, "nowhere"), places, formula))) & locations
            need(not left, f"{FACTS}: {', '.join(sorted(left))} is compared with something else than where a process is")
            views = {at: show([self._seen(formula, p, at) for p in places])[1:-1] for at in {"nowhere", *words(text) & locations}}
            self.kinds[text] = {at: views.get(at) or views["nowhere"].replace("nowhere", at) for at in self.locations}
        heads = {*HEAD.findall(" ".join(self.kinds))} - {"", "assert", "$o", *OPERATORS, *bound, *self.variables}
        odd = sorted(heads | bound & {*self.variables, *self.locations, self.me})
        need(not odd, f"{FACTS}: {', '.join(odd)} cannot be bound, or applied, in a formula")
        self.files = {f: f"facts/{stem(f)}.smt2" for f, fact in self.facts.items() if fact.method != "assumption"}
        folders = [f"properties/{stem(p)}/{part}" for p in self.properties for part in ("implication.smt2", "manifest.json")]
        stray = ", ".join(sorted(set(texts) ^ {SYSTEM, FACTS, *self.files.values(), *folders}))
        need(not stray, f"{stray} is missing, or belongs to no fact and no property")
        need(self.closure([*self.properties]) == [*self.facts], f"{FACTS} has facts that no property rests on")
        self.assumed = [f"(assert {show(fact.formula)})" for f, fact in self.facts.items() if f not in self.files]
        self.queries = [Query(FACTS, "assumptions", *["\n".join([*self._head(self.assumed), *self.assumed]), ""] * 2)]
        for fact, file in [*((self.facts[f], file) for f, file in self.files.items()), *map(self._property, self.properties)]:
            self._pose(file, f"(assert {show(fact.formula)})", self._obligations(fact, file))

    def _read(self, commands: list[Sexp], facts: list[Sexp]) -> None:
        by = {head: [c[1:] for c in commands if c[0] == head] for head in HEADS}
        need(not (odd := [show(c) for c in commands if c[0] not in HEADS]), f"{SYSTEM}: {', '.join(odd)} is no command of a dump")
        need(by["format"] == [[f'"{FORMAT}"']], f"{SYSTEM}: its format is not {FORMAT}")
        self.about = dict(zip(("format", "model", "client", "scope"), map(plain, by["format"][0] + by["model"][0]), strict=True))
        self.declarations = [show(c) for c in commands if c[0] in DECLARE]
        sorts = self.variables = {name: [domain, sort] for name, domain, sort in by["declare-fun"]}
        self.initial = dict(by["initial"])  # a variable without one never changes
        self.start = {n: show([[["$o", s] for s in sorts[n][0]], sorts[n][1], v])[1:-1] for n, v in by["initial"]}
        (((self.me, self.thread), self.pc),) = by["process"]
        self.place, self.away = sorts[self.pc][1], f"(assert (forall (($o {self.thread})) (not (= ({self.pc} $o) nowhere))))"
        (self.locations,) = ([c for (c,) in members] for ((s, _),), (members,) in by["declare-datatypes"] if s == self.place)
        self.transitions: dict[str, tuple[str, str, list[str], dict[str, str], set[str]]] = {}
        for name, source, target, choices, guard, *news in by["transition"]:
            new = {n: value for _, n, *value in news}  # by variable: parameters, sort and body of its value afterwards
            need({source, target} <= set(self.locations), f"{plain(name)} has an unknown location")
            fits = len(news) == len(new) and all(sorts[n] == [[p for _, p in a], b] for n, (a, b, _) in new.items())
            fits = fits and set(new) <= set(self.initial) - {self.pc} and self.pc not in WORD.findall(show([guard, *news]))
            need(fits, f"{plain(name)} writes what it cannot write, or asks where a process is")
            given = [f"(declare-const {n} {show(s)})" for n, s in [[self.me, self.thread], *choices]]
            given += [f"(assert (= ({self.pc} {self.me}) {source}))", f"(assert {show(guard)})"]
            own, mine = [["$o", self.thread]], ["ite", ["=", "$o", self.me]]  # what only the process that acts gets
            shared = {n for n, (params, _, v) in new.items() if [params, v[:2], v[3:]] != [own, mine, [[n, "$o"]]]}
            new[self.pc] = [own, self.place, [*mine, target, [self.pc, "$o"]]]
            self.transitions[name] = (source, target, given, {n: show(v)[1:-1] for n, v in new.items()}, shared)
        self.properties = {name: (plain(said), formula) for name, said, formula in by["property"]}
        need({c[0] for c in facts} <= {"assumption", "fact"}, f"{FACTS} has something that is no fact")
        self.facts = {c[1]: Fact(c[0], c[2], []) if c[0] == "assumption" else Fact(*c[2:5]) for c in facts}
        for name, use in [*((p, p) for p in self.properties), *((f, u) for f, fact in self.facts.items() for u in fact.uses)]:
            need(use in self.facts, f"{plain(name)} rests on {plain(use)}, which is neither proved nor assumed here")
        for name, fact in self.facts.items():
            need(fact.method in ("induction", "implication", "assumption"), f"{plain(name)} is proved by {fact.method}")
            changing = sorted({*WORD.findall(show(fact.formula))} & set(self.initial))
            need(fact.method != "assumption" or not changing, f"assumption {plain(name)} speaks of {changing}, which changes")
            need(fact.method == "induction" or name not in self.closure(fact.uses, fact.method), f"{name} follows from itself")

    def closure(self, names: list[str], through: str = "") -> list[str]:
        """What ``names`` rest on, themselves included, in the order of the dump; only uses of facts proved by ``through``."""
        for name in (found := list(names)):  # which grows
            found += [n for n in self.facts[name].uses if n not in found and through in ("", self.facts[name].method)]
        return [name for name in self.facts if name in found]

    def _seen(self, x: Sexp, place: Sexp, location: str) -> Sexp:
        """``x`` with ``location`` for ``place``, where truth values are propagated: all locations differ."""
        if x == place or isinstance(x, str):
            return location if x == place else x
        if (x := [self._seen(part, place, location) for part in x])[-1:] == ["true"] and x[0] in ("=>", "forall"):
            return "true"
        match x:
            case ["=", str(a), str(b)] if {a, b} <= self.kinds[self.away].keys():
                return "true" if a == b else "false"
            case ["not", "true" | "false" as a]:
                return "false" if a == "true" else "true"
            case ["and" | "or" as head, *args]:
                unit, zero = ("true", "false") if head == "and" else ("false", "true")
                flat = [piece for a in args for piece in (a[1:] if a[:1] == [head] else [a])]
                args = [a for i, a in enumerate(flat) if a != unit and a not in flat[:i]]
                args = [zero] if zero in args or any(["not", a] in args for a in args) else args
                return [head, *args] if len(args) > 1 else args[0] if args else unit
        return x

    def _claim(self, given: list[str], new: dict[str, str], formula: str) -> list[str]:
        """The commands that ask for a state in which ``given``, but not ``formula`` once the variables have ``new`` values."""
        primed = {n: f"{n[:-1]}!|" if n.endswith("|") else f"{n}!" for n in new if n in words(formula)}
        values = [f"(define-fun {name} {new[n]})" for n, name in primed.items()]
        return [*given, *values, f"(assert (not {WORD.sub(lambda word: primed.get(word[0], word[0]), formula)}))"]

    def _obligations(self, fact: Any, file: str) -> list[Any]:
        """What is owed for a fact: an implication, or initiation and consecution of every transition that may change it."""
        formula, text, said = fact.formula, show(fact.formula), f"(assert {show(fact.formula)})"
        cores = {label: [*map(int, places.split())] for label, places in NEEDS.findall(self.texts[file])}
        used = [f"(assert {show(self.facts[n].formula)})" for n in dict.fromkeys(fact.uses) if self.facts[n] is not fact]
        told, kinds, named = [self.away, said, *used], self.kinds[said], dict(formula[1] if formula[0] == "forall" else [])
        if fact.method == "implication":
            told, posed = [self.away, *used], self._claim([], {}, text)
            core = [told[n] for n in cores.get("implication", range(1, len(told))) if n < len(told)]
            return [Owed("implication", told, posed, core, [self.away, *core], posed)]
        owed = [Owed("initiation", [], posed := self._claim([], self.start, text), [], [], posed)]
        consts = [self.away, *(f"(declare-const {n}! {show(named[n])})" for n in named)]
        threads = [f"{n}!" for n in named if named[n] == self.thread]  # of these and of who acts facts in ``single`` are told
        each = {x: [f"(assert {show(self.single[x][1](n))})" for n in threads] for x in told if x in self.single}
        denied = WORD.sub(lambda word: word[0] + "!" * (word[0] in named), show(formula[2]) if named else text)
        elsewhere = {str(x[0]) for x in parts(formula) if x and x[1:] != [*self.single.get(said, "")][:1]}
        for name, (source, target, given, new, shared) in self.transitions.items():
            own = said in self.single and not words(text) & shared | elsewhere & set(new)  # of others it says what it said before
            changed = kinds[source] != kinds[target] or words(text) & set(new) - {self.pc}
            if changed and not (own and words(kinds[target]) == {"true"}):
                core = [told[n + 1] for n in cores.get(f"consecution {plain(name)}", range(len(told) - 1)) if n + 1 < len(told)]
                near = [*consts, *(y for x in core for y in (each.get(x, [x]) if not own or x not in each else []))]
                views = [f"(assert {view})" for x in core if x in each and (view := self.kinds[x][source]) != "true"]
                asked = self._claim([*given, *views], new, kinds[target] if own else denied)
                owed.append(Owed(f"consecution {plain(name)}", told, self._claim(given, new, text), core, near, asked))
        return owed

    def _head(self, body: list[str]) -> list[str]:
        """What stands before ``body``: all sorts and constants, and the state variables it mentions."""
        mentioned = frozenset().union(*map(words, body))
        used = [f"(declare-fun {n} {show(v[0])} {show(v[1])})" for n, v in self.variables.items() if n in mentioned]
        return ["(set-info :smt-lib-version 2.6)", "(set-logic ALL)", *self.declarations, *used]

    def _pose(self, file: str, fact: str, owed: list[Any]) -> None:
        """Add the queries of what is owed; one location stands for all like it.  Raises Rejected unless ``file`` poses them."""
        body = [x for o in owed for x in (*o.told[1:] * (o is owed[:2][-1]), f"; {o.label}", "(push 1)", *o.posed, *ASK)]
        for number, (there, due) in enumerate(zip_longest(self.texts[file].splitlines(), [*self._head(body), *body]), 1):
            need(NEEDS.sub(r"; \1", there or "") == due, f"{file} line {number} is not what the dump demands: {due}"[:300])
        alike = (list(group) for _, group in groupby(sorted(owed, key=lambda o: o.near), lambda o: o.near))
        for group in (some[n : n + TOGETHER] for some in alike for n in range(0, len(some), TOGETHER)):
            told, near, asked = group[0].told[1:], group[0].near, [x for o in group for x in o.asked]
            named, said = frozenset().union(*(words(x) for o in group for x in o.posed[:-1])), {x for o in group for x in o.core}
            kept = {x if x in named else tuple(self.kinds[h][x] for h in (fact, *said)): x for x in self.locations}.values()
            other = sorted(frozenset().union(*map(words, [*near, *asked])) & {*self.locations} - {*kept})
            first = [*self._head([*near, *asked]), *(f"(define-fun {x} () {self.place} nowhere)" for x in other), *near]
            given = "\n".join(first).replace(") (".join(self.locations), ") (".join([*kept, "nowhere"]), 1)
            told = "\n".join([*self._head([*told, *(x for o in group for x in o.posed)]), *told])
            self.queries += [Query(file, o.label, given, "\n".join(o.asked), told, "\n".join(o.posed)) for o in group]

    def _property(self, name: str) -> tuple[Any, str]:
        """What is owed for a property: that it follows from the fact of its name.  Raises Rejected if its manifest is wrong."""
        folder, (text, formula), rests = f"properties/{stem(name)}", self.properties[name], self.closure([name])
        files = [SYSTEM, FACTS, *(self.files[f] for f in rests if f in self.files), f"{folder}/implication.smt2"]
        due: dict[str, Any] = {**self.about, "property": plain(name), "text": text, "formula": show(formula)}
        due["spec_version"], due["files"] = self.hashes[SYSTEM], {f: self.hashes[f] for f in files}
        due["facts"], due["assumptions"] = ([plain(f) for f in rests if (f in self.files) is proved] for proved in (True, False))
        found = self.manifests[f"{folder}/manifest.json"]
        wrong = [key for key in {**due, **found} if key != "solvers" and found.get(key) != due.get(key)]
        need(not wrong, f"{folder}/manifest.json: {', '.join(wrong)} is not what the certificate has")
        return Fact("implication", formula, [name]), files[-1]


def solve(queries: list[Any], seconds: float, last: bool = False) -> list[tuple[str, float]]:
    """Everything cvc5 says to each of some queries with the same given, and how long it took."""
    answers, parser = list[tuple[str, float]](), cvc5.InputParser(solver := cvc5.Solver(cvc5.TermManager()))
    how = "decision=justification" if last else "decision=internal rlimit-per=60000"
    for option in f"tlimit-per={seconds * 1000:.0f} enum-inst=true incremental=true {how}".split():
        solver.setOption(*option.split("="))
    for query in queries:
        started, said = time.process_time(), []
        given, asked = (query.told, query.posed) if last else ("" if answers else query.given, query.asked)
        try:
            parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, f"{given}\n(push 1)\n{asked}\n(check-sat)\n(pop 1)", query.file)
            while not (command := parser.nextCommand()).isNull():
                said.append(str(command.invoke(solver, parser.getSymbolManager())).strip())
        except RuntimeError as problem:
            said.append(str(problem))
        answers.append((" ".join(filter(None, said)), time.process_time() - started))
        if answers[-1][0] != "unsat" and not last:  # All of it is asked alone, decided otherwise; the rest of a fresh solver.
            return answers[:-1] + solve([query], seconds, last=True) + solve(queries[len(answers) :], seconds)
    return answers


def check(folder: Path, jobs: int, seconds: float) -> bool:
    """Print what becomes of the properties of one certificate; whether all are confirmed."""
    try:
        c = Certificate(folder)
    except Rejected as problem:
        print(f"{folder.name}: rejected: {problem}", flush=True)
        return False
    alike = [(list(together), seconds) for _, together in groupby(c.queries, lambda q: q.given)]
    with Pool(jobs) as pool:
        answers = list(zip(c.queries, chain.from_iterable(pool.starmap(solve, alike, chunksize=1)), strict=True))
    bad = [(q, said) for q, (said, _) in answers if said != ("sat" if q.label == "assumptions" else "unsat")]
    print("".join(f"{folder.name}: cvc5 says {said!r} to {q.label} in {q.file}\n" for q, said in bad), end="")
    for name in c.properties:
        owed = {q: spent for q, (_, spent) in answers if q.file in c.manifests[f"properties/{stem(name)}/manifest.json"]["files"]}
        frame = sum(len(c.transitions) * (q.label == "initiation") - q.label.startswith("consecution") for q in owed)
        counts = f"{len(c.closure([name]))} facts, {len(owed)} obligations and {frame} by frame, {sum(owed.values()):.1f} s"
        print(f"{folder.name} {plain(name)}: {'not ' * any(q in owed for q, _ in bad)}confirmed ({counts})")
    print(f"{folder.name}: {len(answers)} obligations; assumed: {' '.join(c.assumed) or 'nothing'}", flush=True)
    return not bad


def main(arguments: list[str] | None = None) -> int:
    """Check the certificates in the folders given, or all that are committed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folders", nargs="*", type=Path, default=CERTIFICATES, help="one per client; all if none is given")
    options.add_argument("--jobs", type=int, default=2, help="how many processes share the obligations")
    options.add_argument("--seconds", type=float, default=60.0, help="the time limit of one obligation")
    if not (asked := options.parse_args(arguments)).folders or not all(f.is_dir() for f in asked.folders):
        options.error(f"there is no certificate {next((f for f in asked.folders if not f.is_dir()), '')}")
    return 0 if all([check(folder, asked.jobs, asked.seconds) for folder in asked.folders]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
