"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

from spec.routes import RANGES, ROUTES, SYSCTLS

TABLES = {**ROUTES, **RANGES, **SYSCTLS}

HOMES = ("no way home", "255.255.255.255", "home without a way")
GROUPS = ("a group", "no way")
ODD = ("127.0.0.1 a group", "a way out, none home")
FEW = tuple(name for name in ROUTES if name not in (*HOMES, *GROUPS, *ODD, "every kind of route"))
"""Tables of few addresses: a usual host, and what refuses, or is refused, once a race has changed the socket meanwhile."""

DATAGRAM = (
    (2, 1, 2, 4, 3_000, 100, *FEW),
    (3, 1, 1, 4, 6_000, 140, "no route", "sent out from 127.0.0.1"),
    (2, 1, 1, 13, 1_000, 80, "every kind of route"),
    (1, 3, 4, 5, 500, 80, "a range of two ports", "a range that UDP exceeds"),
)

FULL_RANGES = ("a range of two ports", "a range that UDP exceeds")
HOSTS = tuple(name for name in ROUTES if name != "every kind of route")
"""Tables of at most four addresses."""
EVERYTHING = (*HOSTS, *FULL_RANGES)
ANY_ADDRESS = tuple(SYSCTLS)

WALKS = {
    "bind_listen": (
        (2, 1, 2, 4, 500, 60, *ANY_ADDRESS),
        (1, 3, 4, 4, 2_000, (60, 3), "a host", *FULL_RANGES),
    ),
    "udp": DATAGRAM,
    "udp_kept": DATAGRAM,
    "connect": (
        (1, 3, 5, 4, 1_000, (40, 6), *RANGES, *ANY_ADDRESS),
        (2, 1, 2, 4, 1_000, (50, 8), *HOSTS, *ANY_ADDRESS),
        (2, 2, 2, 4, 1_000, (50, 5), *HOSTS, *ANY_ADDRESS),
        (3, 1, 1, 2, 1_000, (50, 4), *HOMES, *GROUPS),
    ),
    "accept": (
        (2, 3, 1, 1, 600, (40, 14)),
        (2, 3, 1, 1, 400, (40, 30)),
        (1, 3, 5, 1, 200, 150, "a range of two ports", "a range of three ports"),
    ),
    "raw": (
        (2, 1, 1, 4, 1_000, 60, *FEW),
        (2, 1, 1, 13, 1_000, 60, "every kind of route"),
    ),
    "create": ((2, 2, 1, 1, 100_000, 200),),
    "foreign": (
        (1, 3, 4, 4, 1_000, 140, "a host", *FULL_RANGES),
        (2, 1, 2, 5, 500, 40),
    ),
    "peername": (
        (1, 3, 4, 4, 500, 100, *EVERYTHING),
        (2, 1, 1, 13, 500, 80, "every kind of route"),
    ),
    "dial": ((1, 3, 4, 4, 2_000, 150, *EVERYTHING),),
    "await": (
        (1, 3, 4, 4, 2_000, 150, *EVERYTHING),
        (3, 1, 1, 1, 10_000, 200),
    ),
    "join": (
        (2, 3, 1, 1, 600, (40, 6)),
        (1, 3, 5, 1, 100, 100, "a range of two ports", "a range of three ports"),
    ),
}
"""Per client: searches that begin with each of some tables, and expand only so many states of each level.

``(levels, rounds)`` stands for rounds of so many levels, which begin with what spec/waypoints.py describes.  Many rounds of few
states come as far as one search of ten times as many: what is rare is taken up again.
"""

_OPEN_HASHED = "connect hashes a socket under the hold of the lock in which it leaves CLOSE"
_NO_ATTEMPT = "such a call ends with a socket that is not in SYN_SENT: it found it in another state, or left it so"
_UNLOCKED = "close orphans a socket after it has released it for good: nobody empties a backlog of it then"
_PATIENT = "nobody sets SO_SNDTIMEO: waiting has no end"

