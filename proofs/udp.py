"""Lemmas for UDP sockets: a port and a place in the hash table come and go together, sport follows a moment later."""

from __future__ import annotations

from checker.language import at, implies, inside, lemma
from checker.language.dangling import NO_DANGLING
from proofs.dangling import CHAINED
from proofs.sockets import OWNED
from spec.net.ipv4.af_inet import inet_bind
from spec.net.ipv4.protocols import udp_prot
from spec.net.ipv4.udp import udp_search_port, udp_sendmsg, udp_v4_get_port
from spec.state import Fib, Sock, Thread, net
from spec.values import RTN_BROADCAST, Addr, Port


@lemma(uses=("local_port_range",))
def udp_rover(t: Thread, rover: Port) -> bool:
    """The search for a free port tries ports of the local range only, which never begins at 0."""
    return implies(inside(t, udp_search_port, rover=rover), rover != 0 and rover >= net.local_port_low)


@lemma(uses=(*OWNED, "udp_num_iff_hashed"))
def udp_unbound(t: Thread, sk: Sock) -> bool:
    """get_port is asked only under the lock and for a socket without a port, and only get_port gives it one."""
    return implies(
        inside(t, udp_v4_get_port, sk=sk)
        or at(t, inet_bind, "sk.rcv_saddr = sk.saddr = addr", sk=sk)
        or at(t, inet_bind, "sk.saddr = INADDR_ANY", sk=sk),
        sk.num == 0,
    )


@lemma(uses=("linked",))
def udp_only(sk: Sock) -> bool:
    """sys_socket makes UDP sockets only."""
    return implies(sk.live, sk.prot == udp_prot)


@lemma()
def udp_routed(t: Thread, rt_daddr: Addr) -> bool:
    """A route that takes no look at the table leads to a group or to this host, not to a broadcast address."""
    return implies(
        at(t, udp_sendmsg, "if Fib[rt_daddr].type == RTN_BROADCAST and (not sk.broadcast):", rt_daddr=rt_daddr),
        Fib[rt_daddr].type != RTN_BROADCAST,
    )


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "udp_num_iff_hashed": ("port_taken", "references"),
    "udp_sport_window": ("sport_owed",),
    "udp_sport_window_or_erased": ("sport_owed",),
    "dgram_unconnected": ("open_has_sk",),
    "dgram_states": (),
    "BUG_TRAP(udp_v4_hash: False)": ("linked",),
    "exclusive": ("releasing", "file_held", "sk_held", "closing", "linked", "references", "releaser_shut", "released_alone"),
    NO_DANGLING: CHAINED,
}
