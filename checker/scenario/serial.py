"""Sequential runs: whole calls and whole events one after the other, in any order that keeps the order of each thread.

A call runs until it returns or sleeps, its softirqs with it.  A call that sleeps lets others begin; as soon as it can go on
it does so, before any other call or event begins, until it returns or sleeps again.  If several can go on, any of them is first.
"""

from __future__ import annotations

from checker.scenario.explore import MAX_STATES, Search
from checker.scenario.program import Outcomes, Scenario
from checker.scenario.states import Found, Interface, State
from checker.scenario.steps import Machine
from checker.scenario.vocabulary import SERIAL


class SerialSearch(Search):
    """All sequential runs of a scenario."""

    going_on = False
    """Whether calls go on by themselves; a timeout that ends a sleep is an event like any other."""

    def next_states(self, state: State) -> tuple[Found, bool]:
        moves: Found = []
        self.going_on = True
        for client in sorted(self._may_run(state, False), key=lambda client: client != state.running):
            if not self._at_user_mode(state, client):
                moves += self._moves(state, client, False)
            if moves and client == state.running:
                break
        self.going_on = False
        return (moves, False) if moves else super().next_states(state)

    def _may_expire(self, state: State, late: bool) -> bool:
        return not self.going_on and super()._may_expire(state, late)

    def _running(self, state: State, client: int, irq: bool) -> int:
        return client

    def _may_run(self, state: State, late: bool) -> range:
        return range(len(state.clients))


def search_kind(scenario: Scenario) -> type[Search]:
    """What searches a scenario on its machine."""
    return SerialSearch if scenario.machine == SERIAL else Search


def explore(scenario: Scenario, machine: Machine, interface: Interface, *, max_states: int = MAX_STATES) -> Outcomes:
    """Every outcome of ``scenario`` on its machine.  Raises LimitError beyond ``max_states``."""
    return search_kind(scenario)(scenario, machine, interface, max_states).run()
