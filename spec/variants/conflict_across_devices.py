"""Linux 2.4.27: a socket without a device is in the way of one with a device, and the other way round."""

from __future__ import annotations

from checker.language import pure
from spec.state import Sock
from spec.values import NO_DEVICE


@pure
def same_device(a: Sock, b: Sock) -> bool:
    return a.bound_dev_if == NO_DEVICE or b.bound_dev_if == NO_DEVICE or a.bound_dev_if == b.bound_dev_if


OVERRIDES = {"same_device": same_device}
