"""Linux 4.12: a child does not inherit the multicast memberships of its listener."""

from __future__ import annotations

from checker.language import NULL, kernel, original
from spec.net.ipv4.tcp_minisocks import tcp_create_openreq_child as plain_tcp_create_openreq_child
from spec.state import OpenRequest, Sock

UPSTREAM = "657831ffc38e dccp/tcp: do not inherit mc_list from parent"

original_tcp_create_openreq_child = original(plain_tcp_create_openreq_child)


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_create_openreq_child(sk: Sock, req: OpenRequest) -> Sock:
    newsk = original_tcp_create_openreq_child(sk, req)
    if newsk != NULL:
        newsk.mc_list = NULL
    return newsk


OVERRIDES = {"tcp_create_openreq_child": tcp_create_openreq_child}
