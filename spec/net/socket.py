"""net/socket.c and the descriptor table: the system calls.

A thread inside a call holds a reference to the file (``current().file``); the socket is released by whoever
drops the last reference after ``close`` emptied the descriptor slot.
"""

from __future__ import annotations

from checker.language import NULL, abstracted, current, exclusive, free, kernel, new, spin_lock, syscall
from checker.language import choice as kmalloc_fails
from spec.net.core.sock import setsockopt_reuseaddr
from spec.net.ipv4.af_inet import inet_bind, inet_create, inet_listen, inet_release, inet_stream_disconnect
from spec.state import (
    EBADF,
    ENOBUFS,
    SOCK_STREAM,
    SS_UNCONNECTED,
    SYS_BIND,
    SYS_CLOSE,
    SYS_CONNECT_UNSPEC,
    SYS_LISTEN,
    SYS_SETSOCKOPT_REUSEADDR,
    Addr,
    Backlog,
    Call,
    Errno,
    Port,
    Protocol,
    Socket,
    Thread,
    files_lock,
)


@kernel("net/socket.c")
def sockfd_put(sock: Socket) -> None:
    with spin_lock(files_lock):
        current().file = NULL
        last = not sock.fd and not any(t.file == sock for t in Thread)
        sock.releaser = current() if last else sock.releaser
    if last:
        sock_release(sock)


@kernel("net/socket.c")
def sock_release(sock: Socket) -> None:
    with exclusive(sock):
        inet_release(sock)
        free(sock)


@kernel("net/socket.c")
def sock_alloc() -> Socket:
    if kmalloc_fails():
        return NULL
    sock = new(Socket)
    sock.state = SS_UNCONNECTED
    return sock


@syscall("net/socket.c")
def sys_socket(protocol: Protocol) -> Errno:
    sock = sock_alloc()
    if sock == NULL:
        return ENOBUFS
    sock.type = SOCK_STREAM
    err = inet_create(sock, protocol)
    if err:
        free(sock)
        return err
    abstracted("sock_map_fd failing: the size of the descriptor table is not modelled")
    sock.fd = True
    return 0


@syscall("arch/i386/kernel/entry.S")
def system_call(call: Call, sock: Socket, addr: Addr, port: Port, backlog: Backlog, valbool: bool) -> Errno:
    """Every call on an open socket: the common head (sockfd_lookup) and tail (sockfd_put) are written once.

    close empties the descriptor slot and takes over the reference the table held.
    """
    with spin_lock(files_lock):
        if not sock.fd:
            return EBADF
        current().file = sock
        if call == SYS_CLOSE:
            sock.fd = False
    if call == SYS_BIND:
        err = sys_bind(sock, addr, port)
    elif call == SYS_LISTEN:
        err = sys_listen(sock, backlog)
    elif call == SYS_CONNECT_UNSPEC:
        err = sys_connect_unspec(sock)
    elif call == SYS_SETSOCKOPT_REUSEADDR:
        err = sys_setsockopt_reuseaddr(sock, valbool)
    else:
        err = sys_close()
    sockfd_put(sock)
    return err


@kernel("net/socket.c")
def sys_bind(sock: Socket, addr: Addr, port: Port) -> Errno:
    return inet_bind(sock, addr, port)


@kernel("net/socket.c")
def sys_listen(sock: Socket, backlog: Backlog) -> Errno:
    return inet_listen(sock, backlog)


@kernel("net/socket.c")
def sys_connect_unspec(sock: Socket) -> Errno:
    return inet_stream_disconnect(sock)


@kernel("net/socket.c")
def sys_setsockopt_reuseaddr(sock: Socket, valbool: bool) -> Errno:
    setsockopt_reuseaddr(sock, valbool)
    return 0


@kernel("fs/open.c")
def sys_close() -> Errno:
    return 0
