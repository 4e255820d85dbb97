"""Small clients, each made for one defect of the historic record: they do what it takes to meet it, and are asked about it.

Their properties are in ``spec.properties.defects``; which variants repair them is in ``REPAIRS`` of the package.
"""

from __future__ import annotations

from checker.language.client import Client
from spec.arguments import CALL, HANDSHAKE, SOCKET

FREED_SOCK = "call through NULL (inet_release: sk.prot.close)"

CREATE = Client(
    "create",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.init_may_fail": (False, True),
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_CLOSE",),
    },
    "TCP sockets that are made, while the init of the protocol may fail, and closed.",
    scopes=((2, 2, 1, 1),),
    asked=("released_sk_live", FREED_SOCK, "exclusive"),
    violates={FREED_SOCK: "inet_create frees the sock and leaves sock->sk pointing to it, and sock_release closes that"},
    dangles="inet_create leaves sock->sk pointing to the sock it freed",
)
"""What was freed may be somebody else's sock by now, and closing it breaks more assertions: of such a client only what goes
wrong first is asked."""


FOREIGN = Client(
    "foreign",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_BIND",),
        "system_call.family": ("AF_UNSPEC",),
    },
    "TCP sockets that are bound to addresses that are not of AF_INET.",
    scopes=((2, 1, 1, 1),),
    asked=("foreign_unbound",),
)

PEERNAME = Client(
    "peername",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_DGRAM",),
        "system_call.call": ("SYS_CONNECT", "SYS_GETPEERNAME"),
        "system_call.family": ("AF_UNSPEC", "AF_INET"),
        "system_call.addr_len": (16,),
    },
    "UDP sockets that are connected, disconnected and asked for their peer.",
    scopes=((2, 1, 1, 1),),
    asked=("named_whole",),
)

DIAL = Client(
    "dial",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_CONNECT",),
        "system_call.addr_len": (16,),
        "system_call.noblock": (True,),
    },
    "TCP sockets that are connected, without waiting, and disconnected, while the network is silent.",
    scopes=((2, 1, 1, 1),),
    asked=("unbound_portless",),
)

AWAIT = Client(
    "await",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_CONNECT", "SYS_LISTEN"),
        "system_call.addr_len": (16,),
        "system_call.noblock": (False,),
        "system_call.backlog": (1,),
    },
    "TCP sockets whose connection is waited for, that are disconnected and made to listen, while the network is silent.",
    scopes=((2, 1, 1, 1),),
    asked=("listener_unconnected",),
)

JOIN = Client(
    "join",
    ("sys_socket", "system_call", "segment_arrives"),
    {
        **SOCKET,
        **CALL,
        **HANDSHAKE,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_SETSOCKOPT", "SYS_LISTEN"),
        "system_call.optname": ("IP_ADD_MEMBERSHIP",),
        "system_call.backlog": (1,),
        "segment_arrives.rst": (False,),
    },
    "TCP sockets that join multicast groups and listen, while any SYN or ACK arrives at any moment.",
    scopes=((1, 2, 1, 1),),
    asked=("one_owner",),
)
"""Nobody accepts or closes: a child has the memberships of its listener from its birth on, before anybody can do either."""

CLIENTS = (CREATE, FOREIGN, PEERNAME, DIAL, AWAIT, JOIN)
