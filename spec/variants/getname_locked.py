"""Linux 5.16: getsockname() and getpeername() take the socket lock."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.af_inet import inet_getname as plain_inet_getname
from spec.state import Socket, lock_sock
from spec.values import Errno

UPSTREAM = "9dfc685e0262 inet: remove races in inet{6}_getname()"

original_inet_getname = original(plain_inet_getname)


@kernel("net/ipv4/af_inet.c")
def inet_getname(sock: Socket, peer: bool, accepted: bool) -> Errno:
    sk = sock.sk
    with lock_sock(sk):
        return original_inet_getname(sock, peer, accepted)


OVERRIDES = {"inet_getname": inet_getname}
