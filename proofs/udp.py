"""Lemmas for UDP sockets: a port and a place in the hash table come and go together, sport follows a moment later."""

from __future__ import annotations

from checker.language import at, implies, lemma
from spec.net.ipv4.udp import udp_search_port
from spec.state import Port, Thread


@lemma(uses=("local_port_range",))
def udp_rover(t: Thread, rover: Port) -> bool:
    """The search for a free port tries ports of the local range only, which never begins at 0."""
    return implies(at(t, udp_search_port, "net.udp_port_rover = rover", rover=rover), rover != 0)


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "udp_num_iff_hashed": ("port_taken", "references"),
    "udp_sport_window": ("sport_owed",),
    "udp_sport_window_or_erased": ("sport_owed",),
    "dgram_unconnected": ("open_has_sk",),
    "dgram_states": (),
    "BUG_TRAP(udp_v4_hash: sk.num == 0)": ("linked",),
    "exclusive": ("releasing", "file_held", "sk_held", "closing", "linked", "references", "releaser_shut", "released_alone"),
}
