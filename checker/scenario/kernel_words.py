"""Results as a program prints them on a kernel, in the words of the model: counts of bytes, SO_ERROR, a second interface."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace

from checker.scenario.expect import Expectation, endpoint, one_form
from checker.scenario.names import Ref, programs
from checker.scenario.program import Call, Scenario
from checker.scenario.question import Row
from checker.scenario.vocabulary import DATA, DOTTED, ERRNOS, HOSTS

COUNTED: Mapping[str, tuple[str, ...]] = {
    "send": ("0",),
    "sendto": ("0",),
    "recv": (DATA, "0 *:*"),
    "socket": ("0",),
    "accept": ("0",),
}
"""Calls that return a number when they succeed, and what the model says then."""

COUNTS_NOTHING = ("bind", "connect", "listen", "shutdown", "close", "setsockopt", "getsockname", "getpeername")
"""Calls that return no number but 0; any other stands for an error."""

ACCEPT_ASKING = "accept peer"
"""What gives the address of the peer; programs have it from every accept."""

SECOND = "DUMMY"
"""The interface whose address is up to the machine, as are those of other hosts; what goes there leaves by it."""


def in_words_of_the_model(row: Row, scenario: Scenario) -> Row:
    """``row`` with every result the way the model gives it."""
    calls = programs(scenario)
    used = {str(call.args["addr"]) for group in calls.values() for call in group if "addr" in call.args}
    return replace(row, cells=tuple((ref, _translated(_call(calls, ref), stated, used)) for ref, stated in row.cells))


def column_in_words_of_the_model(column: Sequence[Expectation], calls: Sequence[Call]) -> tuple[Expectation, ...]:
    """The results of ``calls`` that a column records, the way the model gives them."""
    used = {str(call.args["addr"]) for call in calls if "addr" in call.args}
    return tuple(_translated(_asking(call), stated, used) for call, stated in zip(calls, column, strict=True))


def _call(calls: Mapping[str, Sequence[Call]], ref: Ref) -> str:
    """The call a cell is about; an accept that asks who is connected is one of its own."""
    if ref.program not in calls:
        return ""
    return _asking(calls[ref.program][ref.index])


def _asking(call: Call) -> str:
    return ACCEPT_ASKING if call.args.get("peer") else call.name


def _translated(call: str, stated: Expectation, used: set[str]) -> Expectation:
    return Expectation(tuple(word for one in stated.alternatives for word in _words(call, one, used)))


def _words(call: str, stated: str, used: set[str]) -> tuple[str, ...]:
    """What the model may say where a kernel run gave ``stated``.

    >>> _words("send", "5", set()), _words("so_error", "EPIPE", set()), _words("getsockname", "0 10.0.0.1:P1", {"DUMMY"})
    (('0',), ('EPIPE', '0 value=EPIPE'), ('0 DUMMY:P1',))
    """
    if call in COUNTED and stated.isdigit() and stated != "0":
        return COUNTED[call]
    named = errno.errorcode.get(int(stated), stated) if stated.isdigit() else stated
    if call in COUNTS_NOTHING and stated.isdigit():
        return (one_form(named),)
    if call == "so_error":
        stated = named
        if stated in ERRNOS:
            return (stated, f"0 value={stated}")
    if stated == "EINTR":
        return (stated, "ERESTARTSYS")  # What becomes of it is up to the signal's handler.
    found = endpoint(stated)
    if found and call == "accept":
        return ("0",)
    if found and found[0] not in used and DOTTED.fullmatch(found[0]):
        hosts = [name for name in HOSTS if name in used]
        own = [SECOND] if hosts or SECOND in used else []
        meant = own if call == "getsockname" else [*own, *hosts]
        return tuple(f"0 {name}:{found[1]}" for name in meant) or (stated,)
    return (stated,)
