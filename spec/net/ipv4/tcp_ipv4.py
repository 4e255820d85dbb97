"""net/ipv4/tcp_ipv4.c: the bind hash (who owns which port), the listening and the established hash.

What runs under the lock of a hash chain is one atomic step, as every reader and writer of that chain takes the lock.
"""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, abstracted, current, find, htons, kernel, pure, spin_lock, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.net.core.sock import sock_put
from spec.state import (
    BindBucket,
    Segment,
    Sock,
    announced,
    bind_owners,
    net,
    overlap,
    tcp_bhash_lock,
    tcp_ehash_lock,
    tcp_lhash_lock,
    tcp_portalloc_lock,
)
from spec.values import (
    EADDRNOTAVAIL,
    NO_DEVICE,
    NOT_HASHED,
    SUCCESS,
    TCP_CLOSE,
    TCP_EHASH,
    TCP_LHASH,
    TCP_LISTEN,
    TCP_TIME_WAIT,
    Addr,
    BePort,
    Errno,
    Port,
)


@pure
def in_local_port_range(port: Port) -> bool:
    return port >= net.local_port_low and port <= net.local_port_high


@pure
def next_local_port(port: Port) -> Port:
    """``rover++``, back to the lower end when it leaves the range."""
    return port + 1 if port >= net.local_port_low and port < net.local_port_high else net.local_port_low


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_init_sock(sk: Sock) -> Errno:
    abstracted("packet queues: no modelled guard reads them", "out_of_order_queue", "tcp_prequeue_init")
    abstracted("timers: their events may come whenever they could run", "tcp_init_xmit_timers", "rto", "mdev")
    abstracted("congestion control: no modelled guard reads it", "snd_cwnd", "snd_ssthresh", "snd_cwnd_clamp", "reordering")
    abstracted("segment sizes: no modelled guard reads them", "mss_cache")
    abstracted("buffer sizes: no modelled guard reads them", "sndbuf", "rcvbuf", "use_write_queue", "write_space")
    abstracted("the functions under TCP, and statistics", "af_specific", "atomic_inc")
    sk.state = TCP_CLOSE
    return 0


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bind_hash(sk: Sock, tb: BindBucket, snum: Port) -> None:
    sk.num = snum
    sk.prev = tb


@pure
def same_device(a: Sock, b: Sock) -> bool:
    """Whether sockets bound to devices can be in each other's way."""
    return a.bound_dev_if == b.bound_dev_if


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bind_conflict(sk: Sock, tb: BindBucket) -> bool:
    return any(
        sk2 != sk and same_device(sk2, sk) and (not sk.reuse or not sk2.reuse or sk2.state == TCP_LISTEN) and overlap(sk, sk2)
        for sk2 in bind_owners(tb)
    )


@pure
def can_be_chosen(port: Port) -> bool:
    """Of a range that is not empty (local_port_range): a port without a bucket."""
    return not BindBucket[port].live


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_get_port(sk: Sock, snum: Port) -> bool:
    """True is C's 1: the port cannot be had."""
    if snum == 0:
        with spin_lock(tcp_portalloc_lock):
            rover = next_local_port(net.tcp_port_rover)
            first = rover
            while True:
                net.tcp_port_rover = rover
                with spin_lock_bh(tcp_bhash_lock):
                    if can_be_chosen(rover):
                        return tcp_take_port(sk, BindBucket[rover], rover)
                rover = next_local_port(rover)
                if rover == first:
                    return True
    with spin_lock_bh(tcp_bhash_lock):
        return tcp_take_port(sk, BindBucket[snum], snum)


