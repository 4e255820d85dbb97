"""A RAW socket keeps its protocol as a bound socket keeps its port: connect(AF_UNSPEC) does not unhash it."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.raw import raw_init as plain_raw_init
from spec.state import Sock
from spec.values import Errno

original_raw_init = original(plain_raw_init)


@kernel("net/ipv4/raw.c")
def raw_init(sk: Sock) -> Errno:
    sk.bindport_lock = True
    return original_raw_init(sk)


OVERRIDES = {"raw_init": raw_init}
