"""Results and what is expected of them: ``0``, an errno, ``A|B``, ``error``, ``0 ADDR:PORT`` with ``*``, ``nz``, ``eph``.

Every result text is brought into one form here, whether a file, a kernel or the engine wrote it.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from checker.scenario.vocabulary import (
    ADDRESSES,
    BLOCKS,
    DOTTED,
    ERRNOS,
    FIELD_VALUES,
    PORTS,
    RECEIVED,
    SHORT_ADDRESSES,
    STATES,
    UNREACHED,
    address_name,
    nearest,
)

ENDPOINT = re.compile(r"0 \(?(?:fam=\d+ )?([^\s:()]+):([^\s:()]+)\)?")
"""A name as the engine (``0 LOOPBACK:P1``) or a kernel run (``0 (fam=2 127.0.0.1:P1)``) gives it."""

OTHER_NAMES = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP", "blocked": BLOCKS, "hangs": BLOCKS, "hang": BLOCKS}
"""Results that have two names."""

NEGATIVE = re.compile(r"-(\d+|E[A-Z0-9]+)")
"""An error as the kernel returns it: ``-115``, ``-EINPROGRESS``."""

VALUE = re.compile(r"0 value=(\d+)")
"""What SO_ERROR holds, as a number."""

WORDS = ("error", BLOCKS, UNREACHED, "*")


class ExpectationError(ValueError):
    """An expectation nothing can match: what is wrong, and what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True)
class Expectation:
    """What a result may be: one of ``alternatives``, all in the one form; none of them means anything will do."""

    alternatives: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join(self.alternatives) or "anything"

    def matches(self, result: str) -> bool:
        """Whether ``result`` is among what is expected."""
        found = one_form(result)
        return not self.alternatives or any(_matches(a, found) for a in self.alternatives)


def one_form(result: object) -> str:
    """A result in the form everything is compared in.

    >>> one_form("0 (fam=2 127.0.0.1:P1)"), one_form(0), one_form("TCP_LISTEN"), one_form("0 0.0.0.0:E")
    ('0 LOOPBACK:P1', '0', 'LISTEN', '0 ANY:eph')
    >>> one_form("-115"), one_form("-EAGAIN"), one_form("0 value=111"), one_form("0 value=0")
    ('EINPROGRESS', 'EAGAIN', '0 value=ECONNREFUSED', '0 value=0')
    """
    text = " ".join(str(result).split())
    if negative := NEGATIVE.fullmatch(text):
        text = errno.errorcode.get(int(negative[1]), text) if negative[1].isdigit() else negative[1]
    if numbered := VALUE.fullmatch(text):
        return f"0 value={errno.errorcode.get(int(numbered[1]), numbered[1])}"
    if endpoint := ENDPOINT.fullmatch(text):
        address, port = endpoint.groups()
        return f"0 {address_name(address)}:{'eph' if port == 'E' else port}"
    return OTHER_NAMES.get(text, text.removeprefix("TCP_"))


def endpoint(result: str) -> tuple[str, str] | None:
    """Address and port of a result that is a name.

    >>> endpoint("0 ANY:eph_a"), endpoint("ENOTCONN")
    (('ANY', 'eph_a'), None)
    """
    found = ENDPOINT.fullmatch(one_form(result))
    return (found[1], found[2]) if found else None


def expectation(value: object) -> Expectation:
    """What a file states, as an Expectation.  Raises ExpectationError.

    >>> expectation("0|EAGAIN").matches("0 LOOPBACK:P1"), expectation("0 ANY:nz").matches("0 ANY:0")
    (True, False)
    """
    if value is None:
        return Expectation(())
    pieces = tuple(one_form(piece) for piece in str(value).split("|"))
    for piece in pieces:
        _check(piece)
    return Expectation(pieces)


def _check(piece: str) -> None:
    if found := ENDPOINT.fullmatch(piece):
        address, port = found.groups()
        if address != "*" and address not in ADDRESSES and not DOTTED.fullmatch(address):
            raise ExpectationError(f"there is no address {address}", nearest(address, [*ADDRESSES, *SHORT_ADDRESSES]))
        if not port_word(port):
            raise ExpectationError(f"{port} is no port", f"write a number, {', '.join(PORTS)}, eph, eph_x, nz or *")
        return
    if piece in RECEIVED:
        return
    if piece.startswith("0 value="):
        piece = piece.removeprefix("0 value=")
    known = (*ERRNOS, *STATES, *WORDS, *FIELD_VALUES, *ADDRESSES)
    if re.fullmatch(r"\d+", piece) or piece in known or port_word(piece):
        return
    if piece in errno.errorcode.values():
        return  # A system has it, the model never gives it.
    if piece[:1] == "E" and piece[1:].isalnum() and piece not in STATES:
        raise ExpectationError(f"there is no errno {piece}", nearest(piece, ERRNOS))
    raise ExpectationError(
        f"{piece or 'nothing'} is no result",
        "write 0, an errno, a state, 0 ADDR:PORT, 0 value=ERRNO, 0 data, 0 eof, A|B, error or blocks",
    )


def port_word(word: str) -> bool:
    """Whether ``word`` says something about a port: a number, a name, ``nz``, ``eph``, ``eph_x``, ``*``."""
    if word.isdigit():
        return int(word) <= 65535
    return word in PORTS or word in ("*", "nz", "eph") or re.fullmatch(r"eph_\w+", word) is not None


def _matches(alternative: str, result: str) -> bool:
    if alternative == "*" or alternative == result:
        return True
    if alternative == "0":
        return result.startswith("0 ")
    if alternative == "error":
        return result in ERRNOS
    if alternative in ("nz", "eph") or alternative.startswith("eph_"):
        return all(port_word(name) for name in result.split("|")) and port_matches(alternative, result)
    wanted, found = endpoint(alternative), endpoint(result)
    if wanted is None or found is None:
        return False
    return wanted[0] in ("*", found[0]) and port_matches(wanted[1], found[1])


def port_matches(wanted: str, found: str) -> bool:
    """Whether the port ``found``, which may have been chosen for several sockets, is what ``wanted`` says.

    >>> port_matches("eph_b", "eph_a|eph_b"), port_matches("eph", "eph_a|eph_b"), port_matches("eph_c", "eph_a|eph_b")
    (True, True, False)
    """
    if wanted == "nz":
        return found != "0"
    if wanted == "eph":
        return found == "eph" or found.startswith("eph_")
    return wanted == "*" or wanted in found.split("|")
