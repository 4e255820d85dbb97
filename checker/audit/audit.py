"""The audit of one function: C text and specification in, the fate of every statement and all differences out."""

from __future__ import annotations

from dataclasses import replace

from checker.audit.align import Aligner, Pairing, learn_names, written_out
from checker.audit.clisting import CFunction
from checker.audit.cmodel import read_function
from checker.audit.compare import same, stored, tests_differ
from checker.audit.covering import Covers, model_only
from checker.audit.flow import assigned
from checker.audit.names import Explanation, Names
from checker.audit.normal import Function, Kind, Stmt, everything, name, words
from checker.audit.normal import Source as Written
from checker.audit.outcome import Audit, Difference, Fate, Row
from checker.audit.prepare import prepare_c, prepare_spec, rename
from checker.audit.shape import shape
from checker.audit.specmodel import read_spec
from checker.errors import Place
from checker.language.source import Source

_PLAIN = frozenset({Kind.ASSIGN, Kind.CALL, Kind.ASSERT})


def audit(text: CFunction, source: Source | None, names: Names) -> Audit:
    """Compare a C function with its specification; without one, every statement is unaccounted for."""
    c = read_function(text, names)
    if source is None:
        rows = tuple(
            Row(s, Fate.SETTLED if i in c.settled else Fate.UNACCOUNTED, reason=c.settled.get(i, ""))
            for i, s in enumerate(c.sources)
        )
        missing = Difference("not modelled", c.place, None, f"the specification has no {text.name}")
        return Audit(text.name, c.place, None, rows, (missing,))
    spec = read_spec(source, names)
    return _Audit(c, spec, names, names.explanations(text.name, text.text)).run()


