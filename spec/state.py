"""The data of the model: struct socket, struct sock, the bind hash, enumerations and error numbers.

Values of enumerations are those of the kernel headers.  Fields that no listed function reads are left out;
``docs/fidelity.md`` says which and why.
"""

from __future__ import annotations

from collections.abc import Callable

from checker.language import (
    Enumeration,
    Ghost,
    ObjectLock,
    Operations,
    Process,
    Publication,
    Record,
    Scalar,
    SpinLock,
    Word,
    members,
    pure,
)


class Errno(Enumeration):
    """include/asm-i386/errno.h"""

    SUCCESS = 0
    EBADF = 9
    ENOMEM = 12
    EACCES = 13
    EINVAL = 22
    EPROTONOSUPPORT = 93
    EADDRINUSE = 98
    EADDRNOTAVAIL = 99
    ENOBUFS = 105


SUCCESS, EBADF, ENOMEM, EACCES, EINVAL, EPROTONOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENOBUFS = Errno


class SocketState(Enumeration):
    """include/linux/net.h"""

    SS_FREE = 0
    SS_UNCONNECTED = 1
    SS_CONNECTING = 2
    SS_CONNECTED = 3
    SS_DISCONNECTING = 4


SS_FREE, SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_DISCONNECTING = SocketState


class TcpState(Enumeration):
    """include/linux/tcp.h; the states the bind/listen slice can reach, zeroed memory first."""

    TCP_CLOSE = 7
    TCP_LISTEN = 10


TCP_CLOSE, TCP_LISTEN = TcpState


class SocketType(Enumeration):
    """include/asm-i386/socket.h"""

    SOCK_STREAM = 1
    SOCK_DGRAM = 2
    SOCK_RAW = 3


SOCK_STREAM, SOCK_DGRAM, SOCK_RAW = SocketType


class Protocol(Enumeration):
    """include/linux/in.h"""

    IPPROTO_IP = 0
    IPPROTO_TCP = 6
    IPPROTO_UDP = 17


IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP = Protocol


class AddrType(Enumeration):
    """include/linux/rtnetlink.h: what the routing table says about an address."""

    RTN_UNICAST = 1
    RTN_LOCAL = 2
    RTN_BROADCAST = 3
    RTN_MULTICAST = 5


RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST = AddrType


class HashTable(Enumeration):
    """Which hash chain ``sk->pprev`` links the socket into."""

    NOT_HASHED = 0
    TCP_LHASH = 1


NOT_HASHED, TCP_LHASH = HashTable


class Call(Enumeration):
    """include/linux/net.h and asm-i386/unistd.h: the calls of this slice on an open socket."""

    SYS_BIND = 2
    SYS_CONNECT_UNSPEC = 3
    SYS_LISTEN = 4
    SYS_CLOSE = 6
    SYS_SETSOCKOPT_REUSEADDR = 14


SYS_BIND, SYS_CONNECT_UNSPEC, SYS_LISTEN, SYS_CLOSE, SYS_SETSOCKOPT_REUSEADDR = Call


class Port(Word, bits=16):
    """A port in host byte order."""


class BePort(Word, bits=16, swapped=Port):
    """A port in network byte order."""


class Backlog(Word, bits=32):
    """The length of an accept queue."""


class Addr(Scalar, zero="INADDR_ANY"):
    """An IPv4 address; the code only compares addresses with each other and with the wildcard."""


INADDR_ANY = 0
PROT_SOCK = 1024


class BindBucket(Record, key=Port):
    """struct tcp_bind_bucket: one per port at most; ``live`` while it hangs in the chain of its port."""

    live: bool
    fastreuse: bool


class Proto(Operations):
    """struct proto"""

    init: Callable[[Sock], Errno] | None
    close: Callable[[Sock], None]
    disconnect: Callable[[Sock], Errno]
    bind: Callable[[Sock, Addr], Errno] | None
    hash: Callable[[Sock], None]
    unhash: Callable[[Sock], None]
    get_port: Callable[[Sock, Port], bool]


class Socket(Record):
    """struct socket, and its slot in the descriptor table (``fd``: open for calls)."""

    fd: Publication[bool]
    state: SocketState
    type: SocketType
    sk: Sock

    releaser: Ghost[Thread]


class Sock(Record):
    """struct sock: what TCP's bind and listen paths read and write."""

    users: bool
    socket: Socket
    prot: Proto
    type: SocketType
    state: TcpState
    dead: bool
    reuse: bool
    bindaddr_lock: bool
    bindport_lock: bool
    num: Port
    sport: BePort
    prev: BindBucket
    hashed: HashTable
    rcv_saddr: Addr
    saddr: Addr
    daddr: Addr
    dport: BePort
    listen_opt: bool
    max_ack_backlog: Backlog
    ack_backlog: Backlog

    owner: Ghost[Thread]
    closer: Ghost[Thread]
    validated: Ghost[bool]
    bound_to: Ghost[Port]
    reuse_withdrawn: Ghost[bool]
    refused_by_window: Ghost[bool]
    slipped_in: Ghost[bool]


class Thread(Process):
    """A thread: the file whose reference its current call holds."""

    file: Socket


lock_sock: ObjectLock[Sock] = ObjectLock("lock_sock", users="users", owner="owner")

files_lock = SpinLock("files_lock")
tcp_portalloc_lock = SpinLock("tcp_portalloc_lock")
tcp_bhash_lock = SpinLock("tcp_bhash_lock")
tcp_lhash_lock = SpinLock("tcp_lhash_lock")
syn_wait_lock = SpinLock("syn_wait_lock")
callback_lock = SpinLock("callback_lock")


@members
def bind_owners(sk2: Sock, tb: BindBucket) -> bool:
    return sk2.prev == tb


@pure
def overlap(a: Sock, b: Sock) -> bool:
    return a.rcv_saddr == INADDR_ANY or b.rcv_saddr == INADDR_ANY or a.rcv_saddr == b.rcv_saddr


@pure
def announced(sk: Sock) -> bool:
    return sk.state == TCP_LISTEN and not sk.validated
