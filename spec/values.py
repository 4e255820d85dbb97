"""What the data of the model are made of: enumerations, error numbers, words, addresses and constants.

Values of enumerations are those of the kernel headers.
"""

from __future__ import annotations

from checker.language import Enumeration, Scalar, Word


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


class AfterAck(Enumeration):
    """What becomes of a segment once its ACK is processed: its text is looked at, it is dropped, or a reset is due."""

    ACK_TEXT = 0
    ACK_DISCARD = 1
    ACK_RESET = 2


ACK_TEXT, ACK_DISCARD, ACK_RESET = AfterAck


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
