"""Traces as text, explanations, straightening and pretty-printing."""

from __future__ import annotations

import pytest

from checker.commands.engines import run_explicit
from checker.commands.model import Scope, c_files, compile_package, load_package, make_instance
from checker.errors import UsageError
from checker.language import terms
from checker.language.compile import compile_function
from checker.report.dispatch import Dispatch, dispatches
from checker.report.explain import Finding, explain, implication, question, show_formula
from checker.report.locks import lock_fields
from checker.report.pretty import Pretty
from checker.report.rows import WholeCall, condense
from checker.report.straighten import straighten
from checker.report.text import trace_text
from checker.report.timeline import timeline
from checker.report.transitions import transition_rows, transitions_markdown, transitions_text
from tests.report import toy

LATE_WRITE = """\
hashed_sport: violated after 6 steps
  always, for all sk: sk.hashed implies sk.sport == htons(sk.num)
  stands for: the comment on hashed_sport
  instance: 2 Thread, 2 Socket, 2 Sock, Port {80, 8080}

  1  T1  sys_socket()
         sys_socket
           spec/toy.py:10  new(Socket) = Socket[1]
         sys_socket > sk_alloc
           spec/toy.py:12  new(Sock) = Sock[1]
         sys_socket
           spec/toy.py:13  sock.sk = sk
      => Socket[1].live: false -> true
      => Socket[1].sk: NULL -> Sock[1]
      => Sock[1].live: false -> true
      => returns 0
  2  T1  sys_listen(sock=Socket[1], port=80)
         sys_listen > sockfd_lookup
           spec/toy.py:18  spin_lock(files_lock)
           spec/toy.py:19  current().file = sock
      => T1.file: NULL -> Socket[1]
  3  T1  ... sys_listen
         sys_listen > inet_listen
           spec/toy.py:22  lock_sock(sk)
           spec/toy.py:23  sk.state != TCP_CLOSE is false
      => Sock[1].users: false -> true
      => Sock[1].owner†: NULL -> T1
  4  T1  ... sys_listen
         sys_listen > inet_listen > tcp_listen_start
           spec/toy.py:34  sk.state = TCP_LISTEN
      => Sock[1].state: TCP_CLOSE -> TCP_LISTEN
  5  T1  ... sys_listen
         sys_listen > inet_listen > tcp_listen_start > tcp_v4_get_port
           spec/toy.py:41  spin_lock_bh(tcp_bhash_lock)
           spec/toy.py:42  any(conflict) is false
           spec/toy.py:43  sk.num = port
      => Sock[1].num: 0 -> 80
  6  T1  ... sys_listen
         sys_listen > inet_listen > tcp_listen_start > tcp_v4_hash
           spec/toy.py:51  spin_lock_bh(tcp_lhash_lock)
           spec/toy.py:52  sk.hashed = True
      => Sock[1].hashed: false -> true

hashed_sport is false for sk = Sock[1]
  given   true  sk.hashed
  claimed FALSE sk.sport == htons(sk.num)   with sk.sport = 0, sk.num = 80

† ghost: only properties read it
"""

LISTEN_TRANSITIONS = """\
inet_listen+2   with lock_sock(sk):
    when  not sk.users and
          sk.state == TCP_CLOSE
    do    sk.users := True
          sk.owner† := current
    goto  tcp_listen_start+4

    when  not sk.users and
          sk.state != TCP_CLOSE
    do    nothing
    return EINVAL
"""


def test_trace_is_golden() -> None:
    assert trace_text(toy.late_write(), toy.HASHED_SPORT) == LATE_WRITE


def test_locals_are_shown_on_demand_only() -> None:
    assert "inet_listen.sk" not in LATE_WRITE
    assert "      => T1 inet_listen.sk: NULL -> Sock[1]\n" in trace_text(toy.late_write(), show_locals=True)


def test_returned_error_is_shown() -> None:
    done = toy.run(
        toy.socket(1, 1),
        toy.listen(1, 1),
        *((f"{at}/1", 1) for at in (toy.LISTEN, toy.ANNOUNCE, toy.VALIDATE, toy.HASH, toy.LATE)),
        toy.listen(2, 1),
        (f"{toy.LISTEN}/2", 2),
    )
    assert "           spec/toy.py:22  release lock_sock(sk)\n      => returns EINVAL\n" in trace_text(done)


def test_empty_trace_is_explained_too() -> None:
    prop = toy.asked("idle", "sometimes", (), terms.TRUE, terms.TRUE, "reachable")
    assert "  the initial state\n\nidle is reached\n" in trace_text(toy.run(), prop)


def test_a_trace_that_does_not_answer_says_so() -> None:
    assert trace_text(toy.run(toy.socket(1, 1)), toy.HASHED_SPORT).startswith("hashed_sport: not decided by this trace")


