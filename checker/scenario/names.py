"""Names of results: which call of which program ``A.connect``, ``state.a`` or ``getsockname a`` speaks of.

The final state of a socket is what a ``state`` step in ``post`` sees, so every mention of ``state.a``, ``name.a`` or ``peer.a``
puts such a step there, unless there is one.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.scenario.expect import endpoint, one_form
from checker.scenario.program import Call, Outcome, Scenario
from checker.scenario.short import in_one_form
from checker.scenario.vocabulary import ERRNOS, STATES, nearest

FINAL: Mapping[str, str] = {"state": "state", "name": "getsockname", "peer": "getpeername"}
"""The words for what a socket is in the end, and the calls that tell."""

FIELDS = ("sk", "sock")
"""What ``sk.a.num`` and ``sock.a.state`` begin with: fields of the sock and the socket of ``a`` in the end."""

WHOLE = ("nonserial", "faults")
"""What is asked of a whole outcome: no sequential order gives it (``yes``, ``no``), an assertion fails (``some``, ``none``)."""

CONFLICT = "conflict"
"""``conflict.num``: whether the order of two accesses to that field, with no lock in common, decides about the outcome."""

PARTS = ("addr", "port")

RESERVED = frozenset(
    (*FINAL, *FIELDS, *WHOLE, CONFLICT, "setup", "post", *ERRNOS, *STATES, "error", "blocks", "unreached", *keyword.kwlist)
)
"""What no thread and no step can be called: expressions would not know what is meant."""


def final_call(path: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """The call in ``post``, with its arguments, that tells what ``state.a`` or ``sk.a.num`` is; None for any other path.

    >>> final_call(("sk", "a", "num")), final_call(("state", "a")), final_call(("A", "listen"))
    (('field', {'s': 'a', 'name': 'sk.num'}), ('state', {'s': 'a'}), None)
    """
    head, *rest = path
    if head in FINAL and rest:
        return FINAL[head], {"s": rest[0]}
    if head in FIELDS and len(rest) == 2:
        return "field", {"s": rest[0], "name": f"{head}.{rest[1]}"}
    return None


class UnknownName(ValueError):
    """A name nothing in the scenario has: ``code``, what is wrong, what to do."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


@dataclass(frozen=True)
class Ref:
    """The result of one call, or the address or port in it."""

    program: str
    index: int
    part: str = ""

    def value(self, outcome: Outcome) -> str:
        """What it is in ``outcome``, in the one form; empty for the address of a result that is no address."""
        if self.program == CONFLICT:
            return "yes" if any(f.partition(".")[2] == self.part for f in outcome.results[CONFLICT]) else "no"
        if self.program == "faults":
            return "some" if outcome.results.get("faults") else "none"
        result = one_form(outcome.results[self.program][self.index])
        if not self.part:
            return result
        found = endpoint(result)
        return found[PARTS.index(self.part)] if found else ""


