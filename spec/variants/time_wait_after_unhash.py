"""A mutant: a connection leaves the established hash before its TIME_WAIT bucket enters it, in two steps."""

from __future__ import annotations

from checker.language import kernel, original, spin_lock_bh
from spec.net.ipv4.tcp_state import tcp_time_wait as plain_tcp_time_wait
from spec.state import Sock, tcp_bhash_lock
from spec.values import NOT_HASHED, TcpState

original_tcp_time_wait = original(plain_tcp_time_wait)


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_time_wait(sk: Sock, state: TcpState) -> None:
    with spin_lock_bh(tcp_bhash_lock):
        sk.hashed = NOT_HASHED
    original_tcp_time_wait(sk, state)


OVERRIDES = {"tcp_time_wait": tcp_time_wait}