class _Audit:
    """One comparison being made: collects the fate of statements and the differences."""

    def __init__(self, c: Function, spec: Function, names: Names, explanations: list[Explanation]) -> None:
        self.names = names
        self.s = prepare_spec(spec)
        self.c, self.reasons = prepare_c(c, self.s, names)
        self.words = {w for s in everything(c.body) for w in _words(s)}
        self.function = c.name
        self.steps: dict[int, set[int]] = {}
        self.lost: set[int] = set()
        self.differences: list[Difference] = []
        self.added = model_only(names.of(names.added, self.function))
        ignored = names.of(names.ignored, self.function)
        constant = frozenset(c.parameters) - assigned(c.body)
        self.covers = Covers(ignored, ignored, constant, c.locals - constant)
        self.explanations = explanations
        self.covering: list[tuple[Written, int]] = []

    def run(self) -> Audit:
        """Align, compare, and account for every statement."""
        found = self._align()
        for c, s, covers in found.pairs:
            if written_out(c, s, self.names.expanded):
                self._matched_whole(c, s)
                continue
            self._matched(c, s)
            self._compare(c, s, covers)
        for c, s, message in found.arms:
            self._differ("condition", c.place, s.place, message)
        c_left = [(c, after, covers) for c, after, covers in found.c_left if not self._is_covered(c, covers)]
        s_left = [(s, after) for s, after in found.s_left if not self.added.statement(s)]
        self._written_out(found, s_left)
        self._out_of_order(c_left, s_left)
        self._abstracted_runs(found, c_left)
        for c, after, _ in c_left:
            self._unaccounted(c, after)
        for s, before in s_left:
            self._without_c(s, before)
        self._empty_abstractions()
        self._unused_explanations()
        rows = tuple(self._row(i) for i in range(len(self.c.sources)))
        steps = len(self.s.sources) - sum(s.kind is Kind.ABSTRACTED for s in everything(self.s.body))
        order = sorted(self.differences, key=lambda d: (d.c_place.line, d.kind, d.message))
        return Audit(self.function, self.c.place, self.s.place, rows, tuple(order), steps, tuple(self.covering))

    def _align(self) -> Pairing:
        found = self._aligned()
        learned = learn_names(found, self.c, self.s)
        if learned:
            renamed = frozenset(learned[k].text if (k := name(n)) in learned else n for n in self.c.locals)
            self.c = replace(self.c, body=shape(rename(self.c.body, learned)), locals=renamed)
            found = self._aligned()
        return found

    def _aligned(self) -> Pairing:
        return Aligner(self.c, self.s, self.names.expanded).align(self.c.body, self.s.body, self.covers)

    # -- fates ------------------------------------------------------------------------------------------------------

    def _matched(self, c: Stmt, s: Stmt) -> None:
        for number in c.ids:
            self.steps.setdefault(number, set()).update(s.ids)

    def _is_covered(self, c: Stmt, covers: Covers) -> bool:
        reason = covers.statement(c)
        if reason:
            self._abstract(c, reason)
        return bool(reason)

    def _abstract(self, c: Stmt, reason: str) -> None:
        for inner in everything((c,)):
            for number in inner.ids:
                self.reasons.setdefault(number, reason)

    def _row(self, number: int) -> Row:
        source = self.c.sources[number]
        if number in self.lost:
            return Row(source, Fate.UNACCOUNTED)
        if number in self.steps:
            steps = tuple(self.s.sources[i] for i in sorted(self.steps[number]))
            return Row(source, Fate.MATCHED, steps, self.reasons.get(number, ""))
        if number in self.reasons:
            return Row(source, Fate.ABSTRACTED, reason=self.reasons[number])
        if number in self.c.settled:
            return Row(source, Fate.SETTLED, reason=self.c.settled[number])
        return Row(source, Fate.SETTLED, reason="never reached")

    # -- differences --------------------------------------------------------------------------------------------------

    def _differ(self, kind: str, c: Place, s: Place, message: str) -> str:
        """Record a difference; returns why it is right, empty if nothing says so."""
        texts = {"unaccounted": c.text, "no C statement": s.text}
        said = f"{message} {texts.get(kind, f'{c.text} {s.text}')}"
        explained = next((e.reason for e in self.explanations if e.explains(kind, said, message)), "")
        self.differences.append(Difference(kind, c, s, message, explained))
        return explained

    def _compare(self, c: Stmt, s: Stmt, covers: Covers) -> None:
        match c.kind:
            case Kind.IF | Kind.LOOP | Kind.ASSERT:
                judged = tests_differ(c.test(), s.test(), covers, self.added)
                for number in c.ids:
                    for reason in judged.reasons:
                        self.reasons.setdefault(number, reason)
                if judged.kind:
                    self._differ(judged.kind, c.place, s.place, judged.message)
            case Kind.ASSIGN if s.kind is Kind.ASSIGN:
                if not same(c.target, s.target):
                    self._differ("target", c.place, s.place, f"C assigns {c.target}; the model {s.target}")
                if not stored(c.value, s.value, s.target, self.names.booleans):
                    self._differ("value", c.place, s.place, f"C assigns {c.value} to {c.target}; the model {s.value}")
            case Kind.RETURN if s.kind is Kind.RETURN:
                if not same(c.value, s.value):
                    self._differ("return", c.place, s.place, f"C returns {c.value}; the model {s.value}")
            case Kind.SWITCH | Kind.BREAK | Kind.CONTINUE:
                return
            case _:
                if not same(c.value, s.value):
                    self._differ("arguments", c.place, s.place, f"C calls {c.value}; the model {s.value}")

    def _written_out(self, found: Pairing, s_left: list[SLeft]) -> None:
        """Further steps of what the model writes out for a C call, right behind the first."""
        for c, _, _ in found.pairs:
            for s, before in list(s_left):
                if before is c and written_out(c, s, self.names.expanded):
                    s_left.remove((s, before))
                    self._matched_whole(c, s)

    def _matched_whole(self, c: Stmt, s: Stmt) -> None:
        for inner in everything((s,)):
            self._matched(c, inner)

    def _out_of_order(self, c_left: list[CLeft], s_left: list[SLeft]) -> None:
        """The same statement on both sides at different positions; also one whose guard is only in C."""
        nested = [(inner, True) for c, _, _ in c_left for inner in everything(c.body + c.orelse)]
        for c, guarded in [*((c, False) for c, _, _ in c_left), *nested]:
            twin = next((left for left in s_left if left[0].ids and self._equal(c, left[0])), None)
            if twin is None or c.kind not in (*_PLAIN, Kind.IF, Kind.LOOP):
                continue
            s_left.remove(twin)
            c_left[:] = [left for left in c_left if left[0] is not c]
            self._matched(c, twin[0])
            for inner in everything(c.body + c.orelse):
                self._matched(inner, twin[0])
            message = "C does this under other tests" if guarded else "C does this at another place than the model"
            self._differ("order", c.place, twin[0].place, message)

    def _equal(self, c: Stmt, s: Stmt) -> bool:
        if c.kind is not s.kind or not same(c.target, s.target):
            return False
        return stored(c.value, s.value, s.target, self.names.booleans)

    def _abstracted_runs(self, found: Pairing, c_left: list[CLeft]) -> None:
        """An abstraction without names covers the longest run of unpaired plain statements where it stands.

        Fields of the model are not covered that way: leaving out a step of theirs has to be said by name.
        """
        open_now = {id(c) for c, _, _ in c_left}
        for note, gap in found.gaps:
            runs: list[list[Stmt]] = [[]]
            for c in gap:
                if c.kind not in _PLAIN or self._modelled(c):
                    runs.append([])
                elif id(c) in open_now:
                    runs[-1].append(c)
            longest = max(runs, key=len)
            for c in longest:
                self._abstract(c, note.text)
                open_now.discard(id(c))
            for number in note.ids:
                self.covering.append((self.s.sources[number], len(longest)))
        c_left[:] = [left for left in c_left if id(left[0]) in open_now]

    def _modelled(self, c: Stmt) -> bool:
        """Whether a C statement assigns a field that the model has, or takes or releases a lock."""
        target, value = c.target, c.value
        locking = value is not None and value.text in ("acquire", "release")
        return locking or (target is not None and target.kind == "field" and target.text in self.names.fields)

    def _unaccounted(self, c: Stmt, after: Stmt | None) -> None:
        inside = {i for inner in everything((c,)) for i in inner.ids}
        if c.weak:
            self.c.settled.update(dict.fromkeys(c.ids, "overwritten before it is read"))
        if c.weak or (not inside and c.kind is not Kind.BREAK):
            return
        what = self.c.sources[c.ids[0]].title if c.ids else "leave the loop"
        more = len(inside) - len(c.ids)
        nearby = after.place if after is not None else self.s.place
        explained = self._differ("unaccounted", c.place, nearby, what + (f" ({more} more inside)" if more > 0 else ""))
        if explained:
            self._abstract(c, explained)
        else:
            self.lost |= inside - set(self.steps)

    def _without_c(self, s: Stmt, before: Stmt | None) -> None:
        inside = {i for inner in everything((s,)) for i in inner.ids}
        if not inside and s.kind is not Kind.CALL:
            return
        nearby = before.place if before is not None else self.c.place
        more = len(inside) - len(s.ids)
        text = self.s.sources[s.ids[0]].title if s.ids else str(s.value)
        text = f"the release at the end of `{text}`" if s.kind is Kind.CALL and s.test().text == "release" else text
        self._differ("no C statement", nearby, s.place, text + (f" ({more} more inside)" if more > 0 else ""))

    def _unused_explanations(self) -> None:
        """Declared explanations of differences that are no more; those for one release only need not hold elsewhere."""
        for e in self.explanations:
            if not e.told and not e.marked:
                self._differ("unused explanation", self.c.place, self.s.place, f"no {e.kind} mentions {e.word}: {e.reason}")

    def _empty_abstractions(self) -> None:
        """Abstractions that cover nothing, and names of theirs that C does not have."""
        used = set(self.reasons.values())
        for s in everything(self.s.body):
            if s.kind is not Kind.ABSTRACTED:
                continue
            unknown = [name for name in s.covers if name not in self.words]
            if unknown or s.text not in used:
                told = f"C has no {', '.join(unknown)}" if unknown else "nothing in C is left out here"
                self._differ("empty abstraction", self.c.place, s.place, f"{told}: {s.text}")


def _words(stmt: Stmt) -> set[str]:
    """What an abstraction may name in a C statement."""
    values = [v for v in (stmt.target, stmt.value) if v is not None]
    found = {w for v in values for w in words(v)}
    found |= {f"lock {p}" for v in values if v.text in ("acquire", "release") for p in v.parts}
    return found | ({"BUG_TRAP"} if stmt.kind is Kind.ASSERT else set())


CLeft = tuple[Stmt, Stmt | None, Covers]
SLeft = tuple[Stmt, Stmt | None]
