"""Linux 3.0: bind() refuses an address of another family."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.af_inet import inet_bind as plain_inet_bind
from spec.state import Socket
from spec.values import AF_INET, EAFNOSUPPORT, SIZEOF_SOCKADDR_IN, Addr, AddrLen, Errno, Family, Port

UPSTREAM = "d0733d2e29b6 net/ipv4: Check for mistakenly passed in non-IPv4 address"

original_inet_bind = original(plain_inet_bind)


@kernel("net/ipv4/af_inet.c")
def inet_bind(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    if addr_len >= SIZEOF_SOCKADDR_IN and family != AF_INET and not sock.sk.prot.bind:
        return EAFNOSUPPORT
    return original_inet_bind(sock, family, addr, port, addr_len)


OVERRIDES = {"inet_bind": inet_bind}
