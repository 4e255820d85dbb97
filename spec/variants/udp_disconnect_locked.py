"""Linux 4.9: udp_disconnect takes the socket lock.  bind() and the choice of a port hold it too, connect() does not."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.udp import udp_disconnect as plain_udp_disconnect
from spec.state import Sock, lock_sock
from spec.values import Errno

UPSTREAM = "286c72deabaa udp: must lock the socket in udp_disconnect()"

original_udp_disconnect = original(plain_udp_disconnect)


@kernel("net/ipv4/udp.c")
def udp_disconnect(sk: Sock) -> Errno:
    with lock_sock(sk):
        return original_udp_disconnect(sk)


OVERRIDES = {"udp_disconnect": udp_disconnect}
