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
    Addr,
    Backlog,
    Errno,
    Port,
    Protocol,
    Socket,
    Thread,
    files_lock,
)


@kernel("net/socket.c")
def sockfd_lookup(sock: Socket) -> bool:
    with spin_lock(files_lock):
        if not sock.fd:
            return False
        current().file = sock
        return True


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


@syscall("net/socket.c")
def sys_bind(sock: Socket, addr: Addr, port: Port) -> Errno:
    if not sockfd_lookup(sock):
        return EBADF
    err = inet_bind(sock, addr, port)
    sockfd_put(sock)
    return err


@syscall("net/socket.c")
def sys_listen(sock: Socket, backlog: Backlog) -> Errno:
    if not sockfd_lookup(sock):
        return EBADF
    err = inet_listen(sock, backlog)
    sockfd_put(sock)
    return err


@syscall("net/socket.c")
def sys_connect_unspec(sock: Socket) -> Errno:
    if not sockfd_lookup(sock):
        return EBADF
    err = inet_stream_disconnect(sock)
    sockfd_put(sock)
    return err


@syscall("net/socket.c")
def sys_setsockopt_reuseaddr(sock: Socket, valbool: bool) -> Errno:
    if not sockfd_lookup(sock):
        return EBADF
    setsockopt_reuseaddr(sock, valbool)
    sockfd_put(sock)
    return 0


@syscall("fs/open.c")
def sys_close(sock: Socket) -> Errno:
    with spin_lock(files_lock):
        was_open = sock.fd
        if was_open:
            sock.fd = False
            current().file = sock
    if not was_open:
        return EBADF
    sockfd_put(sock)
    return 0
