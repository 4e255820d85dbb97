"""Upstream since 2024: a socket does not keep the pointer to the sock that inet_create freed as a protocol's init failed."""

from __future__ import annotations

from checker.language import NULL, kernel, original
from spec.net.ipv4.af_inet import inet_create as plain_inet_create
from spec.state import Socket
from spec.values import Errno, Protocol

UPSTREAM = "9365fa510c6f net: inet: do not leave a dangling sk pointer in inet_create()"

original_inet_create = original(plain_inet_create)


@kernel("net/ipv4/af_inet.c")
def inet_create(sock: Socket, protocol: Protocol) -> Errno:
    err = original_inet_create(sock, protocol)
    if err:
        sock.sk = NULL
    return err


OVERRIDES = {"inet_create": inet_create}
