"""Arguments that most clients leave out: what a call or a packet is given when a question is not about them."""

from __future__ import annotations

from collections.abc import Mapping

SOCKET: Mapping[str, tuple[str | bool, ...]] = {
    "sys_socket.family": ("AF_INET",),
    "sys_socket.init_may_fail": (False,),
    "sys_socket.table_may_be_full": (False,),
}

CALL: Mapping[str, tuple[bool, ...]] = {"system_call.bad_buffer": (False,)}
"""Addresses are where the program has memory."""

HANDSHAKE = {"segment_arrives.fin": (False,), "segment_arrives.data": (False,), "segment_arrives.acks_fin": (False,)}