@dataclass(frozen=True)
class Names:
    """What can be named in one scenario; ``steps`` are the steps' own names, by program and position."""

    scenario: Scenario
    steps: Mapping[str, Mapping[str, int]]

    def programs(self) -> dict[str, tuple[Call, ...]]:
        """All calls by program, in order."""
        return programs(self.scenario)

    def resolve(self, parts: tuple[str, ...]) -> Ref:
        """``("A", "connect")`` or ``("state", "s")``, with ``addr`` or ``port`` behind.  Raises UnknownName."""
        head, *rest = parts
        if head in FINAL:
            return self._final(head, rest)
        if head in FIELDS:
            return self._field(head, rest)
        if head == CONFLICT and len(rest) == 1:
            return Ref(CONFLICT, 0, rest[0])
        if head in WHOLE and not rest:
            return Ref(head, 0)
        calls = self.programs().get(head)
        if calls is None:
            known = [*self.programs(), *FINAL, *FIELDS, *WHOLE]
            raise UnknownName("unknown-thread", f"there is no thread {head}", nearest(head, known))
        if not rest or (len(rest) == 1 and rest[0] in PARTS):
            if len(calls) != 1:
                fix = f"write one of {', '.join(self._names_in(head))}"
                raise UnknownName("ambiguous-name", f"{head} has {len(calls)} calls", fix)
            return Ref(head, 0, *rest)
        return Ref(head, self._index(head, rest[0]), self._part(rest[1:]))

    def resolve_text(self, text: str) -> Ref:
        """A key of a row: ``A``, ``A.listen``, ``state.a``, or the label of a call, in ``post`` if there.  Raises UnknownName."""
        text = " ".join(text.split())
        calls = self.programs()
        meant = (text, in_one_form(text))
        for program in ("post", *(p.name for p in self.scenario.threads)):
            labels = [n for n, call in enumerate(calls.get(program, ())) if call.label in meant]
            if labels:
                return Ref(program, labels[-1])
        for program, made in calls.items():
            longer = [n for n, call in enumerate(made) if program == "post" and call.label.startswith(f"{text} ")]
            if len(longer) == 1:
                return Ref(program, longer[0])
        return self.resolve(tuple(text.split(".")))

    def _final(self, head: str, rest: list[str]) -> Ref:
        if not rest:
            raise UnknownName("unknown-socket", f"{head} of which socket?", f"write {head}.NAME")
        for n in reversed(range(len(self.scenario.post))):
            call = self.scenario.post[n]
            if call.name == FINAL[head] and call.args["s"] == rest[0]:
                return Ref("post", n, self._part(rest[1:]))
        raise UnknownName("unknown-socket", f"there is no socket {rest[0]}", nearest(rest[0], sockets(self.scenario)))

    def _field(self, head: str, rest: list[str]) -> Ref:
        if len(rest) != 2:
            raise UnknownName("unknown-field", f"{'.'.join((head, *rest))} is no field of a socket", f"write {head}.NAME.FIELD")
        for n, call in enumerate(self.scenario.post):
            if call.name == "field" and (call.args["s"], call.args["name"]) == (rest[0], f"{head}.{rest[1]}"):
                return Ref("post", n)
        raise UnknownName("unknown-socket", f"there is no socket {rest[0]}", nearest(rest[0], sockets(self.scenario)))

    def _index(self, program: str, name: str) -> int:
        known = dict(self._names(program))
        if name not in known:
            same = [n for n in known if n.startswith(f"{name}_")]
            if same:
                raise UnknownName("ambiguous-name", f"{program} has several calls {name}", f"write one of {', '.join(same)}")
            raise UnknownName("unknown-step", f"{program} has no call {name}", nearest(name, known))
        return known[name]

    def _names(self, program: str) -> list[tuple[str, int]]:
        """What the calls of a program are called: own names, else the call's name, numbered if there are several."""
        calls = [call.name for call in self.programs()[program]]
        own = {index: name for name, index in self.steps.get(program, {}).items()}
        found = []
        for n, name in enumerate(numbered(calls)):
            if n in own:
                found.append((own[n], n))
            found.append((name, n))
        return found

    def _names_in(self, program: str) -> list[str]:
        return [f"{program}.{name}" for name, _ in self._names(program)]

    @staticmethod
    def _part(rest: list[str]) -> str:
        if not rest:
            return ""
        if len(rest) > 1 or rest[0] not in PARTS:
            raise UnknownName("unknown-part", f"a result has no {'.'.join(rest)}", "write .addr or .port, or nothing")
        return rest[0]


def numbered(calls: Sequence[str]) -> list[str]:
    """What the calls of a program are called: by the call's name, numbered if there are several.

    >>> numbered(["bind", "listen", "bind"])
    ['bind_1', 'listen', 'bind_2']
    """
    return [f"{name}_{calls[: n + 1].count(name)}" if calls.count(name) > 1 else name for n, name in enumerate(calls)]


def programs(scenario: Scenario) -> dict[str, tuple[Call, ...]]:
    """All calls of a scenario by program, in the order results are shown."""
    found = {"setup": scenario.setup, **{p.name: p.calls for p in scenario.threads}, "post": scenario.post}
    return {name: calls for name, calls in found.items() if calls}


def sockets(scenario: Scenario) -> list[str]:
    """The names the scenario makes."""
    made = [call.args.get("as") for calls in programs(scenario).values() for call in calls]
    return list(dict.fromkeys(str(name) for name in made if name))
