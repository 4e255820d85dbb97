"""Sequential runs: whole calls and whole events one after the other, in any order that keeps the order of each thread.

A call runs until it returns or sleeps, its softirqs with it.  A call that sleeps lets others begin; as soon as it can go on
it does so, before any other call or event begins, until it returns or sleeps again.  If several can go on, any of them is first.
"""

from __future__ import annotations

from checker.scenario.explore import MAX_STATES, Found, Interface, Search, State
from checker.scenario.program import Outcomes, Scenario
from checker.scenario.steps import Machine
from checker.scenario.vocabulary import SERIAL


class SerialSearch(Search):
    """All sequential runs of a scenario."""

    def next_states(self, state: State) -> tuple[Found, bool]:
        going_on: Found = []
        self.any_time = self.may_expire = False  # A timeout that ends a sleep is an event like any other.
        for client in sorted(self._may_run(state, False), key=lambda client: client != state.running):
            if not self._at_user_mode(state, client):
                going_on += self._moves(state, client, False)
            if going_on and client == state.running:
                break
        if going_on:
            return going_on, False
        self.any_time, self.may_expire = "timeout" in self.scenario.events, not self.alone
        return super().next_states(state)

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