_KEPT_FLAGS = "a SYN comes here only with a RST, and flags of segments do not change"
_BORN_LOCKED = "a child is locked until the ACK it was made for has led it from SYN_RECV to ESTABLISHED"
_PORTED = "a listener has a port, its connections have the same, and each keeps it until it closes"
_PORTLESS = "nobody binds: what is in CLOSE never had a port, or gave it up when it closed"
_LISTENS = "the lock is held in which it began to listen"
_STREAMS = "the sockets of this client are SOCK_STREAM; those of connections are SS_CONNECTED before they have a descriptor"
_IN_RANGE = "the rover is below the range until the first port is taken, and there are no buckets before"
_MOVED = "the rover that comes here has been moved into the range"
_OPS_INHERITED = "a new socket gets the operations of that of the listener"
_HELD_UP = (
    "it can: a SYN that found the listener is held up until the connection it resets was made, accepted and closed;"
    " no walk is that deep"
)

_ANOTHER = "a child is hashed as a connection, or not yet: it is not the listener"
_TCP = "sys_socket makes TCP sockets only, and children are copies"
_SEEN_LISTENING = "it was seen to listen, and the lock is held since"
_FOUND_LISTENING = "segments find listeners and their children, and a socket that listens goes on listening: nobody closes"

_WHOLE = "every address has 16 bytes"
_ADDRESSLESS = "nobody binds, an attempt fails before the socket has an address, and disconnect takes the address away"
_ATTEMPT = "a socket that has left CLOSE has a port and is hashed when the lock is released, and disconnect begins with that"
_CONNECTING = "it is SS_CONNECTING while its sock is in SYN_SENT: both change under one hold of the lock"
_OWN_PORT = "get_port chooses a port that nobody has"
_FREE_PORT = "listen asks for any port only if there is none"
_SAME_PORT = "listen asks for the port the socket has, and nobody else has it"
_EXCLUDED = "the other states were excluded, and only the owner of the lock changes them"

DIALLED = (
    ("tcp_v4_connect", ("addr_len < 16",), _WHOLE),
    ("tcp_v4_connect", ("sk.saddr != INADDR_ANY",), _ADDRESSLESS),
    ("tcp_disconnect > tcp_set_state", ("sk.hashed == NOT_HASHED",), _ATTEMPT),
    ("tcp_disconnect > tcp_set_state", ("sk.hashed != NOT_HASHED", "sk.prev == NULL"), _ATTEMPT),
    ("inet_stream_connect", ("sock.state == SS_CONNECTING and sk.state != TCP_SYN_SENT",), _CONNECTING),
    ("inet_stream_connect", ("at sock.state = SS_CONNECTING:", "sk.state != TCP_SYN_SENT"), _CONNECTING),
    ("inet_stream_connect", ("at if sock.state == SS_UNCONNECTED:: sock.state != SS_UNCONNECTED",), _EXCLUDED),
    ("tcp_v4_get_port", ("tcp_port_rover < local_port_low and BindBucket[local_port_low].live",), _IN_RANGE),
    ("tcp_v4_get_port", ("at while True:", "and rover < local_port_low"), _MOVED),
    ("inet_stream_connect > tcp_v4_get_port", ("sk.prev != NULL",), "connect asks for a port only if there is none"),
    ("tcp_v4_hash_connecting", ("at with spin_lock_bh(tcp_bhash_lock):: any(",), _OWN_PORT),
    ("tcp_put_port", ("at with spin_lock_bh(tcp_bhash_lock):: any(",), _OWN_PORT),
)
"""What cannot fire where sockets connect, and nobody binds or answers."""

