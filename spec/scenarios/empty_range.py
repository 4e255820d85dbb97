"""A local port range whose lower end is above the upper one, which the sysctl accepts and ``local_port_range`` assumes away.

UDP walks its 128 hash chains from the lower end, whatever the upper one is, so it needs no other reading.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.language import pure
from spec.state import BindBucket, net
from spec.values import Port


@pure
def can_be_chosen(port: Port) -> bool:
    """tcp_v4_get_port looks at the lower end only; free or not, fewer than one port remain, so that none is had.

    C also leaves the lock of a free port's chain taken: on several processors the next who wants it spins for ever.
    """
    return not BindBucket[port].live and net.local_port_low <= net.local_port_high


def empty_range(*, used: bool) -> dict[str, Callable[..., Any]]:
    """What to replace in a model in which somebody sets such a range, or nobody does."""
    return {can_be_chosen.__name__: can_be_chosen} if used else {}
