"""Coverage: which transitions of a model fire, and why the others do not.

What is counted: searches run on the *whole* compiled system, with no property and therefore no slicing or joining, so that
each transition of the model is one that either fires or does not.  (Searches that answer properties run on slices,
whose transitions stand for several of the model; they are not counted here.)  A search may be cut short: what fired until then
is reachable all the same.  A transition that no search fires must be explained, by a proof that no reachable state of any
size enables it or by a reason listed in the specification; a reason that explains nothing, or something that fires, is
stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checker.errors import UsageError
from checker.explicit.explore import Coverage, Exploration, StatesExceededError, explore
from checker.instance import Instance
from checker.language import terms
from checker.report.pretty import Pretty
from checker.system import Transition, TransitionSystem

BEHIND = "only what is listed, or proved dead, leads there"
"""Why a transition does not fire that begins where no process comes."""


@dataclass(frozen=True)
class Reason:
    """Why transitions of ``function`` whose guard contains all ``fragments`` cannot fire.

    ``function`` is active at the location a transition leaves, or runs in it (``caller > function``: there called by that one);
    ``fragments`` are pieces of what it looks like:
    ``at STATEMENT: GUARD, then STATEMENT``, with the guard as ``sockproof show`` prints it.  Neither depends on how locations
    and transitions are numbered.
    """

    function: str
    fragments: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.function}: {' and '.join(self.fragments) or 'always'}"


@dataclass(frozen=True)
class Row:
    """One transition: how often it fired and how many states it found, or why it cannot (``proof`` or ``reason``)."""

    transition: Transition
    fired: int
    new: int
    proof: str = ""
    reason: str = ""

    @property
    def unexplained(self) -> bool:
        """Whether it neither fires nor has an explanation."""
        return not (self.fired or self.proof or self.reason)

    @property
    def explanation(self) -> str:
        """Why it never fires."""
        return self.reason or self.proof or "not explained"


@dataclass(frozen=True)
class Covered:
    """Coverage of a whole model: one row per transition, the searches it comes from, and the reasons that are stale."""

    rows: tuple[Row, ...]
    searches: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every transition fires or is explained, and every reason explains something."""
        return not self.stale and not any(r.unexplained for r in self.rows)

    @property
    def problems(self) -> list[str]:
        """What keeps it from being complete, one line each."""
        never = [f"transition {r.transition.name} never fires and no reason is listed" for r in self.rows if r.unexplained]
        return [*never, *self.stale]


def measure(system: TransitionSystem, instance: Instance, max_states: int) -> Exploration:
    """Search the whole of ``system``, at most until ``max_states`` states are found."""
    try:
        return explore(system, instance, objects=False, max_states=max_states)  # Counted as walks count.
    except StatesExceededError as stopped:
        return stopped.exploration


def total(explorations: Iterable[Exploration], system: TransitionSystem) -> dict[str, Coverage]:
    """How often each transition fired in all ``explorations`` together."""
    found = {t.name: Coverage(0, 0) for t in system.transitions}
    for exploration in explorations:
        for name, c in exploration.fired.items():
            found[name] = Coverage(found[name].fired + c.fired, found[name].new + c.new)
    return found


def judge(
    system: TransitionSystem,
    fired: Mapping[str, Coverage],
    proofs: Mapping[str, str],
    reasons: Sequence[Reason],
    behind: Collection[str] = (),
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows for all transitions, and what is wrong with ``reasons``.

    ``proofs`` maps transitions that no reachable state enables to what shows it; only what the reasons exclude leads to those
    that are ``behind``.
    """
    check_reasons(system, reasons)
    about = matching(system, reasons)
    rows, used = [], {reason: [0, 0] for reason in reasons}
    for t in system.transitions:
        mine = about[t.name]
        for r in mine:
            used[r][bool(fired[t.name].fired)] += 1
        why = "" if fired[t.name].fired else mine[0].why if mine else BEHIND if t.name in behind else ""
        rows.append(Row(t, fired[t.name].fired, fired[t.name].new, proofs.get(t.name, ""), why))
    stale = []
    for reason, (silent, firing) in used.items():
        if firing:
            stale.append(f"stale reason: a transition it covers does fire ({reason})")
        elif not silent:
            stale.append(f"stale reason: no transition is like that ({reason})")
    return tuple(rows), tuple(stale)


def check_reasons(system: TransitionSystem, reasons: Collection[Reason]) -> None:
    """Raise UsageError for a reason that is empty or is about no function of ``system``."""
    known = {f for t in system.transitions for f in _active(system, t)}
    for r in reasons:
        if not r.why.strip():
            raise UsageError("coverage-reason", f"a reason is missing ({r})", "say why such transitions cannot fire")
        if r.function not in known:
            raise UsageError("coverage-reason", f"no function {r.function} has a transition", "correct the name in the reasons")


def matching(system: TransitionSystem, reasons: Sequence[Reason]) -> dict[str, list[Reason]]:
    """For each transition, the reasons that are about it."""
    pretty = Pretty(system)
    found = {}
    for t in system.transitions:
        active = _active(system, t)
        near = [r for r in reasons if r.function in active]
        shape = described(pretty, t) if near else ""
        found[t.name] = [r for r in near if all(fragment in shape for fragment in r.fragments)]
    return found


def described(pretty: Pretty, t: Transition) -> str:
    """What a transition looks like to a reason: the statement it leaves from, its guard, the statement it goes to."""
    here, there = (pretty.system.locations_by_name[name].text for name in (t.source, t.target))
    return f"at {here}: {' and '.join(guard_parts(pretty, t))}, then {there}"


def guard_parts(pretty: Pretty, t: Transition) -> list[str]:
    """The conjuncts of the guard of ``t``, as tables show them."""
    return pretty.conjuncts(terms.substitute(t.guard, pretty.choices(t)[1]))


def _active(system: TransitionSystem, t: Transition) -> set[str]:
    """The functions a transition leaves from or runs statements of, and each of them with its caller."""
    stacks = [system.locations_by_name[t.source].stack, *(s.stack for s in t.steps)]
    return {f for stack in stacks for f in (*stack, *(" > ".join(pair) for pair in pairwise(stack)))}
