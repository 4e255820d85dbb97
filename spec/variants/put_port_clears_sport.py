"""Who gives up a port forgets its number: sport is cleared together with num."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.tcp_ipv4 import tcp_bucket_leave as plain_tcp_bucket_leave
from spec.state import Sock

original_tcp_bucket_leave = original(plain_tcp_bucket_leave)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bucket_leave(sk: Sock) -> None:
    original_tcp_bucket_leave(sk)
    sk.sport = 0


OVERRIDES = {"tcp_bucket_leave": tcp_bucket_leave}