def test_sights_name_the_dirty_read() -> None:
    seen = {m.number: m.sights for m in timeline(toy.refused()).moments}
    assert [(s.cell, s.value, s.step) for s in seen[9]] == [("Sock[2].state", "TCP_LISTEN", 8)]
    assert [(s.cell, s.value, s.step) for s in seen[10]] == [("Sock[1].state", "TCP_LISTEN", 7)]
    assert not any(seen[n] for n in range(1, 9))


def test_locks_are_named_by_their_object() -> None:
    view = timeline(toy.refused())
    assert [(h.process, h.lock, h.first, h.last) for h in view.held] == [
        (1, "lock_sock(Sock[1])", 5, None),
        (2, "lock_sock(Sock[2])", 6, None),
    ]
    assert lock_fields(toy.SYSTEM) == {("Sock", "users"), ("Sock", "owner")}


def test_a_lock_taken_and_released_in_one_step_is_named_too() -> None:
    moves = [(f"{at}/1", 1) for at in (toy.LISTEN, toy.ANNOUNCE, toy.VALIDATE, toy.HASH, toy.LATE)]
    view = timeline(toy.run(toy.socket(1, 1), toy.listen(1, 1), *moves, toy.listen(2, 1), (f"{toy.LISTEN}/2", 2)))
    assert [(h.process, h.lock, h.first, h.last) for h in view.held] == [
        (1, "lock_sock(Sock[1])", 3, 7),
        (2, "lock_sock(Sock[1])", 9, 9),
    ]


def test_calls_have_arguments_and_results() -> None:
    calls = timeline(toy.late_write()).calls
    assert [(c.text, c.returned if c.last else None) for c in calls] == [
        ("sys_socket()", "returns 0"),
        ("sys_listen(sock=Socket[1], port=80)", None),
    ]


def test_a_dispatching_call_is_named_for_what_it_does() -> None:
    compiled = compile_package(load_package("tests.tiny"))
    assert dispatches(compiled.system) == {"enter": Dispatch("call", {"DO_PAINT": "do_paint", "DO_TAKE": "do_take"})}
    assert dispatches(toy.SYSTEM) == {}
    scope = make_instance(load_package("tests.tiny"), Scope(threads=1, sockets=1))
    (verdict,) = run_explicit(compiled, (compiled.property("taken"),), scope).verdicts
    assert verdict.trace is not None
    shown = [c.text for c in timeline(verdict.trace).calls]
    assert shown == ["do_paint(box=Box[1], color=RED)", "do_take(box=Box[1])"]
    told = trace_text(verdict.trace, compiled.property("taken"), c_files=c_files(compiled))
    assert "enter > do_paint (paint.c)\n" in told
    assert "  T1  do_paint(box=Box[1], color=RED)\n" in told


def test_a_value_without_a_function_of_its_own_names_the_call() -> None:
    chosen = dispatches(compile_package(load_package("spec")).system)["system_call"]
    assert chosen.argument == "call"
    assert (chosen.names["SYS_LISTEN"], chosen.names["SYS_CLOSE"]) == ("sys_listen", "sys_close")


def test_only_undisturbed_calls_are_condensed() -> None:
    rows = condense(timeline(toy.refused()))
    assert [row.call.first for row in rows if isinstance(row, WholeCall)] == [1, 2]
    inside = toy.run(toy.socket(1, 1), toy.listen(1, 1), toy.socket(2, 2), (f"{toy.LISTEN}/1", 1))
    assert [row.call.first for row in condense(timeline(inside)) if isinstance(row, WholeCall)] == [1]


def test_straightening_keeps_results_and_state() -> None:
    trace = toy.refused()
    straight = straighten(trace)
    assert straight.states[-1] == trace.states[-1]
    assert straight.depth == trace.depth
    assert [s.process for s in straight.steps] == [1, 2, 2, 2, 2, 1, 1, 1, 1, 2]
    for process in (1, 2):
        names = [[s.transition.name for s in t.steps if s.process == process] for t in (trace, straight)]
        assert names[0] == names[1]


def test_straightening_does_not_reorder_what_depends() -> None:
    trace = toy.late_write()
    assert straighten(trace).steps == trace.steps


# -- explanations -----------------------------------------------------------------------------------------------------


def test_implication_is_recovered_from_the_disjunction() -> None:
    assert implication(toy.HASHED_SPORT) == (toy.HASHED, toy.SPORT_IS_NUM)
    assert show_formula(toy.HASHED_SPORT, toy.SYSTEM) == "sk.hashed implies sk.sport == htons(sk.num)"
    assert question(toy.WINDOW, toy.SYSTEM) == "sometimes, for some sk: sk.state == TCP_LISTEN and sk.num == 0"


