"""A call through a NULL function pointer is a step like others: it sets a trap, and the thread goes no further."""

from __future__ import annotations

import spec
from checker.commands.engines import run_explicit
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from spec.clients import SOCKET

CLOSE_OF_A_FREED_SOCK = "call through NULL (inet_release: sk.prot.close)"


def maker(*, init_may_fail: bool) -> Compiled:
    """Programs that only make stream sockets."""
    arguments = {**SOCKET, "sys_socket.type": ("SOCK_STREAM",), "sys_socket.init_may_fail": (init_may_fail,)}
    return compile_model(spec.MODEL_NAME, spec.modules(), client=Client("maker", ("sys_socket",), arguments))


def test_a_freed_sock_has_no_functions() -> None:
    """A failing init leaves sock->sk dangling, and the close behind it calls through what was freed."""
    compiled = maker(init_may_fail=True)
    asked = (compiled.property(CLOSE_OF_A_FREED_SOCK),)
    (verdict,) = run_explicit(compiled, asked, Instance(*spec.sizes(1, 1, 1, 1))).verdicts
    assert verdict.verdict == "violated"
    assert verdict.trace is not None and "prot.close" in str(verdict.trace.steps[-1])


def test_a_new_sock_has_them() -> None:
    compiled = maker(init_may_fail=False)
    asked = (compiled.property("call through NULL (inet_create: sk.prot.init)"),)
    (verdict,) = run_explicit(compiled, asked, Instance(*spec.sizes(2, 2, 1, 1))).verdicts
    assert verdict.verdict == "proved"
    assert CLOSE_OF_A_FREED_SOCK not in {p.name for p in compiled.properties}
