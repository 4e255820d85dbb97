"""net/socket.c and the descriptor table: the system calls.

A thread inside a call holds a reference to the file (``current().file``); the socket is released by whoever
drops the last reference after ``close`` emptied the descriptor slot.
"""

from __future__ import annotations

from checker.language import NULL, current, exclusive, free, kernel, might_sleep, new, spin_lock, syscall
from checker.language import choice as kmalloc_fails
from spec.net.core.sock import sock_getsockopt_error, sock_setsockopt
from spec.net.ipv4.af_inet import inet_create, inet_getname, inet_recvmsg, inet_release, inet_sendmsg, inet_shutdown
from spec.net.ipv4.ip_sockglue import ip_setsockopt
from spec.state import Socket, Thread, files_lock
from spec.values import (
    AF_INET,
    EAFNOSUPPORT,
    EBADF,
    ECONNABORTED,
    EFAULT,
    EINVAL,
    EMFILE,
    ENFILE,
    IP_ADD_MEMBERSHIP,
    IP_FREEBIND,
    IP_RECVERR,
    MAX_SOCK_ADDR,
    NPROTO,
    SOCK_MAX,
    SOCK_STREAM,
    SOMAXCONN,
    SS_UNCONNECTED,
    SYS_ACCEPT,
    SYS_BIND,
    SYS_CLOSE,
    SYS_CONNECT,
    SYS_GETPEERNAME,
    SYS_GETSOCKNAME,
    SYS_GETSOCKOPT,
    SYS_LISTEN,
    SYS_RECVFROM,
    SYS_SEND,
    SYS_SENDTO,
    SYS_SETSOCKOPT,
    SYS_SHUTDOWN,
    Addr,
    AddrLen,
    Backlog,
    Call,
    Device,
    Errno,
    Family,
    Option,
    Port,
    Protocol,
    ShutdownHow,
    SocketType,
    Timeo,
)


@kernel("net/socket.c")
def sockfd_put(sock: Socket) -> None:
    with spin_lock(files_lock):
        current().file = NULL
        last = not sock.fd and not any(t.file == sock for t in Thread)
        sock.releaser = current() if last else sock.releaser
    if last:
        sock_release(sock)


@kernel("net/socket.c", shared=True)
def sock_release(sock: Socket) -> None:
    with exclusive(sock):
        if sock.ops != NULL:
            inet_release(sock)
        free(sock)


@kernel("net/socket.c")
def sock_alloc() -> Socket:
    might_sleep()
    if kmalloc_fails():
        return NULL
    sock = new(Socket)
    sock.state = SS_UNCONNECTED
    return sock


@syscall("net/socket.c")
def sys_socket(family: Family, type: SocketType, protocol: Protocol, init_may_fail: bool, table_may_be_full: bool) -> Errno:
    """``init_may_fail`` and ``table_may_be_full`` are not arguments: they say what the environment may do to this call."""
    if family == NPROTO:
        return EAFNOSUPPORT
    if type == SOCK_MAX:
        return EINVAL
    if family != AF_INET:
        return EAFNOSUPPORT
    sock = sock_alloc()
    if sock == NULL:
        return ENFILE
    sock.type = type
    current().init_may_fail = init_may_fail
    err = inet_create(sock, protocol)
    if err:
        if init_may_fail:
            sock_release(sock)
        else:
            free(sock)
        return err
    if table_may_be_full:
        return sock_map_fd(sock)
    fd_install(sock)
    return 0


@kernel("net/socket.c")
def sock_map_fd(sock: Socket) -> Errno:
    """A descriptor for a new socket; the table may be full."""
    if descriptor_table_full():
        sock_release(sock)
        return EMFILE
    fd_install(sock)
    return 0


@kernel("fs/open.c")
def fd_install(sock: Socket) -> None:
    current().installed = sock
    sock.fd = True


@kernel("fs/file_table.c")
def descriptor_table_full() -> bool:
    return kmalloc_fails()


@syscall("arch/i386/kernel/entry.S")
def system_call(
    call: Call,
    sock: Socket,
    family: Family,
    addr: Addr,
    port: Port,
    addr_len: AddrLen,
    noblock: bool,
    backlog: Backlog,
    how: ShutdownHow,
    optname: Option,
    valbool: bool,
    timeo: Timeo,
    device: Device,
    wants_name: bool,
    bad_buffer: bool,
    short: bool,
) -> Errno:
    """Every call on an open socket: the common head (sockfd_lookup) and tail (sockfd_put) are written once.

    close empties the descriptor slot and takes over the reference the table held.  ``bad_buffer`` says that the address (of
    SO_ERROR: the value) is to be read or written where the program has no memory; ``wants_name`` that accept is given a place
    for it.
    """
    with spin_lock(files_lock):
        if not sock.fd:
            return EBADF
        current().file = sock
        if call == SYS_CLOSE:
            sock.fd = False
    if call == SYS_BIND:
        err = sys_bind(sock, family, addr, port, addr_len, bad_buffer)
    elif call == SYS_LISTEN:
        err = sys_listen(sock, backlog)
    elif call == SYS_CONNECT:
        err = sys_connect(sock, family, addr, port, addr_len, bad_buffer, noblock)
    elif call == SYS_ACCEPT:
        err = sys_accept(sock, noblock, wants_name, bad_buffer)
    elif call == SYS_GETSOCKNAME:
        err = sys_getsockname(sock, bad_buffer)
    elif call == SYS_GETPEERNAME:
        err = sys_getpeername(sock, bad_buffer)
    elif call == SYS_SEND:
        err = sys_sendto(sock, False, family, addr, port, addr_len, False, noblock, short)
    elif call == SYS_SENDTO:
        err = sys_sendto(sock, True, family, addr, port, addr_len, bad_buffer, noblock, short)
    elif call == SYS_RECVFROM:
        err = sys_recvfrom(sock, bad_buffer, noblock)
    elif call == SYS_SHUTDOWN:
        err = sys_shutdown(sock, how)
    elif call == SYS_SETSOCKOPT:
        err = sys_setsockopt(sock, optname, valbool, timeo, device)
    elif call == SYS_GETSOCKOPT:
        err = sys_getsockopt_error(sock, bad_buffer)
    else:
        err = sys_close()
    sockfd_put(sock)
    return err


