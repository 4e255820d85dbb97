"""connect() of a datagram socket holds the socket lock all the time: while it looks for a port, chooses one, and connects.

Together with ``udp_disconnect_locked`` nothing comes between a connect and its port.
"""

from __future__ import annotations

from checker.language import htons, kernel
from spec.state import Socket, lock_sock
from spec.values import AF_UNSPEC, EAGAIN, Addr, AddrLen, Errno, Family, Port


@kernel("net/ipv4/af_inet.c")
def inet_dgram_connect(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool) -> Errno:
    sk = sock.sk
    if family == AF_UNSPEC:
        return sk.prot.disconnect(sk)
    with lock_sock(sk):
        if sk.num == 0:
            if sk.prot.get_port(sk, 0):
                return EAGAIN
            sk.sport = htons(sk.num)
        return sk.prot.connect(sk, family, addr, port, addr_len)


OVERRIDES = {"inet_dgram_connect": inet_dgram_connect}
