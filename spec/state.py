"""The data of the model: struct socket, struct sock, the hash tables, queues and packets, enumerations and error numbers.

Values of enumerations are those of the kernel headers.  Fields that no modelled function reads are left out;
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
    Rigid,
    Scalar,
    SpinLock,
    Static,
    Word,
    assumption,
    members,
    pure,
)


class Errno(Enumeration):
    """include/asm-i386/errno.h, include/linux/errno.h"""

    SUCCESS = 0
    EPERM = 1
    EINTR = 4
    EBADF = 9
    EAGAIN = 11
    ENOMEM = 12
    EACCES = 13
    EFAULT = 14
    EBUSY = 16
    EINVAL = 22
    ENFILE = 23
    EMFILE = 24
    EPIPE = 32
    EPROTO = 71
    ENOTSOCK = 88
    EDESTADDRREQ = 89
    ENOPROTOOPT = 92
    EPROTONOSUPPORT = 93
    ESOCKTNOSUPPORT = 94
    EOPNOTSUPP = 95
    EAFNOSUPPORT = 97
    EADDRINUSE = 98
    EADDRNOTAVAIL = 99
    ENETUNREACH = 101
    ECONNABORTED = 103
    ECONNRESET = 104
    ENOBUFS = 105
    EISCONN = 106
    ENOTCONN = 107
    ETIMEDOUT = 110
    ECONNREFUSED = 111
    EHOSTUNREACH = 113
    EALREADY = 114
    EINPROGRESS = 115
    ERESTARTSYS = 512


SUCCESS = Errno.SUCCESS
EPERM, EINTR, EBADF, EAGAIN, ENOMEM = Errno.EPERM, Errno.EINTR, Errno.EBADF, Errno.EAGAIN, Errno.ENOMEM
EACCES, EFAULT, EBUSY, EINVAL = Errno.EACCES, Errno.EFAULT, Errno.EBUSY, Errno.EINVAL
ENFILE, EMFILE = Errno.ENFILE, Errno.EMFILE
EPIPE, ENOTSOCK, ENOPROTOOPT, EPROTONOSUPPORT = Errno.EPIPE, Errno.ENOTSOCK, Errno.ENOPROTOOPT, Errno.EPROTONOSUPPORT
ESOCKTNOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT = Errno.ESOCKTNOSUPPORT, Errno.EOPNOTSUPP, Errno.EAFNOSUPPORT
EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH = Errno.EADDRINUSE, Errno.EADDRNOTAVAIL, Errno.ENETUNREACH
ECONNABORTED, ECONNRESET, ENOBUFS = Errno.ECONNABORTED, Errno.ECONNRESET, Errno.ENOBUFS
EISCONN, ENOTCONN, ETIMEDOUT = Errno.EISCONN, Errno.ENOTCONN, Errno.ETIMEDOUT
ECONNREFUSED, EALREADY, EINPROGRESS = Errno.ECONNREFUSED, Errno.EALREADY, Errno.EINPROGRESS
ERESTARTSYS = Errno.ERESTARTSYS


class SocketState(Enumeration):
    """include/linux/net.h"""

    SS_FREE = 0
    SS_UNCONNECTED = 1
    SS_CONNECTING = 2
    SS_CONNECTED = 3
    SS_DISCONNECTING = 4


SS_FREE, SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_DISCONNECTING = SocketState


class TcpState(Enumeration):
    """include/linux/tcp.h; the state of a new sock comes first."""

    TCP_CLOSE = 7
    TCP_LISTEN = 10
    TCP_ESTABLISHED = 1
    TCP_SYN_SENT = 2
    TCP_SYN_RECV = 3
    TCP_FIN_WAIT1 = 4
    TCP_FIN_WAIT2 = 5
    TCP_TIME_WAIT = 6
    TCP_CLOSE_WAIT = 8
    TCP_LAST_ACK = 9
    TCP_CLOSING = 11


TCP_CLOSE, TCP_LISTEN, TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV = (
    TcpState.TCP_CLOSE,
    TcpState.TCP_LISTEN,
    TcpState.TCP_ESTABLISHED,
    TcpState.TCP_SYN_SENT,
    TcpState.TCP_SYN_RECV,
)
TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT = TcpState.TCP_FIN_WAIT1, TcpState.TCP_FIN_WAIT2, TcpState.TCP_TIME_WAIT
TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSING = TcpState.TCP_CLOSE_WAIT, TcpState.TCP_LAST_ACK, TcpState.TCP_CLOSING


class SocketType(Enumeration):
    """include/asm-i386/socket.h; one member stands for every number from SOCK_MAX on."""

    SOCK_ZERO = 0
    SOCK_STREAM = 1
    SOCK_DGRAM = 2
    SOCK_RAW = 3
    SOCK_RDM = 4
    SOCK_SEQPACKET = 5
    SOCK_MAX = 11


SOCK_ZERO, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_MAX = SocketType


class Family(Enumeration):
    """include/linux/socket.h; a family in range that nobody registered, and one from NPROTO on."""

    AF_UNSPEC = 0
    AF_INET = 2
    AF_UNREGISTERED = 31
    NPROTO = 32


AF_UNSPEC, AF_INET, AF_UNREGISTERED, NPROTO = Family


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
    TCP_EHASH = 2
    UDP_HASH = 3
    RAW_HASH = 4


NOT_HASHED, TCP_LHASH, TCP_EHASH, UDP_HASH, RAW_HASH = HashTable


class TaskState(Enumeration):
    """include/linux/sched.h; TASK_ASLEEP is TASK_INTERRUPTIBLE off the run queue, which decides whether a wake-up counts."""

    TASK_RUNNING = 0
    TASK_INTERRUPTIBLE = 1
    TASK_ASLEEP = 2


TASK_RUNNING, TASK_INTERRUPTIBLE, TASK_ASLEEP = TaskState


class Timeo(Enumeration):
    """A timeout: none left, some jiffies, MAX_SCHEDULE_TIMEOUT."""

    TIMEO_ZERO = 0
    TIMEO_FINITE = 1
    MAX_SCHEDULE_TIMEOUT = 2


TIMEO_ZERO, TIMEO_FINITE, MAX_SCHEDULE_TIMEOUT = Timeo


class PacketWait(Enumeration):
    """What wait_for_packet finds: a packet is there, none yet, or the call ends with ``current().err``."""

    PACKET_READY = 0
    PACKET_AWAITED = 1
    PACKET_NEVER = 2


PACKET_READY, PACKET_AWAITED, PACKET_NEVER = PacketWait


class ShutdownHow(Enumeration):
    """The argument of shutdown(); one member stands for every number that is none of the three."""

    SHUT_RD = 0
    SHUT_WR = 1
    SHUT_RDWR = 2
    SHUT_INVALID = 3


SHUT_RD, SHUT_WR, SHUT_RDWR, SHUT_INVALID = ShutdownHow


class Call(Enumeration):
    """include/linux/net.h and asm-i386/unistd.h: the calls on an open socket."""

    SYS_BIND = 2
    SYS_CONNECT = 3
    SYS_LISTEN = 4
    SYS_ACCEPT = 5
    SYS_GETSOCKNAME = 7
    SYS_GETPEERNAME = 8
    SYS_SEND = 9
    SYS_SENDTO = 11
    SYS_RECVFROM = 12
    SYS_SHUTDOWN = 13
    SYS_SETSOCKOPT = 14
    SYS_GETSOCKOPT = 15
    SYS_CLOSE = 6


class Option(Enumeration):
    """include/asm-i386/socket.h and include/linux/in.h: the options of setsockopt() that the model knows."""

    SO_REUSEADDR = 2
    SO_BROADCAST = 6
    SO_LINGER = 13
    SO_RCVTIMEO = 20
    SO_SNDTIMEO = 21
    SO_BINDTODEVICE = 25
    IP_FREEBIND = 15
    IP_RECVERR = 11
    IP_ADD_MEMBERSHIP = 35


SO_REUSEADDR, SO_BROADCAST, SO_LINGER, SO_RCVTIMEO, SO_SNDTIMEO, SO_BINDTODEVICE = list(Option)[:6]
IP_FREEBIND, IP_RECVERR, IP_ADD_MEMBERSHIP = Option.IP_FREEBIND, Option.IP_RECVERR, Option.IP_ADD_MEMBERSHIP

(
    SYS_BIND,
    SYS_CONNECT,
    SYS_LISTEN,
    SYS_ACCEPT,
    SYS_GETSOCKNAME,
    SYS_GETPEERNAME,
    SYS_SEND,
    SYS_SENDTO,
    SYS_RECVFROM,
    SYS_SHUTDOWN,
    SYS_SETSOCKOPT,
    SYS_GETSOCKOPT,
    SYS_CLOSE,
) = Call


class Port(Word, bits=16):
    """A port in host byte order."""


class BePort(Word, bits=16, swapped=Port):
    """A port in network byte order."""


class Protocol(Word, bits=16):
    """An IP protocol number."""


class Backlog(Word, bits=32):
    """The length of a queue of connections."""


class AddrLen(Word, bits=32):
    """The length of an address, as the caller gives it."""


class QueuePlace(Word, bits=8):
    """How many exclusive waiters queued up later."""


class ChainPlace(Word, bits=16):
    """How many sockets of a hash chain with the same number were hashed later."""


class Score(Word, bits=8):
    """How many of its own addresses a socket has in common with a datagram."""


class Addr(Scalar, zero="INADDR_ANY"):
    """An IPv4 address; the code only compares addresses with each other and with the wildcard."""


class Device(Scalar, zero="NO_DEVICE"):
    """``bound_dev_if``: the index of an interface."""


INADDR_ANY = 0
NO_DEVICE = 0
PROT_SOCK = 1024
SOMAXCONN = 128
SIZEOF_SOCKADDR_IN = 16
MAX_SOCK_ADDR = 128

IPPROTO_ICMP = 1
IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_RAW = 255


class Net(Static):
    """Variables of the network code, and the settings it reads."""

    tcp_port_rover: Port
    udp_port_rover: Port
    local_port_low: Rigid[Port]
    local_port_high: Rigid[Port]
    udp_port_high: Rigid[Port]
    inaddr_loopback: Rigid[Addr]
    loopback_dev: Rigid[Device]
    ip_nonlocal_bind: Rigid[bool]
    loopback_up: bool


net = Net()


class Fib(Record, key=Addr):
    """The routing tables: what each address is, and how packets get there.

    ``loopback`` are the addresses 127.x.x.x, ``limited_broadcast`` is 255.255.255.255.
    """

    type: Rigid[AddrType]
    route: Rigid[Errno]
    source: Rigid[Addr]
    loopback: Rigid[bool]
    limited_broadcast: Rigid[bool]


class BindBucket(Record, key=Port):
    """struct tcp_bind_bucket: one per port at most; ``live`` while it hangs in the chain of its port."""

    live: bool
    fastreuse: bool
    connect_only: bool


class Segment(Record):
    """struct sk_buff: a TCP segment, a datagram or an ICMP error, in flight or in a queue.

    Sequence numbers of TCP are reduced to whether a segment acknowledges the receiver's FIN, and whether it is ``unsequenced``: a
    RST that answers a SYN begins with 0, which is in nobody's window.  ``about`` is the protocol of the packet an ICMP error is
    about, whose addresses are the same the other way round.  ``raw`` marks what a RAW socket sent: its
    payload is no header of another protocol; ``short`` one with fewer than 8 bytes of payload.
    """

    protocol: Protocol
    about: Protocol
    raw: bool
    short: bool
    syn: bool
    ack: bool
    fin: bool
    rst: bool
    data: bool
    acks_fin: bool
    unsequenced: bool
    saddr: Addr
    source: BePort
    daddr: Addr
    dest: BePort
    next: Segment


class IpMcSocklist(Record):
    """struct ip_mc_socklist: a multicast membership of a socket."""

    next: IpMcSocklist


class OpenRequest(Record):
    """struct open_request in the SYN table of ``listener``; ``retransmitted`` once its SYN-ACK had to be sent again."""

    listener: Sock
    retransmitted: bool
    rmt_addr: Addr
    rmt_port: BePort
    loc_addr: Addr


class Proto(Operations):
    """struct proto"""

    init: Callable[[Sock], Errno] | None
    close: Callable[[Sock], None]
    connect: Callable[[Sock, Family, Addr, Port, AddrLen], Errno]
    disconnect: Callable[[Sock], Errno]
    accept: Callable[[Sock, bool], Sock] | None
    shutdown: Callable[[Sock, ShutdownHow], None] | None
    destroy: Callable[[Sock], None] | None
    bind: Callable[[Sock, Addr, AddrLen], Errno] | None
    hash: Callable[[Sock], None]
    unhash: Callable[[Sock], None]
    get_port: Callable[[Sock, Port], bool] | None
    sendmsg: Callable[[Sock, bool, Family, Addr, Port, AddrLen, bool, bool], Errno]
    recvmsg: Callable[[Sock, bool], Errno]


class ProtoOps(Operations):
    """struct proto_ops"""

    bind: Callable[[Socket, Family, Addr, Port, AddrLen], Errno]
    connect: Callable[[Socket, Family, Addr, Port, AddrLen, bool], Errno]
    accept: Callable[[Socket, Socket, bool], Errno]
    listen: Callable[[Socket, Backlog], Errno]


class Socket(Record):
    """struct socket, and its slot in the descriptor table (``fd``: open for calls)."""

    fd: Publication[bool]
    state: SocketState
    type: SocketType
    ops: ProtoOps
    sk: Sock

    releaser: Ghost[Thread]


class Sock(Record):
    """struct sock, and struct tcp_tw_bucket, which begins like it: a sock in state TIME_WAIT.

    ``users`` is set while a thread or a softirq has the socket, ``slock`` only while a softirq has it.  ``gone`` says that the
    socket's own reference was dropped: whoever drops the last one frees it.  ``dst_daddr`` and ``dst_saddr`` are the route that
    UDP keeps in dst_cache.  ``unacked`` says that data was sent and not acknowledged: the retransmission timer runs.  ``rx_mark``
    says that a packet for several sockets has yet to be copied to this one.  ``prequeue`` is what waits for a thread
    that reads (tp->ucopy.task: ``reader``), see spec/scenarios/prequeue.py.
    """

    users: bool
    slock: bool
    socket: Socket
    sleep: Socket
    prot: Proto
    type: SocketType
    protocol: Protocol
    state: TcpState
    substate: TcpState
    dead: bool
    gone: bool
    reuse: bool
    broadcast: bool
    freebind: bool
    recverr: bool
    linger: bool
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
    dst_daddr: Addr
    dst_saddr: Addr
    bound_dev_if: Device
    chain_place: ChainPlace
    rcvtimeo: Timeo
    sndtimeo: Timeo
    err: Errno
    err_soft: Errno
    rcv_shutdown: bool
    send_shutdown: bool
    done: bool
    unread: bool
    unacked: bool
    receive_queue: Segment
    receive_queue_tail: Segment
    rx_mark: bool
    mc_list: IpMcSocklist
    listen_opt: bool
    drops_syns: bool
    accept_queue: Sock
    accept_queue_tail: Sock
    dl_next: Sock
    max_ack_backlog: Backlog
    ack_backlog: Backlog
    backlog_head: Segment
    backlog_tail: Segment
    prequeue: Segment
    prequeue_tail: Segment
    reader: Thread

    owner: Ghost[Thread]
    closer: Ghost[Thread]
    freer: Ghost[Thread]
    carrier: Ghost[Thread]
    queued_at: Ghost[Sock]
    validated: Ghost[bool]
    bound_to: Ghost[Port]
    reuse_withdrawn: Ghost[bool]
    refused_by_window: Ghost[bool]
    slipped_in: Ghost[bool]


class Thread(Process):
    """A thread: the file its call holds, how it sleeps, what its calls hand out, and the packets its CPU has yet to process."""

    file: Socket
    installed: Socket
    err: Errno
    optval: Errno
    name_addr: Addr
    name_port: BePort
    copied: bool
    init_may_fail: bool
    state: TaskState
    waits_on: Socket
    exclusive: bool
    place: QueuePlace
    sigpending: bool
    held_sk: Sock
    rx_sk: Sock
    rx_child: Sock
    rx_head: Segment
    rx_tail: Segment


lock_sock: ObjectLock[Sock] = ObjectLock(
    "lock_sock", users="users", owner="owner", pending="backlog_head", drain="__release_sock"
)
bh_lock_sock: ObjectLock[Sock] = ObjectLock("bh_lock_sock", users="users", owner="owner", also="slock", bh=True)

files_lock = SpinLock("files_lock")
tcp_portalloc_lock = SpinLock("tcp_portalloc_lock")
tcp_bhash_lock = SpinLock("tcp_bhash_lock")
tcp_lhash_lock = SpinLock("tcp_lhash_lock")
tcp_ehash_lock = SpinLock("tcp_ehash_lock")
udp_hash_lock = SpinLock("udp_hash_lock")
raw_v4_lock = SpinLock("raw_v4_lock")
syn_wait_lock = SpinLock("syn_wait_lock")
callback_lock = SpinLock("callback_lock")
dst_lock = SpinLock("dst_lock")
receive_queue_lock = SpinLock("receive_queue_lock")
rtnl_lock = SpinLock("rtnl_lock")
sk_slock = SpinLock("sk_slock")
wait_queue_lock = SpinLock("wait_queue_lock")
runqueue_lock = SpinLock("runqueue_lock")
softnet_lock = SpinLock("softnet_lock")
refcnt_lock = SpinLock("refcnt_lock")
err_xchg = SpinLock("err_xchg")


@pure
def referenced(sk: Sock) -> bool:
    """Whether a thread or a softirq at work holds a reference."""
    return sk.rx_mark or any(t.held_sk == sk or t.rx_sk == sk or t.rx_child == sk for t in Thread)


@assumption(because="sysctl accepts no port 0 (net/ipv4/sysctl_net_ipv4.c), and nobody sets an empty range")
def local_port_range() -> bool:
    return net.local_port_low != 0 and net.local_port_low <= net.local_port_high


@assumption(because="INADDR_LOOPBACK is 127.0.0.1 (include/linux/in.h)")
def loopback_address() -> bool:
    return net.inaddr_loopback != INADDR_ANY


@members
def bind_owners(sk2: Sock, tb: BindBucket) -> bool:
    return sk2.prev == tb


@pure
def overlap(a: Sock, b: Sock) -> bool:
    return a.rcv_saddr == INADDR_ANY or b.rcv_saddr == INADDR_ANY or a.rcv_saddr == b.rcv_saddr


@pure
def announced(sk: Sock) -> bool:
    return sk.state == TCP_LISTEN and not sk.validated


@pure
def acceptq_is_full(sk: Sock) -> bool:
    """include/net/tcp.h: tcp_acceptq_is_full"""
    return sk.ack_backlog > sk.max_ack_backlog


@pure
def interruptible(t: Thread) -> bool:
    return t.state != TASK_RUNNING


@members
def sleepers(t: Thread, sock: Socket) -> bool:
    """Everybody on the wait queue that a wake-up of all wakes."""
    return t.waits_on == sock and interruptible(t)


@members
def woken(t: Thread, sock: Socket) -> bool:
    """Whom wake_up_interruptible wakes: all that are not exclusive, and the exclusive ones up to the first that really sleeps.

    kernel/sched.c: __wake_up_common counts only tasks that it puts on the run queue.
    """
    return (
        t.waits_on == sock
        and interruptible(t)
        and (
            not t.exclusive
            or not any(u.waits_on == sock and u.exclusive and u.state == TASK_ASLEEP and u.place > t.place for u in Thread)
        )
    )


@members
def exclusive_waiters(t: Thread, sock: Socket) -> bool:
    return t.waits_on == sock and t.exclusive


@members
def ahead_of(t: Thread, me: Thread) -> bool:
    """Exclusive waiters of the same queue that came earlier."""
    return t.waits_on == me.waits_on and t.exclusive and t.place > me.place
