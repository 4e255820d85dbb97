"""kernel/capability.c: who may do what, a choice at each call."""

from __future__ import annotations

from checker.language import choice, kernel


@kernel("kernel/capability.c")
def capable_net_raw() -> bool:
    return choice()


@kernel("kernel/capability.c")
def capable_net_bind_service() -> bool:
    return choice()
