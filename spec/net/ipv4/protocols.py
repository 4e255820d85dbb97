"""struct proto of TCP, UDP and RAW, and struct proto_ops of stream and datagram sockets."""

from __future__ import annotations

from checker.language import choice, current, kernel
from spec.net.core.sock import sock_no_accept, sock_no_listen
from spec.net.ipv4.af_inet import inet_accept, inet_bind, inet_dgram_connect, inet_listen, inet_sock_release, inet_stream_connect
from spec.net.ipv4.raw import raw_bind, raw_init, raw_recvmsg, raw_sendmsg, raw_v4_hash, raw_v4_unhash
from spec.net.ipv4.tcp import tcp_accept, tcp_close, tcp_disconnect, tcp_recvmsg, tcp_sendmsg, tcp_shutdown
from spec.net.ipv4.tcp_ipv4 import tcp_unhash, tcp_v4_get_port, tcp_v4_hash, tcp_v4_init_sock
from spec.net.ipv4.tcp_state import tcp_v4_destroy_sock
from spec.net.ipv4.tcp_v4_connect import tcp_v4_connect
from spec.net.ipv4.udp import (
    udp_connect,
    udp_disconnect,
    udp_recvmsg,
    udp_sendmsg,
    udp_v4_get_port,
    udp_v4_hash,
    udp_v4_unhash,
)
from spec.state import Proto, ProtoOps, Sock
from spec.values import ENOBUFS, Errno


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_init(sk: Sock) -> Errno:
    """tcp_v4_init_sock, which never fails; where the environment lets an init fail, it does."""
    if init_fails():
        return ENOBUFS
    return tcp_v4_init_sock(sk)


@kernel("net/ipv4/raw.c")
def raw_sk_init(sk: Sock) -> Errno:
    """raw_init, in the same way."""
    if init_fails():
        return ENOBUFS
    return raw_init(sk)


@kernel("net/ipv4/af_inet.c")
def init_fails() -> bool:
    return current().init_may_fail and choice()


tcp_prot = Proto(
    "tcp_prot",
    init=tcp_init,
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
    recvmsg=tcp_recvmsg,
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
    recvmsg=udp_recvmsg,
)

raw_prot = Proto(
    "raw_prot",
    init=raw_sk_init,
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
    recvmsg=raw_recvmsg,
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
