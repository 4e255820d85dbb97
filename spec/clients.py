"""Clients: which calls and events a question is asked of.  The model is one; what is asked of it is asked of one of these."""

from __future__ import annotations

from checker.language.client import Client
from spec import defects
from spec.arguments import CALL, HANDSHAKE, SOCKET

BIND_LISTEN = Client(
    "bind_listen",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_BIND", "SYS_CONNECT", "SYS_LISTEN", "SYS_SETSOCKOPT", "SYS_CLOSE"),
        "system_call.family": ("AF_UNSPEC",),
        "system_call.optname": ("SO_REUSEADDR",),
    },
    "TCP sockets that are bound, made to listen, dissolved, and closed; no packets.",
    scopes=((2, 2, 2, 1), (3, 2, 1, 1), (1, 2, 1, 2)),
    larger=((2, 2, 2, 2),),
)

DATAGRAM = ("SYS_BIND", "SYS_CONNECT", "SYS_SEND", "SYS_CLOSE")

UDP = Client(
    "udp",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_DGRAM",),
        "system_call.call": DATAGRAM,
        "system_call.family": ("AF_UNSPEC", "AF_INET"),
    },
    "UDP sockets that are bound, connected, disconnected, written to, and closed; no packets.",
    scopes=((2, 1, 1, 1),),
    larger=((3, 1, 1, 1), (2, 1, 2, 1), (2, 1, 1, 2)),
)

UDP_KEPT = Client(
    "udp_kept",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_DGRAM",),
        "system_call.call": DATAGRAM,
        "system_call.family": ("AF_INET",),
    },
    "UDP sockets that are bound, connected, written to, and closed, but never disconnected; no packets.",
    scopes=((2, 1, 1, 1),),
    larger=((2, 2, 1, 1),),
)

RAW = Client(
    "raw",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        **CALL,
        "sys_socket.type": ("SOCK_RAW",),
        "system_call.call": DATAGRAM,
        "system_call.family": ("AF_UNSPEC", "AF_INET"),
    },
    "RAW sockets that are bound, connected, disconnected, written to, and closed; no packets.",
    scopes=((2, 1, 1, 1), (2, 2, 1, 1)),
    larger=((3, 1, 1, 1),),
    words={"Port": (17,), "Protocol": (17,)},
)

CONNECT = Client(
    "connect",
    ("sys_socket", "system_call", "segment_arrives"),
    {
        **SOCKET,
        **CALL,
        **HANDSHAKE,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_BIND", "SYS_CONNECT", "SYS_CLOSE"),
        "system_call.addr_len": (16,),
    },
    "TCP sockets that are bound, connected, disconnected and closed, while any SYN, ACK or RST arrives at any moment.",
    scopes=((2, 1, 1, 1),),
)

ACCEPT = Client(
    "accept",
    ("sys_socket", "system_call", "segment_arrives"),
    {
        **SOCKET,
        **CALL,
        **HANDSHAKE,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_LISTEN", "SYS_ACCEPT", "SYS_CLOSE"),
        "system_call.backlog": (1,),
        "system_call.noblock": (True,),
        "system_call.wants_name": (False,),
    },
    "TCP sockets that listen, accept without waiting and are closed, while any SYN, ACK or RST arrives at any moment.",
    scopes=((1, 2, 1, 1),),
    larger=((1, 2, 2, 1), (1, 2, 1, 2)),
)

CLIENTS = (BIND_LISTEN, UDP, UDP_KEPT, RAW, CONNECT, ACCEPT, *defects.CLIENTS)
