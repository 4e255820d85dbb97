"""Linux 4.2: connect() of a datagram socket takes the socket lock, once the port is chosen."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.udp import udp_connect as plain_udp_connect
from spec.state import Sock, lock_sock
from spec.values import Addr, AddrLen, Errno, Family, Port

UPSTREAM = "03645a11a570 ipv6: lock socket in ip6_datagram_connect()"

original_udp_connect = original(plain_udp_connect)


@kernel("net/ipv4/udp.c")
def udp_connect(sk: Sock, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    with lock_sock(sk):
        return original_udp_connect(sk, family, addr, port, addr_len)


OVERRIDES = {"udp_connect": udp_connect}
