"""Linux 6.1: connect() writes the address that bind conflicts go by under the lock of its port."""

from __future__ import annotations

from checker.language import kernel, original, spin_lock_bh
from spec.net.ipv4.tcp_v4_connect import tcp_v4_receive_at as plain_tcp_v4_receive_at
from spec.state import Sock, tcp_bhash_lock
from spec.values import Addr

UPSTREAM = "8c5dae4c1a49 dccp/tcp: Update saddr under bhash's lock."

original_tcp_v4_receive_at = original(plain_tcp_v4_receive_at)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_receive_at(sk: Sock, addr: Addr) -> None:
    with spin_lock_bh(tcp_bhash_lock):
        original_tcp_v4_receive_at(sk, addr)


OVERRIDES = {"tcp_v4_receive_at": tcp_v4_receive_at}
