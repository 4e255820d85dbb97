"""Linux 2.4.16 and later: inet_create looks the type and protocol up in a table of registered protocols.

A pair that the table does not have is ESOCKTNOSUPPORT, whatever the reason; the switch of older kernels says EPROTONOSUPPORT
for a protocol that does not fit, and asks for the capability of a raw socket before it looks at the protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.language import NULL, abstracted, htons, kernel
from spec.kernel.capability import capable_net_raw
from spec.net.core.sock import sk_alloc, sk_free, sock_init_data
from spec.net.ipv4.af_inet import inet_sock_release
from spec.state import Socket
from spec.values import (
    ENOBUFS,
    EPERM,
    ESOCKTNOSUPPORT,
    IPPROTO_TCP,
    IPPROTO_UDP,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    SS_UNCONNECTED,
    Errno,
    Port,
    Protocol,
)

if TYPE_CHECKING:
    from spec.net.ipv4.protocols import inet_dgram_ops, inet_stream_ops, raw_prot, tcp_prot, udp_prot


@kernel("net/ipv4/af_inet.c")
def inet_create(sock: Socket, protocol: Protocol) -> Errno:
    sock.state = SS_UNCONNECTED
    sk = sk_alloc()
    if sk == NULL:
        return ENOBUFS
    prot = sk.prot
    if sock.type == SOCK_STREAM and (protocol == 0 or protocol == IPPROTO_TCP):
        protocol = Protocol(IPPROTO_TCP)
        prot = tcp_prot
        sock.ops = inet_stream_ops
    elif sock.type == SOCK_DGRAM and (protocol == 0 or protocol == IPPROTO_UDP):
        protocol = Protocol(IPPROTO_UDP)
        prot = udp_prot
        sock.ops = inet_dgram_ops
    elif sock.type == SOCK_RAW and protocol != 0:
        if not capable_net_raw():
            sk_free(sk)
            return EPERM
        prot = raw_prot
        sock.ops = inet_dgram_ops
        sk.reuse = True
        sk.num = Port(protocol)
    else:
        sk_free(sk)
        return ESOCKTNOSUPPORT
    abstracted("path MTU discovery and the IP identifier: only sending reads them", "pmtudisc", "id")
    sock_init_data(sock, sk)
    sk.protocol = protocol
    sk.prot = prot
    if sk.num:
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
    if sk.prot.init:
        err = sk.prot.init(sk)
        if err:
            inet_sock_release(sk)
            return err
    return 0


OVERRIDES = {"inet_create": inet_create}
