"""Linux 5.17: bind() of a RAW socket takes the socket lock."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.raw import raw_bind as plain_raw_bind
from spec.state import Sock, lock_sock
from spec.values import Addr, AddrLen, Errno

UPSTREAM = "153a0d187e76 ipv4: raw: lock the socket in raw_bind()"

original_raw_bind = original(plain_raw_bind)


@kernel("net/ipv4/raw.c")
def raw_bind(sk: Sock, addr: Addr, addr_len: AddrLen) -> Errno:
    with lock_sock(sk):
        return original_raw_bind(sk, addr, addr_len)


OVERRIDES = {"raw_bind": raw_bind}