UNFIRED: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {
    "accept": (
        ("tcp_check_req", ("at if skb.rst or skb.syn:: not skb.rst and skb.syn, then",), _KEPT_FLAGS),
        ("__release_sock", (" and sk.state == TCP_SYN_RECV",), _BORN_LOCKED),
        ("tcp_v4_hash", ("newsk.state == TCP_CLOSE",), _BORN_LOCKED),
        (
            "tcp_close",
            ("sk.state != TCP_SYN_RECV and sk.state != TCP_CLOSE",),
            "what a struct socket has is closed, listens or is established: only close leads on",
        ),
        (
            "tcp_reset",
            ("at if sk.state == TCP_CLOSE:: sk.state == TCP_CLOSE",),
            "tcp_rcv_state_process drops what comes in CLOSE before it calls tcp_reset",
        ),
        ("tcp_reset", ("sk.state == TCP_LISTEN",), "tcp_rcv_state_process returns for a listener before it looks for a RST"),
        ("tcp_child_process", ("nsk.state == TCP_LISTEN",), "a connection never listens: listen refuses one that was accepted"),
        (
            "tcp_unhash",
            ("at with spin_lock_bh(tcp_ehash_lock):", "hashed == NOT_HASHED"),
            "a connection is hashed before others can find it, and until it closes",
        ),
        (
            "tcp_close > tcp_set_state",
            ("at if sk.state == TCP_LISTEN:: sk.hashed == NOT_HASHED",),
            "tcp_listen_start hashes the socket, or goes back to CLOSE, under the hold of the lock that made it LISTEN",
        ),
        ("tcp_close_state", ("sk.hashed != NOT_HASHED",), "only a socket in CLOSE is closed here, and that is in no table"),
        ("tcp_close > tcp_set_state", ("(not sk.bindport_lock):: sk.prev == NULL",), _PORTED),
        ("tcp_done", ("(not sk.bindport_lock):: sk.prev == NULL",), _PORTED),
        ("tcp_abort", ("child.prev == NULL",), _PORTED),
        ("tcp_abort", ("at sk.state = state: not (",), "it is established: what is in CLOSE does not come here"),
        ("tcp_close_state", ("sk.prev != NULL, then with spin_lock_bh",), _PORTLESS),
        ("tcp_v4_destroy_sock", ("prev != NULL, then with spin_lock_bh",), _PORTLESS),
        ("tcp_listen_start", ("at sk.state = TCP_LISTEN:", "sk.num != 0"), _PORTLESS),
        ("tcp_take_port", ("sk.prev != NULL",), _PORTLESS),
        ("tcp_v4_get_port", ("tcp_port_rover < local_port_low and BindBucket[local_port_low].live",), _IN_RANGE),
        (
            "tcp_v4_get_port",
            ("at while True:", "and rover < local_port_low"),
            _MOVED,
        ),
        ("inet_listen", ("and sock.type != SOCK_STREAM",), _STREAMS),
        ("inet_listen", ("and not (sk.state == TCP_CLOSE or sk.state == TCP_LISTEN)",), _STREAMS),
        ("inet_listen", ("at return err:", "sk.backlog_head != NULL"), "what was never hashed is not found by segments"),
        ("tcp_listen_start", ("at sk.sport = htons(sk.num):", "sk.state != TCP_LISTEN"), _LISTENS),
        ("tcp_listen_start", ("at sk.sport = htons(sk.num):", "sk.state == TCP_CLOSE"), _LISTENS),
        (
            "tcp_accept",
            ("at return NULL:", "newsock.sk != NULL"),
            "the socket that accept makes has no sock until it has a connection",
        ),
        ("tcp_accept", ("at return NULL:", "newsock.ops == NULL"), _OPS_INHERITED),
        ("inet_accept", ("at newsock.state = SS_CONNECTED:", "newsock.ops == NULL"), _OPS_INHERITED),
        ("system_call", ("at sk.gone = True: $back != call1 and $back == call0",), _HELD_UP),
        ("system_call", ("at free(sk): ret",), _HELD_UP),
    ),
    "connect": (
        (
            "tcp_rcv_state_process",
            ("at if not skb.ack:: not skb.ack",),
            "only a SYN with an ACK comes here, and flags of segments do not change",
        ),
        (
            "tcp_unhash",
            ("sk.hashed != NOT_HASHED", "sk.prev == NULL"),
            "connect hashes a socket that has a port, which is given up behind unhashing",
        ),
        ("tcp_v4_connect", ("addr_len < 16",), _WHOLE),
        ("tcp_done", ("at with spin_lock_bh(tcp_ehash_lock):", "sk.hashed == NOT_HASHED"), _OPEN_HASHED),
        ("tcp_disconnect", ("at sk.prot.unhash(sk):", "sk.hashed == NOT_HASHED"), _OPEN_HASHED),
        ("tcp_connect", ("sk.hashed != NOT_HASHED",), "tcp_connect closes a socket only if it could not hash it"),
        ("tcp_connect", ("sk.hashed == NOT_HASHED", "sk.prev == NULL"), "connect chooses a port before"),
        (
            "tcp_connect",
            ("at with spin_lock_bh(tcp_bhash_lock):: not any(", ", then sk.state = state"),
            "it can: the socket that had the same addresses and ports would have to go between two locks; no walk is that deep",
        ),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "then return EADDRINUSE"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "then return EAGAIN"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "then return EISCONN"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "then return 0"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "then tcp_send_fin(sk)"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "$back == call10, then return err"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "$back == call14, then return err"), _NO_ATTEMPT),
        ("tcp_v4_send_reset", ("at if not skb.rst:", "$back == call19, then return err"), _NO_ATTEMPT),
        (
            "inet_stream_connect",
            ("at if sock.state == SS_UNCONNECTED:: sock.state != SS_UNCONNECTED",),
            _EXCLUDED,
        ),
        (
            "inet_wait_for_connect",
            ("at add_wait_queue(sk.sleep):", "not (sk.state == TCP_SYN_SENT or sk.state == TCP_SYN_RECV)"),
            "it was one of these, and the lock is held",
        ),
        ("inet_wait_for_connect", ("timeo == TIMEO_ZERO",), _PATIENT),
        ("inet_wait_for_connect", ("timeo != MAX_SCHEDULE_TIMEOUT",), _PATIENT),
        ("system_call", ("at sk.state = state:", ": sk.dead"), _UNLOCKED),
        ("system_call", ("sk.state != TCP_CLOSE and sk.dead",), _UNLOCKED),
        (
            "inet_stream_connect",
            ("at sk.sport = htons(sk.num):", "Fib[sk.saddr].type != RTN_LOCAL"),
            "a socket keeps its address and loses its port only by a connection, for which the address had to be of this host",
        ),
        (
            "tcp_destroy_sock",
            ("at sk.gone = True: $back == call0, then tcp_v4_do_rcv(sk, skb)",),
            "close ends an attempt before it orphans the socket: no orphan is in SYN_SENT",
        ),
        (
            "inet_bind",
            ("BindBucket[snum].live and sk.prev == NULL and sk.rcv_saddr == INADDR_ANY",),
            "a bucket that is there has an owner, with which a socket without an address conflicts",
        ),
    ),
    "dial": (
        *DIALLED,
        ("inet_stream_connect", ("at if sock.state == SS_CONNECTED:: sock.state == SS_CONNECTED",), "nobody answers"),
        ("inet_stream_connect", ("sock.state == SS_UNCONNECTED and sk.state != TCP_CLOSE",), _CONNECTING),
    ),
    "await": (
        *DIALLED,
        (
            "inet_listen",
            ("and not (sock.sk.state == TCP_CLOSE or sock.sk.state == TCP_LISTEN)",),
            "what is SS_UNCONNECTED is in CLOSE or LISTEN: connect leaves both under one hold of the lock",
        ),
        ("tcp_listen_start > tcp_v4_get_port", ("at with spin_lock(tcp_portalloc_lock):", "sk.prev != NULL"), _FREE_PORT),
        ("tcp_listen_start > tcp_v4_get_port", ("at while True:", "sk.prev != NULL"), _FREE_PORT),
        ("tcp_listen_start > tcp_v4_get_port", ("lock_bh(tcp_bhash_lock):", "sk.prev == NULL"), _SAME_PORT),
        ("tcp_listen_start > tcp_v4_get_port", ("lock_bh(tcp_bhash_lock):", "not BindBucket[snum].live"), _SAME_PORT),
        ("tcp_listen_start > tcp_v4_get_port", ("lock_bh(tcp_bhash_lock):: BindBucket[snum].live and any(",), _SAME_PORT),
        ("tcp_listen_start > tcp_v4_get_port", ("sk.state != TCP_LISTEN",), _LISTENS),
        ("tcp_listen_start > tcp_v4_get_port", ("sk.state == TCP_CLOSE",), _LISTENS),
        (
            "inet_stream_connect",
            ("at sock.state = SS_UNCONNECTED:", "sk.state != TCP_CLOSE"),
            "the lock is held in which the sock was found in CLOSE",
        ),
        ("inet_stream_connect", ("sk.sndtimeo == TIMEO_ZERO",), _PATIENT),
        (
            "inet_wait_for_connect",
            ("at add_wait_queue(sk.sleep):", "sk.state != TCP_SYN_SENT"),
            "it was in SYN_SENT, and the lock is held",
        ),
    ),
    "join": (
        ("tcp_v4_do_rcv", ("nsk == sk",), _ANOTHER),
        ("tcp_v4_do_rcv", ("child == sk",), _ANOTHER),
        *((name, ("prot != tcp_prot",), _TCP) for name in ("tcp_v4_deliver", "tcp_v4_do_rcv", "__release_sock", "inet_listen")),
        ("__release_sock", ("at with spin_lock(sk_slock):", "sk.state != TCP_LISTEN"), _FOUND_LISTENING),
        ("tcp_v4_do_rcv", ("then return EINVAL",), _STREAMS),
        ("__release_sock", ("then return EINVAL",), _STREAMS),
        ("tcp_v4_do_rcv", ("then return err",), _FOUND_LISTENING),
        ("__release_sock", ("then return err",), _FOUND_LISTENING),
        ("inet_listen", ("at return err:", "sk.backlog_head != NULL"), _FOUND_LISTENING),
        ("inet_listen", ("sock.state != SS_UNCONNECTED",), _STREAMS),
        ("inet_listen", ("sock.type != SOCK_STREAM",), _STREAMS),
        ("inet_listen", ("and not (sock.sk.state == TCP_CLOSE or sock.sk.state == TCP_LISTEN)",), _STREAMS),
        ("system_call", ("sock.ops != inet_stream_ops",), "the sockets of this client are SOCK_STREAM"),
        ("tcp_check_req", ("at if skb.rst or skb.syn:: not skb.syn",), _KEPT_FLAGS),
        ("tcp_v4_deliver", (" and sk.state == TCP_SYN_RECV",), _BORN_LOCKED),
        ("tcp_v4_lookup_child", ("sk != NULL and sk.state == TCP_CLOSE",), _SEEN_LISTENING),
        ("tcp_v4_lookup_child", (" and sk.state != TCP_LISTEN",), _SEEN_LISTENING),
        ("tcp_v4_hash", ("newsk.state == TCP_CLOSE",), _BORN_LOCKED),
        ("tcp_v4_hash", ("newsk.state == TCP_LISTEN",), _BORN_LOCKED),
        ("tcp_child_process", ("nsk.state == TCP_LISTEN",), "nobody calls listen on a child"),
        ("tcp_unhash", ("sk.hashed == NOT_HASHED",), "a connection is hashed before others can find it, and until it is reset"),
        ("tcp_done", ("(not sk.bindport_lock):: sk.prev == NULL",), _PORTED),
        ("tcp_put_port", ("at with spin_lock_bh(tcp_bhash_lock):: not any(",), "the listener has the port as well, and keeps it"),
        ("tcp_listen_start", ("at sk.state = TCP_LISTEN:", "sk.num != 0"), _PORTLESS),
        ("tcp_take_port", ("sk.prev != NULL",), _PORTLESS),
        ("tcp_v4_get_port", ("tcp_port_rover < local_port_low and BindBucket[local_port_low].live",), _IN_RANGE),
        ("tcp_v4_get_port", ("at while True:", "and rover < local_port_low"), _MOVED),
        ("tcp_listen_start > tcp_v4_get_port", ("sk.state != TCP_LISTEN",), _LISTENS),
        ("tcp_listen_start > tcp_v4_get_port", ("sk.state == TCP_CLOSE",), _LISTENS),
    ),
    "create": (
        ("inet_create", ("sock.type != SOCK_STREAM",), "the sockets of this client are SOCK_STREAM"),
        ("inet_sock_release", ("not init_may_fail",), "it is called where the init of the protocol failed"),
        ("sockfd_put", ("not (not sock.fd",), "close takes the descriptor away, and there is no other call that has the file"),
        ("system_call", ("at if sock.ops != NULL:: sock.ops == NULL",), "a socket with a descriptor has its operations"),
        ("inet_release", ("sock.sk == NULL",), "a socket with operations has a sock, or what inet_create has left of it"),
    ),
}
"""Per client: function, fragments of what a transition looks like, and why such transitions cannot fire."""

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
        "tcp_data_queue",
        "sk.dead is true",
        "close() shuts down for receiving and leaves ESTABLISHED before the socket is dead: data had a RST sent above",
    ),
    ("tcp_rcv_state_process", "tcp_data_queue(sk, skb) is true", "data has a RST sent in FIN_WAIT1 and FIN_WAIT2 only"),
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
