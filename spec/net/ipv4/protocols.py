"""struct proto of TCP, UDP and RAW, and struct proto_ops of stream and datagram sockets."""

from __future__ import annotations

from spec.net.core.sock import sock_no_accept, sock_no_listen
from spec.net.ipv4.af_inet import inet_accept, inet_bind, inet_dgram_connect, inet_listen, inet_sock_release, inet_stream_connect
from spec.net.ipv4.raw import raw_bind, raw_init, raw_sendmsg, raw_v4_hash, raw_v4_unhash
from spec.net.ipv4.tcp import tcp_accept, tcp_close, tcp_disconnect, tcp_sendmsg, tcp_shutdown
from spec.net.ipv4.tcp_ipv4 import tcp_unhash, tcp_v4_get_port, tcp_v4_hash, tcp_v4_init_sock
from spec.net.ipv4.tcp_state import tcp_v4_destroy_sock
from spec.net.ipv4.tcp_v4_connect import tcp_v4_connect
from spec.net.ipv4.udp import udp_connect, udp_disconnect, udp_sendmsg, udp_v4_get_port, udp_v4_hash, udp_v4_unhash
from spec.state import Proto, ProtoOps

tcp_prot = Proto(
    "tcp_prot",
    init=tcp_v4_init_sock,
    close=tcp_close,
    connect=tcp_v4_connect,
    disconnect=tcp_disconnect,
    accept=tcp_accept,
    shutdown=tcp_shutdown,
    destroy=tcp_v4_destroy_sock,
    bind=None,
    hash=tcp_v4_hash,
    unhash=tcp_unhash,
    get_port=tcp_v4_get_port,
    sendmsg=tcp_sendmsg,
)

udp_prot = Proto(
    "udp_prot",
    init=None,
    close=inet_sock_release,
    connect=udp_connect,
    disconnect=udp_disconnect,
    accept=None,
    shutdown=None,
    destroy=None,
    bind=None,
    hash=udp_v4_hash,
    unhash=udp_v4_unhash,
    get_port=udp_v4_get_port,
    sendmsg=udp_sendmsg,
)

raw_prot = Proto(
    "raw_prot",
    init=raw_init,
    close=inet_sock_release,
    connect=udp_connect,
    disconnect=udp_disconnect,
    accept=None,
    shutdown=None,
    destroy=None,
    bind=raw_bind,
    hash=raw_v4_hash,
    unhash=raw_v4_unhash,
    get_port=None,
    sendmsg=raw_sendmsg,
)

inet_stream_ops = ProtoOps(
    "inet_stream_ops",
    bind=inet_bind,
    connect=inet_stream_connect,
    accept=inet_accept,
    listen=inet_listen,
)

inet_dgram_ops = ProtoOps(
    "inet_dgram_ops",
    bind=inet_bind,
    connect=inet_dgram_connect,
    accept=sock_no_accept,
    listen=sock_no_listen,
)