@pure
def fastreuse_applies(sk: Sock, tb: BindBucket) -> bool:
    """Whether the port is had without a look at its owners."""
    return tb.live and tb.fastreuse and sk.reuse and sk.state != TCP_LISTEN


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_take_port(sk: Sock, tb: BindBucket, snum: Port) -> bool:
    """The rest of tcp_v4_get_port, under the lock of the chain of ``snum``."""
    fast = fastreuse_applies(sk, tb)
    if not fast:
        if tb.live and tcp_bind_conflict(sk, tb):
            sk.refused_by_window = sk.state == TCP_LISTEN and not any(
                sk2 != sk and (not sk.reuse or not sk2.reuse or (sk2.state == TCP_LISTEN and sk2.validated)) and overlap(sk, sk2)
                for sk2 in bind_owners(tb)
            )
            return True
        if not tb.live:
            if kmalloc_fails():
                return True
            tb.live = True
            tb.fastreuse = sk.reuse and sk.state != TCP_LISTEN
        elif tb.fastreuse and (not sk.reuse or sk.state == TCP_LISTEN):
            tb.fastreuse = False
        tb.connect_only = False
    sk.slipped_in = fast and any(sk2 != sk and announced(sk2) and overlap(sk, sk2) for sk2 in bind_owners(tb))
    if sk.prev == NULL:
        tcp_bind_hash(sk, tb, snum)
    BUG_TRAP(sk.prev == tb)
    sk.validated = sk.state == TCP_LISTEN
    return False


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bucket_leave(sk: Sock) -> None:
    """Leave the owners of the bucket; a bucket without owners goes away."""
    tb = sk.prev
    sk.prev = NULL
    sk.num = 0
    if not any(True for sk2 in bind_owners(tb)):
        tb.live = False
        tb.fastreuse = False
        tb.connect_only = False


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_put_port(sk: Sock) -> None:
    with spin_lock_bh(tcp_bhash_lock):
        tcp_bucket_leave(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_inherit_port(sk: Sock, child: Sock) -> None:
    with spin_lock_bh(tcp_bhash_lock):
        child.prev = sk.prev


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hash(sk: Sock) -> None:
    state = sk.state
    if state != TCP_CLOSE:
        if state == TCP_LISTEN:
            with spin_lock_bh(tcp_lhash_lock):
                BUG_TRAP(sk.hashed == NOT_HASHED)
                sk.hashed = TCP_LHASH
        else:
            with spin_lock_bh(tcp_ehash_lock):
                BUG_TRAP(sk.hashed == NOT_HASHED)
                sk.hashed = TCP_EHASH


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_unhash(sk: Sock) -> None:
    if sk.state == TCP_LISTEN:
        with spin_lock_bh(tcp_lhash_lock):
            if sk.hashed != NOT_HASHED:
                sk.hashed = NOT_HASHED
    else:
        with spin_lock_bh(tcp_ehash_lock):
            if sk.hashed != NOT_HASHED:
                sk.hashed = NOT_HASHED


@pure
def same_connection(sk2: Sock, sk: Sock) -> bool:
    """TCP_IPV4_MATCH against the addresses of ``sk``."""
    return (
        sk2.hashed == TCP_EHASH
        and sk2.daddr == sk.daddr
        and sk2.rcv_saddr == sk.rcv_saddr
        and sk2.dport == sk.dport
        and sk2.num == sk.num
        and (sk2.bound_dev_if == NO_DEVICE or sk2.bound_dev_if == sk.bound_dev_if)
    )


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hash_connecting(sk: Sock) -> Errno:
    """The only owner of its port needs no test; others must not repeat a connection."""
    with spin_lock_bh(tcp_bhash_lock):
        alone = not any(sk2 != sk for sk2 in bind_owners(sk.prev))
        if alone:
            BUG_TRAP(sk.hashed == NOT_HASHED)
            sk.hashed = TCP_EHASH
    return SUCCESS if alone else tcp_v4_check_established(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_check_established(sk: Sock) -> Errno:
    """A TIME_WAIT bucket with a timestamp may be taken over (timestamps are on)."""
    with spin_lock_bh(tcp_ehash_lock):
        tw = find(sk2 for sk2 in Sock if same_connection(sk2, sk) and sk2.state == TCP_TIME_WAIT)
        unique = tw != NULL or not any(same_connection(sk2, sk) for sk2 in Sock)
        if unique:
            BUG_TRAP(sk.hashed == NOT_HASHED)
            sk.hashed = TCP_EHASH
        if tw != NULL:
            current().held_sk = tw
    if not unique:
        return EADDRNOTAVAIL
    if tw != NULL:
        tcp_timewait_kill(tw)
        sock_put(tw)
    return 0


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_timewait_kill(tw: Sock) -> None:
    """The caller has a reference; whoever drops the last one frees.  Both tables are left in one step."""
    with spin_lock_bh(tcp_bhash_lock):
        if tw.hashed != NOT_HASHED:
            tw.hashed = NOT_HASHED
            tcp_bucket_leave(tw)
            tw.gone = True


@pure
def established(sk: Sock, saddr: Addr, source: BePort, daddr: Addr, dest: BePort) -> bool:
    """TCP_IPV4_MATCH against the addresses of a segment."""
    return (
        sk.hashed == TCP_EHASH
        and sk.daddr == saddr
        and sk.dport == source
        and sk.rcv_saddr == daddr
        and htons(sk.num) == dest
        and (sk.bound_dev_if == NO_DEVICE or sk.bound_dev_if == net.loopback_dev)
    )


@pure
def listening(sk: Sock, daddr: Addr, dest: BePort) -> bool:
    """A candidate of tcp_v4_lookup_listener; neither sk->state nor sport is looked at."""
    return (
        sk.hashed == TCP_LHASH
        and htons(sk.num) == dest
        and (sk.rcv_saddr == 0 or sk.rcv_saddr == daddr)
        and (sk.bound_dev_if == NO_DEVICE or sk.bound_dev_if == net.loopback_dev)
    )


@pure
def scores_below(a: Sock, b: Sock) -> bool:
    """Whether listener ``b`` fits better than ``a``: one point for the address, one for the device."""
    return (a.rcv_saddr == 0 and b.rcv_saddr != 0 and (a.bound_dev_if == NO_DEVICE or b.bound_dev_if != NO_DEVICE)) or (
        a.bound_dev_if == NO_DEVICE and b.bound_dev_if != NO_DEVICE and (a.rcv_saddr == 0 or b.rcv_saddr != 0)
    )


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_lookup(skb: Segment) -> Sock:
    """The established hash first, TIME_WAIT included, then the listeners; the softirq gets a reference."""
    with spin_lock(tcp_ehash_lock):
        sk = find(x for x in Sock if established(x, skb.saddr, skb.source, skb.daddr, skb.dest))
        current().rx_sk = sk
    return sk if sk != NULL else tcp_v4_lookup_listener(skb)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_lookup_child(skb: Segment) -> Sock:
    """__tcp_v4_lookup_established, as the listener asks for a child; TIME_WAIT buckets are none."""
    with spin_lock(tcp_ehash_lock):
        sk = find(x for x in Sock if established(x, skb.saddr, skb.source, skb.daddr, skb.dest))
        current().rx_child = sk
    return sk


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_lookup_listener(skb: Segment) -> Sock:
    with spin_lock(tcp_lhash_lock):
        sk = find(
            x
            for x in Sock
            if listening(x, skb.daddr, skb.dest)
            and not any(listening(y, skb.daddr, skb.dest) and scores_below(x, y) for y in Sock)
        )
        current().rx_sk = sk
    return sk
