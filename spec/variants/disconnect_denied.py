"""Linux 6.4: tcp_disconnect fails with EBUSY while a thread waits for the connection.

Who calls it takes any failure for a socket that is on its way out: connect(AF_UNSPEC) and shutdown() leave SS_DISCONNECTING.
"""

from __future__ import annotations

from checker.language import NULL, kernel, members, original, spin_lock
from spec.net.ipv4.tcp import tcp_disconnect as plain_tcp_disconnect
from spec.state import Sock, Socket, Thread, wait_queue_lock
from spec.values import EBUSY, Errno

UPSTREAM = "4faeee0cf8a5 tcp: deny tcp_disconnect() when threads are waiting"

original_tcp_disconnect = original(plain_tcp_disconnect)


@members
def connecting_sleepers(t: Thread, sock: Socket) -> bool:
    """Who waits in connect() or send(): accept() does not count."""
    return sock != NULL and t.waits_on == sock and not t.exclusive


@kernel("net/ipv4/tcp.c")
def tcp_disconnect(sk: Sock) -> Errno:
    with spin_lock(wait_queue_lock):
        waited_for = any(True for t in connecting_sleepers(sk.sleep))
    if waited_for:
        return EBUSY
    return original_tcp_disconnect(sk)


OVERRIDES = {"tcp_disconnect": tcp_disconnect}
