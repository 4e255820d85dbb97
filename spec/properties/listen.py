"""Ports, listeners and the window of tcp_listen_start."""

from __future__ import annotations

from checker.language import NULL, always, implies, sometimes
from spec.state import BindBucket, Sock, announced, overlap
from spec.values import INADDR_ANY, NOT_HASHED, TCP_LHASH, TCP_LISTEN

BIND_LISTEN = ("bind_listen",)


@always(
    stands_for='tcp_listen_start: "this socket enters to hash table only after validation is complete"',
    because="tcp_v4_hash runs behind a successful get_port, and every way out of LISTEN unhashes first",
    clients=BIND_LISTEN,
)
def hashed_validated(sk: Sock) -> bool:
    return implies(sk.hashed == TCP_LHASH, sk.state == TCP_LISTEN and sk.prev != NULL and sk.validated)


@always(
    stands_for='tcp_listen_start: "we announce ourselves listening, but ... It is OK"',
    because="between the state change and get_port's success nothing hashes the socket",
    clients=BIND_LISTEN,
)
def announced_not_hashed(sk: Sock) -> bool:
    return implies(announced(sk), sk.hashed == NOT_HASHED)


@always(
    stands_for="tcp_v4_lookup_listener: one listener per address and port",
    because="each listener validates under the chain lock after publishing LISTEN, so the later one sees the earlier",
    clients=BIND_LISTEN,
)
def one_listener(a: Sock, b: Sock) -> bool:
    return implies(a != b and a.hashed == TCP_LHASH and b.hashed == TCP_LHASH and a.num == b.num, not overlap(a, b))


@always(
    stands_for="BUG_TRAP(!sk->num || sk->prev) of tcp_disconnect and tcp_destroy_sock",
    because="num and prev are only written together, under the chain lock",
    clients=BIND_LISTEN,
)
def num_iff_bucket(sk: Sock) -> bool:
    return sk.prev == BindBucket[sk.num]


@always(
    stands_for="tcp_set_state keeps the port of a socket with SOCK_BINDPORT_LOCK",
    because="the bit is set after get_port succeeded, and only tcp_destroy_sock releases such a port",
    clients=BIND_LISTEN,
)
def bindport_lock(sk: Sock) -> bool:
    return implies(sk.bindport_lock and not sk.dead, sk.num != 0)


@always(
    stands_for="SOCK_BINDADDR_LOCK: the user bound an address, which disconnect must keep",
    expected="violated",
    because="nothing clears it: after listen and disconnect released an automatic port, a second bind overwrites the address",
    clients=BIND_LISTEN,
)
def bindaddr_lock(sk: Sock) -> bool:
    return implies(sk.bindaddr_lock, sk.rcv_saddr != INADDR_ANY)


@always(
    stands_for='inet_bind: "Check these errors (active socket, double bind)"',
    because="inet_bind refuses a socket with num, and num is only released behind tcp_set_state(CLOSE)",
    clients=BIND_LISTEN,
)
def double_bind(sk: Sock) -> bool:
    return implies(sk.bound_to != 0 and sk.num != 0, sk.num == sk.bound_to)


@always(
    stands_for="tcp_v4_get_port skips the conflict scan when fastreuse is set: every owner must be harmless to a reuser",
    expected="violated",
    because="an owner may announce LISTEN before its get_port clears the flag, or withdraw SO_REUSEADDR afterwards",
    clients=BIND_LISTEN,
)
def fastreuse_sound(sk: Sock) -> bool:
    return implies(sk.prev != NULL and sk.prev.fastreuse, sk.reuse and sk.state != TCP_LISTEN)


@always(
    stands_for="fastreuse, as far as SO_REUSEADDR goes",
    expected="violated",
    because="setsockopt does not look at the bucket: an owner may clear SO_REUSEADDR while the flag stays set",
    clients=BIND_LISTEN,
)
def fastreuse_owners_reuse(sk: Sock) -> bool:
    return implies(sk.prev != NULL and sk.prev.fastreuse, sk.reuse)


@always(
    stands_for="fastreuse, for owners that never withdrew SO_REUSEADDR while bound",
    because="get_port clears the flag when an owner without SO_REUSEADDR joins",
    clients=BIND_LISTEN,
)
def fastreuse_without_setsockopt(sk: Sock) -> bool:
    return implies(sk.prev != NULL and sk.prev.fastreuse and not sk.reuse_withdrawn, sk.reuse)


@always(
    stands_for="fastreuse, outside the window of tcp_listen_start",
    because="get_port clears the flag when a listener is validated, and it is set only on a bucket without owners",
    clients=BIND_LISTEN,
)
def fastreuse_outside_window(sk: Sock) -> bool:
    return implies(sk.prev != NULL and sk.prev.fastreuse and sk.state == TCP_LISTEN, announced(sk))


@sometimes(
    stands_for='tcp_listen_start: "There is race window here"',
    because="the state changes before get_port runs",
    clients=BIND_LISTEN,
)
def listen_window(sk: Sock) -> bool:
    return announced(sk)


@sometimes(
    stands_for="two listens fail with EADDRINUSE although either alone would succeed",
    because="each announces LISTEN before its get_port, so each sees the other listening",
    clients=BIND_LISTEN,
)
def both_listens_fail(a: Sock, b: Sock) -> bool:
    return a != b and a.refused_by_window and b.refused_by_window


@sometimes(
    stands_for="a bind that succeeds only because it ran inside the window",
    because="fastreuse is still set while the listener is announced; after its get_port the scan would find it",
    clients=BIND_LISTEN,
)
def bind_inside_window(sk: Sock) -> bool:
    return sk.slipped_in
