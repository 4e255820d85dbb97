"""Which locks a trace shows as held."""

from __future__ import annotations

from checker.report.locks import _let_go, _Taken


def test_a_lock_is_let_go_under_another_name() -> None:
    mine = [_Taken("lock_sock(sk)", "lock_sock(Sock[1])", 1), _Taken("bh_lock_sock(child)", "bh_lock_sock(Sock[2])", 2)]
    assert [one.step for one in _let_go(mine, "bh_lock_sock(sk)")] == [2]
    assert _let_go(mine, "spin_lock(other)") == [] and len(mine) == 1
