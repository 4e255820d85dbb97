"""The function tables: tcp_prot of net/ipv4/tcp_ipv4.c."""

from __future__ import annotations

from spec.net.ipv4.tcp import tcp_close, tcp_disconnect
from spec.net.ipv4.tcp_ipv4 import tcp_unhash, tcp_v4_get_port, tcp_v4_hash, tcp_v4_init_sock
from spec.state import Proto

tcp_prot = Proto(
    "tcp_prot",
    init=tcp_v4_init_sock,
    close=tcp_close,
    disconnect=tcp_disconnect,
    bind=None,
    hash=tcp_v4_hash,
    unhash=tcp_unhash,
    get_port=tcp_v4_get_port,
)