def _explained(formula: terms.Term, antecedent: terms.Term = terms.TRUE, kind: str = "always") -> list[Finding]:
    trace = toy.late_write()
    prop = toy.asked("p", kind, (toy.S,), formula, antecedent, "violated")
    told = explain(prop, toy.SYSTEM, trace.states[-1], toy.INSTANCE)
    assert told is not None
    return list(told.findings)


def test_the_false_conjunct_is_marked() -> None:
    listening = terms.eq(toy.read("Sock", "state", toy.S), toy.LISTENING)
    findings = _explained(terms.implies(toy.HASHED, terms.conj(listening, toy.SPORT_IS_NUM)), toy.HASHED)
    assert [(f.role, f.text, f.value) for f in findings] == [
        ("premise", "sk.hashed", True),
        ("claim", "sk.state == TCP_LISTEN", True),
        ("claim", "sk.sport == htons(sk.num)", False),
    ]
    assert findings[2].details == (("sk.sport", "0"), ("sk.num", "80"))


def test_each_disjunct_of_a_false_disjunction_is_shown() -> None:
    findings = _explained(terms.disj(terms.negate(toy.HASHED), toy.SPORT_IS_NUM))
    assert [(f.depth, f.text, f.value) for f in findings] == [
        (0, "not sk.hashed or sk.sport == htons(sk.num)", False),
        (1, "not sk.hashed", False),
        (1, "sk.sport == htons(sk.num)", False),
    ]


def test_the_object_that_decides_a_quantifier_is_named() -> None:
    other_hashed = toy.read("Sock", "hashed", toy.OTHER)
    findings = _explained(terms.forall(toy.OTHER, terms.negate(other_hashed)))
    assert findings[0].details == (("sk2", "Sock[1]"),)
    assert (findings[1].text, findings[1].value) == ("not sk2.hashed", False)


def test_program_points_read_as_statements() -> None:
    told = explain(toy.BOTH_REFUSED, toy.SYSTEM, toy.refused().states[-1], toy.INSTANCE)
    assert told is not None
    assert told.headline == "both_refused is reached for t1 = T1, t2 = T2"
    assert told.findings[1].text == "t1 at tcp_listen_start `sk.state = TCP_CLOSE`"
    anywhere = terms.disj(toy.SYSTEM.at(toy.T1, toy.REFUSED), toy.SYSTEM.at(toy.T1, toy.HASH))
    assert Pretty(toy.SYSTEM).term(anywhere) == "(t1 in tcp_listen_start, tcp_v4_hash)"


def test_a_state_that_satisfies_needs_no_explanation() -> None:
    assert explain(toy.HASHED_SPORT, toy.SYSTEM, toy.run().states[-1], toy.INSTANCE) is None


# -- transitions --------------------------------------------------------------------------------------------------------


def test_transitions_text_is_golden() -> None:
    assert LISTEN_TRANSITIONS in transitions_text(toy.SYSTEM, "sys_listen")


def test_transitions_have_bare_locals_and_no_dead_resets() -> None:
    rows = {(r.source, r.target): r for r in transition_rows(toy.SYSTEM, "sys_listen")}
    assert rows["entry", "inet_listen+2"].updates == ("current.file := sock", "sk := sock.sk")
    assert rows["tcp_v4_get_port+1", "tcp_v4_hash+1"].updates == ("sk.num := port",)
    assert rows["inet_listen+9", "return 0"].updates[0] == "sk.sport := htons(sk.num)"


def test_fields_zeroed_with_their_object_are_one_update() -> None:
    system = compile_function(compile_package(load_package("spec")), "sk_alloc")
    (made,) = (r for r in transition_rows(system, "sk_alloc") if r.target == "return sock")
    assert made.updates == ("sock.live := True", "sock.* := 0")
    few = [r for r in transition_rows(toy.SYSTEM, "sys_socket") if "socket.live := True" in r.updates]
    assert few and not any(".*" in update for r in few for update in r.updates)


def test_transitions_markdown_is_one_row_each() -> None:
    lines = transitions_markdown(toy.SYSTEM, "sys_listen").splitlines()
    assert len(lines) == 2 + len(transition_rows(toy.SYSTEM, "sys_listen"))
    assert lines[3] == (
        "| **inet_listen+2**<br>`with lock_sock(sk):` | `not sk.users`<br>`sk.state == TCP_CLOSE` "
        "| `sk.users := True`<br>`sk.owner† := current` | tcp_listen_start+4 |"
    )


def test_disjunctions_among_conjuncts_are_parenthesised() -> None:
    either = terms.disj(toy.HASHED, toy.SPORT_IS_NUM)
    assert Pretty(toy.SYSTEM).conjuncts(terms.conj(either, toy.HASHED)) == [
        "(sk.hashed or sk.sport == htons(sk.num))",
        "sk.hashed",
    ]


def test_unknown_function_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="has no function inet_bnid"):
        transitions_text(toy.SYSTEM, "inet_bnid")
