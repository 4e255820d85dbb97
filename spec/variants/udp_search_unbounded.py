"""Linux 2.4.0: the search for a free UDP port has no end if there is none."""

from __future__ import annotations

from checker.language import kernel, spin_lock_bh
from spec.net.ipv4.udp import next_udp_port, udp_lport_inuse, udp_take_port
from spec.state import Sock, net, udp_hash_lock

MUTANT_OF = "C02"


@kernel("net/ipv4/udp.c")
def udp_search_port(sk: Sock) -> bool:
    rover = next_udp_port(net.udp_port_rover)
    while True:
        net.udp_port_rover = rover
        with spin_lock_bh(udp_hash_lock):
            if not udp_lport_inuse(rover):
                udp_take_port(sk, rover)
                return False
        rover = next_udp_port(rover)


OVERRIDES = {"udp_search_port": udp_search_port}
