"""What the environment may do to a socket: its timer, an ICMP error, the segments its peer may send, signals."""

from __future__ import annotations

from collections.abc import Iterable

from checker.errors import OutsideModelError
from checker.scenario.heap import Heap
from checker.scenario.states import TIMERS, Occurs, Started
from spec import values as kernel
from spec.scenarios.view import View
from spec.scenarios.world import REMOTE_PORT, ROUTED_ADDRESSES

CONNECTING = ("TCP_SYN_SENT", "TCP_SYN_RECV")
FIN_SENT = ("TCP_FIN_WAIT1", "TCP_CLOSING", "TCP_LAST_ACK")
"""States in which a FIN waits for its ACK."""


class Environment(View):
    """The events of a scenario, read off the state of its sockets."""

    def events(self, heap: Heap, occurs: Occurs) -> list[tuple[str, Started]]:
        found: list[tuple[str, Started]] = []
        if occurs not in TIMERS and self.world.quiet:
            return found
        live = [sk for sk in range(1, self.world.socks + 1) if self._get(heap, "Sock", "live", sk)]
        for sk in live:
            found += self._about_sock(heap, sk, occurs)
        for req in range(1, self.world.requests + 1):
            if self._get(heap, "OpenRequest", "listener", req):
                found += self._about_request(req, occurs)
        for sk in live:
            found += self._attempt(heap, sk, occurs)
        if occurs is Occurs.MAYBE and "signal" in self.world.events:
            for thread in range(2, self.world.threads + 1):
                if not self._get(heap, "Thread", "sigpending", thread):
                    found.append((f"signal for thread {thread - 1}", Started("send_sig", {"t": thread})))
        return found

    def _about_request(self, req: int, occurs: Occurs) -> Iterable[tuple[str, Started]]:
        """Its SYN-ACK is sent again, in the end for the last time."""
        maybe = occurs is Occurs.MAYBE and "timeout" in self.world.events
        if maybe or occurs is Occurs.LATE:
            yield f"SYN-ACK of request {req} again", Started("tcp_keepalive_timer", {"req": req, "last": 0})
        if maybe or occurs is Occurs.LAST:
            yield f"request {req} expires", Started("tcp_keepalive_timer", {"req": req, "last": 1})

    def _about_sock(self, heap: Heap, sk: int, occurs: Occurs) -> Iterable[tuple[str, Started]]:
        """What may happen to one socket: its timer, and the segments its peer may send."""
        events = self.world.events
        state, hashed = self._state(heap, sk), self._hashed(heap, sk)
        connecting = state in CONNECTING
        if occurs is Occurs.SOON and state == "TCP_CLOSE_WAIT" and hashed == "TCP_EHASH":
            yield f"the delayed ACK of sk{sk}", Started("tcp_delack_timer", {"sk": sk})
        if hashed == "TCP_EHASH" and (state in FIN_SENT or self._get(heap, "Sock", "unacked", sk)):
            yield from self._retransmissions(heap, sk, occurs)
        if hashed == "TCP_EHASH" and state == "TCP_TIME_WAIT":
            if occurs is (Occurs.MAYBE if "time_wait" in events else Occurs.LAST):
                yield f"TIME_WAIT of {self._connection(heap, sk)} ends", Started("tcp_twkill", {"tw": sk})
        if hashed in ("UDP_HASH", "RAW_HASH") and state == "TCP_ESTABLISHED" and occurs is Occurs.MAYBE:
            yield from self._datagrams(heap, sk)
        if hashed == "TCP_EHASH" and state != "TCP_TIME_WAIT":
            for flags, name, when in self._peer_may_send(heap, sk, state):
                if when is occurs:
                    yield f"{name} for {self._connection(heap, sk)}", self._segment_for(heap, sk, flags)
            if (connecting or self._peer(heap, sk) in ROUTED_ADDRESSES) and "icmp" in events and occurs is Occurs.MAYBE:
                unreachable = self._index(kernel.Errno, "EHOSTUNREACH")
                yield f"ICMP host unreachable for sk{sk}", Started("tcp_v4_err", {"sk": sk, "err": unreachable})
        if hashed == "TCP_LHASH" and "syn" in events and occurs is Occurs.MAYBE:
            local = self._get(heap, "Sock", "rcv_saddr", sk) or self._address("LOOPBACK")
            port = self._get(heap, "Sock", "num", sk)
            for flags in (("syn",), ("ack",)):
                yield (
                    f"{flags[0].upper()} from REMOTE for sk{sk}",
                    self._segment(flags, self._address("REMOTE"), self._word("Port", REMOTE_PORT), local, port),
                )

    def _attempt(self, heap: Heap, sk: int, occurs: Occurs) -> Iterable[tuple[str, Started]]:
        """The SYN of a socket that connects: three seconds after it was sent, as for a SYN-ACK; in the end no more."""
        if self._hashed(heap, sk) != "TCP_EHASH" or self._state(heap, sk) not in CONNECTING:
            return
        if occurs is Occurs.LATE:
            yield f"SYN of sk{sk} again", Started("tcp_write_timer", {"sk": sk, "last": 0})
        if occurs is (Occurs.MAYBE if "timeout" in self.world.events else Occurs.LAST):
            yield f"retransmissions of sk{sk} run out", Started("tcp_write_timer", {"sk": sk, "last": 1})

    def _retransmissions(self, heap: Heap, sk: int, occurs: Occurs) -> Iterable[tuple[str, Started]]:
        """Data and FINs that nobody acknowledged; where time need not pass only other hosts fail to."""
        if occurs in (Occurs.AGAIN, Occurs.AFTERWARDS):
            yield f"what sk{sk} sent again", Started("tcp_write_timer", {"sk": sk, "last": 0})
        given_up = Occurs.LAST if self._get(heap, "Sock", "dead", sk) else Occurs.END
        if "timeout" in self.world.events and self._peer(heap, sk) in ROUTED_ADDRESSES:
            given_up = Occurs.MAYBE
        if occurs is given_up:
            yield f"retransmissions of sk{sk} run out", Started("tcp_write_timer", {"sk": sk, "last": 1})

    def _datagrams(self, heap: Heap, sk: int) -> Iterable[tuple[str, Started]]:
        """What the peer of a connected UDP or RAW socket may send, and what may be said about a datagram to it."""
        daddr, dport, rcv_saddr, num = (self._get(heap, "Sock", f, sk) for f in ("daddr", "dport", "rcv_saddr", "num"))
        if daddr == 0 or self.world.addresses[daddr - 1] not in ROUTED_ADDRESSES:
            return
        protocol = self._get(heap, "Sock", "protocol", sk)
        packet = {"saddr": daddr, "source": dport, "daddr": rcv_saddr, "dest": num}
        about = self._connection(heap, sk)
        if "datagram" in self.world.events:
            yield f"a datagram for {about}", Started("datagram_arrives", {"protocol": protocol, **packet})
        if "icmp" in self.world.events and self.world.datagrams:
            yield f"ICMP unreachable for {about}", Started("unreachable_arrives", {"about": protocol, **packet})

    def _peer_may_send(self, heap: Heap, sk: int, state: str) -> Iterable[tuple[tuple[str, ...], str, Occurs]]:
        events = self.world.events
        name = self._peer(heap, sk)
        if name in ROUTED_ADDRESSES and state == "TCP_SYN_SENT":
            behaviour = self.world.peers.get(name, "free")
            if behaviour in ("listening", "free"):
                yield ("syn", "ack"), "SYN-ACK", Occurs.MAYBE if behaviour == "free" else Occurs.SURELY
            if behaviour in ("refusing", "free"):
                yield ("rst", "ack"), "RST", Occurs.MAYBE if behaviour == "free" else Occurs.SURELY
        if "rst" in events:
            yield ("rst", "ack"), "RST", Occurs.MAYBE
        if "resyn" in events and not state.startswith("TCP_SYN"):
            yield ("syn",), "SYN", Occurs.MAYBE
        if "fin" in events and state in ("TCP_ESTABLISHED", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2"):
            yield ("fin", "ack"), "FIN", Occurs.MAYBE

    def _state(self, heap: Heap, sk: int) -> str:
        return self._member("Sock", "state", self._get(heap, "Sock", "state", sk))

    def _hashed(self, heap: Heap, sk: int) -> str:
        return self._member("Sock", "hashed", self._get(heap, "Sock", "hashed", sk))

    def _peer(self, heap: Heap, sk: int) -> str:
        peer = self._get(heap, "Sock", "daddr", sk)
        return self.world.addresses[peer - 1] if peer else "ANY"

    def _connection(self, heap: Heap, sk: int) -> str:
        """A socket and the connection it has now."""
        dport, num = (self._get(heap, "Sock", f, sk) for f in ("dport", "num"))
        values = (0, *self.world.ports)
        return f"sk{sk} (port {values[num]}, peer {self._peer(heap, sk)}:{values[dport]})"

    def _segment_for(self, heap: Heap, sk: int, flags: tuple[str, ...]) -> Started:
        daddr, dport, rcv_saddr, num = (self._get(heap, "Sock", f, sk) for f in ("daddr", "dport", "rcv_saddr", "num"))
        return self._segment(flags, daddr, dport, rcv_saddr, num)

    def arrived(self, heap: Heap, sk: int, flags: tuple[str, ...], thread: int) -> Heap:
        """The memory once a segment for ``sk`` has reached the CPU of ``thread``: from its peer, or from REMOTE if it listens."""
        begun = self._segment_for(heap, sk, flags)
        if self._state(heap, sk) == "TCP_LISTEN":
            local = self._get(heap, "Sock", "rcv_saddr", sk) or self._address("LOOPBACK")
            peer = self._address("REMOTE"), self._word("Port", REMOTE_PORT)
            begun = self._segment(flags, *peer, local, self._get(heap, "Sock", "num", sk))
        elif not begun.arguments["source"]:
            raise OutsideModelError("outside-model", "a segment comes from a peer", "name a socket that listens or has one")
        skb = next(n for n in range(1, self.world.segments + 1) if not self._get(heap, "Segment", "live", n))
        values = {**begun.arguments, "protocol": self._word("Protocol", kernel.IPPROTO_TCP), "live": 1}
        for field, value in values.items():
            heap = self._poke(heap, "Segment", field, skb, value)
        heap = self._poke(heap, "Thread", "rx_head", thread, skb)
        return self._poke(heap, "Thread", "rx_tail", thread, skb)

    @staticmethod
    def _segment(flags: tuple[str, ...], saddr: int, source: int, daddr: int, dest: int) -> Started:
        bits = {name: int(name in flags) for name in ("syn", "ack", "fin", "rst", "data", "acks_fin")}
        return Started("segment_arrives", {**bits, "saddr": saddr, "source": source, "daddr": daddr, "dest": dest})
