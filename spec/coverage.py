"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

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
}
"""Per client.  bind_listen: every kind of address, every length; a second thread that closes while the first one fails; a local
port range of one port; sharing and fast reuse; and two searches that are cut short once calls found the two, or three, ports of
the range occupied.  The other clients are not measured."""

UNFIRED: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {}
"""Per client: function, fragments of the guard, and why such transitions cannot fire."""

UNRUN = (
    ("inet_bind", "net.ip_nonlocal_bind is true", "no scenario sets the sysctl; coverage of bind_listen explores it"),
    ("inet_listen", "sock.type != SOCK_STREAM is true", "the operations of other types have sock_no_listen"),
    ("inet_stream_connect", "sk.prot.disconnect(sk) is true", "tcp_disconnect never fails in 2.4.17"),
    ("inet_stream_connect", "sock.state = SS_DISCONNECTING", "tcp_disconnect never fails in 2.4.17"),
    ("inet_stream_connect", "err is true", "tcp_disconnect never fails in 2.4.17"),
    ("inet_shutdown", "err is true", "tcp_disconnect never fails in 2.4.17"),
    ("ip_build_xmit", "net.loopback_up is false", "in scenarios the loopback interface is up"),
    ("icmp_send", "net.loopback_up is false", "in scenarios the loopback interface is up"),
    ("tcp_transmit_skb", "net.loopback_up is false", "in scenarios the loopback interface is up"),
    ("icmp_send", "Fib[skb.daddr].type == RTN_LOCAL is false", "packets of a loopback go from local to local addresses"),
    ("icmp_send", "Fib[skb.saddr].type == RTN_LOCAL is false", "packets of a loopback go from local to local addresses"),
    ("sys_accept", "inet_getname(newsock, True, True) is true", "nobody can take the peer from a socket without a descriptor"),
    ("sys_accept", "return ECONNABORTED", "nobody can take the peer from a socket without a descriptor"),
    ("sys_accept", "err is false", "scenarios ask for a name only to give a bad buffer for it"),
    ("sys_getsockname", "err is true", "the local name of a socket can always be had"),
    ("sys_getsockname", "return err", "the local name of a socket can always be had"),
    ("tcp_rcv_state_process", "skb.syn is false", "what comes to a listener in this place is a SYN"),
)
"""Function, line or outcome of a test, and why no scenario of tests/scenarios runs it (``sockproof coverage --lines``)."""
