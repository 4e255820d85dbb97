"""The data of the model: struct socket, struct sock, the hash tables, queues and packets.

Fields that no modelled function reads are left out; ``docs/fidelity.md`` says which and why.
"""

from __future__ import annotations

from collections.abc import Callable

from checker.language import (
    NULL,
    Ghost,
    ObjectLock,
    Operations,
    Process,
    Publication,
    Record,
    Rigid,
    SpinLock,
    Static,
    assumption,
    members,
    pure,
)
from spec.values import (
    INADDR_ANY,
    TASK_ASLEEP,
    TASK_RUNNING,
    TCP_LISTEN,
    Addr,
    AddrLen,
    AddrType,
    Backlog,
    BePort,
    ChainPlace,
    Device,
    Errno,
    Family,
    HashTable,
    Port,
    Protocol,
    QueuePlace,
    ShutdownHow,
    SocketState,
    SocketType,
    TaskState,
    TcpState,
    Timeo,
)


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

    carrier: Ghost[Thread]
    queued_at: Ghost[Sock]


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
    is whose packet for several sockets has yet to be copied to this one.  ``prequeue`` is what waits for a thread
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
    rx_mark: Thread
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
    return sk.rx_mark != NULL or any(t.held_sk == sk or t.rx_sk == sk or t.rx_child == sk for t in Thread)


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
