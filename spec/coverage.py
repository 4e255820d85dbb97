"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

SEARCHES = (
    # threads, sockets, ports, addresses, states
    (1, 2, 3, 2, 10_000_000),
    (1, 3, 3, 1, 3_000_000),
    (1, 3, 4, 1, 3_000_000),
)
"""One thread fires all that two do.  The second and the third search are for calls that find the local port range
occupied: they meet them early, and are cut short afterwards."""

UNFIRED = (
    ("inet_listen", ("sock.state != SS_UNCONNECTED",), "without connect and accept a socket that has a file is unconnected"),
    ("inet_listen", ("sock.type != SOCK_STREAM",), "sys_socket makes stream sockets only in this slice"),
    (
        "inet_stream_disconnect",
        ("sock.sk.state != TCP_CLOSE", "sock.sk.hashed == 0"),
        "listen hashes or goes back to CLOSE before it releases the lock, so a listener whose lock is free is hashed",
    ),
    (
        "inet_release",
        ("sk.state == TCP_LISTEN", "sk.hashed == 0"),
        "listen hashes or goes back to CLOSE before it releases the lock, so a listener whose lock is free is hashed",
    ),
    ("inet_bind", ("not tcp_portalloc_lock", "port != 0"), "get_port chooses a port itself only if none is asked for"),
    ("inet_bind", ("BindBucket[rover]", "port != 0"), "get_port chooses a port itself only if none is asked for"),
    ("inet_bind", ("BindBucket[port]", "sk.prev != NULL"), "inet_bind refuses a socket that has a port already"),
    (
        "inet_bind",
        (
            "BindBucket[port].live and BindBucket[port].fastreuse and (not sk.reuse",
            "and sk.rcv_saddr == INADDR_ANY and port != 0",
        ),
        "a bucket has an owner, and no owner agrees with a wildcard address that is not to be reused",
    ),
    ("tcp_listen_start", ("BindBucket[snum]", "sk.prev == NULL"), "a socket that listens on a port of its own has its bucket"),
    ("tcp_listen_start", ("not BindBucket[snum].live",), "the bucket of a socket that has a port is live"),
    ("tcp_disconnect", ("old_state != TCP_LISTEN",), "LISTEN is the only state of the slice besides CLOSE"),
)
"""Function, fragments of the guard, and why such transitions cannot fire."""
