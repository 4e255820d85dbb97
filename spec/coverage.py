"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

from spec.routes import ROUTES

SEARCHES = {
    "bind_listen": (
        # threads, sockets, ports, addresses, states
        (1, 1, 2, 4, 1_000_000),
        (1, 1, 2, 5, 1_000_000),
        (2, 1, 2, 1, 1_000_000),
        (1, 2, 1, 1, 1_000_000),
        (1, 2, 3, 2, 10_000_000),
        (1, 3, 3, 1, 3_000_000),
        (1, 3, 4, 1, 13_000_000),
    ),
    "raw": (
        (2, 1, 1, 2, 1_000_000, "127.0.0.1 sent out from itself"),
        (2, 1, 1, 2, 1_000_000, "127.0.0.1 sent out"),
        (2, 1, 1, 2, 1_000_000, "127.0.0.1 unreachable"),
        (2, 1, 1, 2, 1_000_000, "127.0.0.1 broadcast"),
        (1, 1, 1, 4, 1_000_000),
        (2, 1, 1, 1, 1_000_000),
        (1, 1, 1, 13, 1_000_000, "every kind of route"),
    ),
}
"""Per client.  bind_listen: every kind of address, every length; a second thread that closes while the first one fails; a local
port range of one port; sharing and fast reuse; and two searches that are cut short once calls found the two, or three, ports of
the range occupied.  raw: routing tables that refuse what a race changes between connect and send.  The other clients are not
measured."""

TABLES = ROUTES

WALKS = {"raw": ((2, 1, 1, 13, 1_000, 100, "every kind of route"),)}
"""Per client: searches that expand only so many states of each level."""

UNFIRED: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {}
"""Per client: function, fragments of the guard, and why such transitions cannot fire."""

_NEVER_FAILS = "tcp_disconnect returns 0 on every path"
_UP = "no code writes it: a scenario begins with it true, an outcome table, which wants no packets, with it false"

UNRUN = (
    ("inet_listen", "sock.type != SOCK_STREAM is true", "the operations of other types have sock_no_listen"),
    (
        "inet_listen",
        "old_state not in (TCP_CLOSE, TCP_LISTEN) is true",
        "a socket in SS_UNCONNECTED is in CLOSE or LISTEN: connect leaves CLOSE and SS_UNCONNECTED under one hold of the lock,"
        " and what goes back to SS_UNCONNECTED calls tcp_disconnect before",
    ),
    ("inet_stream_connect", "sk.prot.disconnect(sk) is true", _NEVER_FAILS),
    ("inet_stream_connect", "sock.state = SS_DISCONNECTING", _NEVER_FAILS),
    ("inet_stream_connect", "err is true", _NEVER_FAILS),
    ("inet_shutdown", "err is true", _NEVER_FAILS),
    ("ip_build_xmit", "net.loopback_up is false", _UP),
    ("icmp_send", "net.loopback_up is false", _UP),
    ("tcp_transmit_skb", "net.loopback_up is false", _UP),
    (
        "sys_accept",
        "inet_getname(newsock, True, True) is true",
        "only tcp_disconnect takes the peer from a connection, and nobody can call it: newsock has no descriptor yet",
    ),
    ("sys_accept", "return ECONNABORTED", "as the test before it is never true"),
    ("sys_getsockname", "err is true", "inet_getname refuses only to name a peer"),
    ("sys_getsockname", "return err", "inet_getname refuses only to name a peer"),
    (
        "tcp_child_process",
        "child.state != state is false",
        "a child is locked while it is in SYN_RECV; it is made for an ACK without SYN and RST, which leads to ESTABLISHED",
    ),
    (
        "tcp_rcv_acked",
        "sk.dead is true",
        "close() shuts down for receiving and leaves ESTABLISHED before the socket is dead: data had a RST sent above",
    ),
    ("tcp_rcv_synsent_state_process", "sk.dead is true", "close() takes a socket from SYN_SENT to CLOSE before it is dead"),
    (
        "tcp_delack_timer",
        "sk.state == TCP_CLOSE_WAIT is false",
        "in a scenario it goes off only where the one thread waits: nothing can run between its lookup and its lock",
    ),
    ("tcp_reset", "sk.state == TCP_CLOSE is true", "tcp_rcv_state_process drops what comes in CLOSE before it calls tcp_reset"),
    (
        "tcp_shutdown",
        "tcp_close_state(sk) is false",
        "inet_shutdown dissolves what is in SYN_SENT; for the other three states tcp_close_state is true",
    ),
    (
        "tcp_unhash",
        "sk.hashed != NOT_HASHED is false",
        "a listener is hashed: tcp_listen_start hashes it, or goes back to CLOSE, under the hold of the lock that made it LISTEN",
    ),
    (
        "tcp_v4_hash",
        "state != TCP_CLOSE is false",
        "its callers hold the lock and have just made it LISTEN or SYN_RECV",
    ),
    (
        "udp_take_port",
        "sk.hashed == NOT_HASHED is false",
        "a port is taken under lock_sock for a socket without a number, and hashed sockets have one (udp_num_iff_hashed)",
    ),
)
"""Function, line or outcome of a test, and why no scenario of tests/scenarios runs it (``sockproof coverage --lines``)."""