@kernel("net/socket.c")
def move_addr_to_kernel(addr_len: AddrLen, bad_buffer: bool) -> Errno:
    """A negative length is one too large here."""
    if addr_len > MAX_SOCK_ADDR:
        return EINVAL
    if bad_buffer and addr_len != 0:
        return EFAULT
    return 0


@kernel("net/socket.c")
def move_addr_to_user(bad_buffer: bool) -> Errno:
    if bad_buffer:
        return EFAULT
    return 0


@kernel("net/socket.c")
def sys_bind(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, bad_buffer: bool) -> Errno:
    err = move_addr_to_kernel(addr_len, bad_buffer)
    if err:
        return err
    return sock.ops.bind(sock, family, addr, port, addr_len)


@kernel("net/socket.c")
def sys_listen(sock: Socket, backlog: Backlog) -> Errno:
    return sock.ops.listen(sock, Backlog(SOMAXCONN) if backlog > SOMAXCONN else backlog)


@kernel("net/socket.c")
def sys_connect(
    sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, bad_buffer: bool, noblock: bool
) -> Errno:
    err = move_addr_to_kernel(addr_len, bad_buffer)
    if err:
        return err
    return sock.ops.connect(sock, family, addr, port, addr_len, noblock)


@kernel("net/socket.c")
def sys_accept(sock: Socket, noblock: bool, wants_name: bool, bad_buffer: bool) -> Errno:
    """Whatever fails after the connection was taken from the queue closes it."""
    newsock = sock_alloc()
    if newsock == NULL:
        return EMFILE
    newsock.type = sock.type
    newsock.ops = sock.ops
    err = sock.ops.accept(sock, newsock, noblock)
    if err:
        sock_release(newsock)
        return err
    if wants_name:
        if inet_getname(newsock, True, True):
            sock_release(newsock)
            return ECONNABORTED
        err = move_addr_to_user(bad_buffer)
        if err:
            sock_release(newsock)
            return err
    return sock_map_fd(newsock)


@kernel("net/socket.c")
def sys_getsockname(sock: Socket, bad_buffer: bool) -> Errno:
    err = inet_getname(sock, False, False)
    if err:
        return err
    return move_addr_to_user(bad_buffer)


@kernel("net/socket.c")
def sys_getpeername(sock: Socket, bad_buffer: bool) -> Errno:
    err = inet_getname(sock, True, False)
    if err:
        return err
    return move_addr_to_user(bad_buffer)


@kernel("net/socket.c")
def sys_sendto(
    sock: Socket,
    msg_name: bool,
    family: Family,
    addr: Addr,
    port: Port,
    addr_len: AddrLen,
    bad_buffer: bool,
    noblock: bool,
    short: bool,
) -> Errno:
    """sys_send() calls it without an address."""
    if msg_name:
        err = move_addr_to_kernel(addr_len, bad_buffer)
        if err:
            return err
    return inet_sendmsg(sock, msg_name, family, addr, port, addr_len, noblock, short)


@kernel("net/socket.c")
def sys_recvfrom(sock: Socket, bad_buffer: bool, noblock: bool) -> Errno:
    """With a place for the sender's address, which a stream leaves alone."""
    err = inet_recvmsg(sock, noblock)
    if err:
        return err
    if bad_buffer and sock.type != SOCK_STREAM:
        return EFAULT
    return 0


@kernel("net/socket.c")
def sys_shutdown(sock: Socket, how: ShutdownHow) -> Errno:
    return inet_shutdown(sock, how)


@kernel("net/socket.c")
def sys_setsockopt(sock: Socket, optname: Option, valbool: bool, timeo: Timeo, device: Device) -> Errno:
    if optname == IP_FREEBIND or optname == IP_RECVERR or optname == IP_ADD_MEMBERSHIP:
        return ip_setsockopt(sock.sk, optname, valbool)
    return sock_setsockopt(sock, optname, valbool, timeo, device)


@kernel("net/socket.c")
def sys_getsockopt_error(sock: Socket, bad_buffer: bool) -> Errno:
    current().optval = sock_getsockopt_error(sock)
    if bad_buffer:
        return EFAULT
    return 0


@kernel("fs/open.c")
def sys_close() -> Errno:
    return 0
