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
CALL_NAMES = {"sk_free": "free"}
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
    "inet_bind: uaddr": "addr",
}
CONDITIONS = {
    "tcp_listen_start: lopt == 0": "kmalloc_fails()",
    "inet_bind: sysctl_ip_nonlocal_bind == 0 and sk.freebind == 0": "not nonlocal_bind_allowed()",
}
ASSUMED = {
    "sock_init_data: sock": "inet_create, the only caller in the model, passes a socket",
}
IGNORED = {
    "sk_dst_reset": "the route cache: no listed guard reads it",
    "addr_len": "arguments are copied in by the caller, which gives addresses and ports as values",
    "ntohs": "arguments are copied in by the caller, which gives addresses and ports as values",
}
TABLE_DRIVEN = "from 2.4.16 on a table is searched; the model follows the switch of earlier releases, with its error numbers"
DIFFERENCES = {
    "inet_create if inetsw: unaccounted: answer": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: BR_NETPROTO_LOCK": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: list_for_each": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: sock->type": TABLE_DRIVEN,
    "inet_create if inetsw: unaccounted: !protocol": TABLE_DRIVEN,
    "inet_create if inetsw: no C statement: sock.type": TABLE_DRIVEN,
    "inet_create if inetsw: no C statement: sk.prot = ": TABLE_DRIVEN,
    "inet_bind: order: nonlocal_bind_allowed": "a free choice without access to shared memory may be made last",
}
