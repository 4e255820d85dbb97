"""How the names of the C text correspond to those of the model: what ``sockproof audit`` needs to compare both.

Keys that hold for one function only start with its name: ``"inet_bind: addr_len"``.  Expressions are written as in the model.
"""

from __future__ import annotations

LISTED = {
    "inet_create": "net/ipv4/af_inet.c",
    "sock_init_data": "net/core/sock.c",
    "tcp_v4_init_sock": "net/ipv4/tcp_ipv4.c",
    "raw_init": "net/ipv4/raw.c",
    "inet_bind": "net/ipv4/af_inet.c",
    "raw_bind": "net/ipv4/raw.c",
    "inet_listen": "net/ipv4/af_inet.c",
    "tcp_listen_start": "net/ipv4/tcp.c",
    "inet_accept": "net/ipv4/af_inet.c",
    "tcp_accept": "net/ipv4/tcp.c",
    "wait_for_connect": "net/ipv4/tcp.c",
    "inet_stream_connect": "net/ipv4/af_inet.c",
    "inet_wait_for_connect": "net/ipv4/af_inet.c",
}
"""The functions of the listing, in its order, and the kernel file each is in."""

TRANSPARENT = {"tp_pinfo", "af_tcp", "tp_raw4", "protinfo", "af_inet", "net_pinfo"}
"""Members of struct sock that only group fields by protocol."""

FIELD_NAMES = {"pprev": "hashed"}
BITS = {
    ("userlocks", "SOCK_BINDADDR_LOCK"): "bindaddr_lock",
    ("userlocks", "SOCK_BINDPORT_LOCK"): "bindport_lock",
    ("flags", "O_NONBLOCK"): "noblock",
}
MASKS = {"TCPF_": "TCP_"}
SETTERS = {"set_current_state": "current.state", "__set_current_state": "current.state"}
ACQUIRE = {
    "lock_sock": "release_sock",
    "spin_lock": "spin_unlock",
    "spin_lock_bh": "spin_unlock_bh",
    "read_lock": "read_unlock",
    "write_lock": "write_unlock",
    "read_lock_bh": "read_unlock_bh",
    "write_lock_bh": "write_unlock_bh",
    "br_read_lock_bh": "br_read_unlock_bh",
}
"""Functions that take a lock, and the ones that give it back."""

VALUES = {
    "uaddr.sin_addr.s_addr": "addr",
    "uaddr.sa_family": "family",
    "uaddr": "addr",
    "ntohs(uaddr.sin_port)": "port",
    "sizeof(sockaddr_in)": "SIZEOF_SOCKADDR_IN",
    "connect(sk, uaddr, addr_len)": "connect(sk, family, addr, port, addr_len)",
    "capable(CAP_NET_RAW)": "capable_net_raw()",
    "capable(CAP_NET_BIND_SERVICE)": "capable_net_bind_service()",
    "signal_pending(current)": "current.sigpending",
    "sysctl_ip_nonlocal_bind": "net.ip_nonlocal_bind",
    "sock.wait": "sock",
    "err[0]": "current().err",
    "inet_accept: err": "current().err",
    "tcp_accept: req.sk": "newsk",
    "tcp_accept: req.dl_next": "following",
    "tcp_accept: req": "newsk",
}
"""Expressions that the model writes in another way: addresses and ports are values, a request and its child are one object."""

CONDITIONS = {
    "tcp_listen_start: lopt == 0": "kmalloc_fails()",
    "inet_stream_connect: err < 0": "err",
}
ASSUMED = {
    "sock_init_data: sock": "inet_create, the only caller in the model, passes a socket",
}
IGNORED = {
    "DECLARE_WAITQUEUE": "an entry of a wait queue is the thread itself",
    "inet_accept: err": "every failure of accept overwrites it",
    "tcp_openreq_fastfree": "a request that is complete is the child itself",
}
EXPANDED = {"tcp_acceptq_removed": ("ack_backlog",)}
ADDED = {
    "might_sleep": "says where the C text may sleep",
    "tcp_accept: dl_next": "a request that is complete is the child itself, and the accept queue links children",
}

TABLE_DRIVEN = "from 2.4.16 on a table is searched; the model follows the switch of earlier releases, with its error numbers"
LATE_RELEASE = "the error goes to a variable of the caller, which no other thread sees: before or after the release is the same"
DIFFERENCES = {
    "tcp_accept: order: release_sock": LATE_RELEASE,
    "tcp_accept: no C statement: following = newsk.dl_next": "names the value that C assigns and tests at once",
    "inet_create: no C statement: prot = sk.prot": "gives the local its type",
    "inet_create if inetsw: unaccounted: answer": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: BR_NETPROTO_LOCK": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: list_for_each": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: sock->type": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: !protocol": TABLE_DRIVEN,
    "inet_create if inetsw: empty abstraction: no_check": TABLE_DRIVEN,
    "inet_create if inetsw: empty abstraction: hdrincl": TABLE_DRIVEN,
    "inet_create if inetsw: no C statement: sock.type": TABLE_DRIVEN,
    "inet_create if inetsw: no C statement: sk.prot = ": TABLE_DRIVEN,
    "inet_create if inetsw: no C statement: prot = sk.prot": TABLE_DRIVEN,
}
