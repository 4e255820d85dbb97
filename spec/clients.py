"""Clients: which calls and events a question is asked of.  The model is one; what is asked of it is asked of one of these."""

from __future__ import annotations

from collections.abc import Mapping

from checker.language.client import Client

SOCKET: Mapping[str, tuple[str | bool, ...]] = {
    "sys_socket.family": ("AF_INET",),
    "sys_socket.init_may_fail": (False,),
    "sys_socket.table_may_be_full": (False,),
}

BIND_LISTEN = Client(
    "bind_listen",
    ("sys_socket", "system_call"),
    {
        **SOCKET,
        "sys_socket.type": ("SOCK_STREAM",),
        "system_call.call": ("SYS_BIND", "SYS_CONNECT", "SYS_LISTEN", "SYS_SETSOCKOPT", "SYS_CLOSE"),
        "system_call.family": ("AF_UNSPEC",),
        "system_call.optname": ("SO_REUSEADDR",),
    },
    "TCP sockets that are bound, made to listen, dissolved, and closed; no packets.",
)

CLIENTS = (BIND_LISTEN,)
