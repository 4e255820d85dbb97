"""What ``disconnect_counted`` leaves out: tcp_disconnect itself counts, so that shutdown() does too."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.tcp import tcp_disconnect as plain_tcp_disconnect
from spec.state import Sock
from spec.values import Errno
from spec.variants.disconnect_counted import count_disconnect

NEEDS = ("disconnect_counted",)

original_tcp_disconnect = original(plain_tcp_disconnect)


@kernel("net/ipv4/tcp.c")
def tcp_disconnect(sk: Sock) -> Errno:
    count_disconnect(sk)
    return original_tcp_disconnect(sk)


OVERRIDES = {"tcp_disconnect": tcp_disconnect}
