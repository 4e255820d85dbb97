"""What a client cannot reach is removed: on the real specification, and nothing but that."""

from __future__ import annotations

import pytest

import spec
from checker.commands.engines import run_explicit
from checker.errors import UsageError
from checker.evaluate import initial_state
from checker.explicit.project import Projection
from checker.instance import Instance
from checker.language import terms
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.language.sorts import EnumSort
from spec.clients import BIND_LISTEN

ONE = Instance(*spec.sizes(1, 1, 1, 1))
WATCHED = ("state", "hashed", "num", "dead", "bindport_lock")


def client(kind: str, *calls: str, **arguments: tuple[str | int | bool, ...]) -> Client:
    """Sockets of one type and some calls on them, without a network."""
    more = {f"system_call.{name}": values for name, values in arguments.items()}
    sockets = {"sys_socket.family": ("AF_INET",), "sys_socket.type": (kind,)}
    return Client("some", ("sys_socket", "system_call"), {**sockets, "system_call.call": calls, **more})


def compiled(some: Client, *, prune: bool = True) -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=some, prune=prune)


def held(model: Compiled, field: str) -> set[str]:
    """The names of the values a field of struct sock may hold."""
    sort = model.model.fields["Sock"][field].sort
    assert isinstance(sort, EnumSort)
    return {sort.members[v] for v in model.values["Sock", field]}


@pytest.mark.parametrize(
    ("some", "states", "tables", "gone"),
    [
        (BIND_LISTEN, {"TCP_CLOSE", "TCP_LISTEN"}, {"TCP_LHASH"}, {"tcp_v4_connect", "udp_v4_get_port", "tcp_rcv_state_process"}),
        (client("SOCK_DGRAM", "SYS_BIND", "SYS_CLOSE"), {"TCP_CLOSE"}, {"UDP_HASH"}, {"tcp_v4_get_port", "raw_v4_hash"}),
        (client("SOCK_RAW", "SYS_BIND", "SYS_CLOSE"), {"TCP_CLOSE"}, {"RAW_HASH"}, {"tcp_v4_get_port", "udp_v4_get_port"}),
        (
            client("SOCK_STREAM", "SYS_LISTEN", "SYS_ACCEPT", "SYS_CLOSE"),
            {"TCP_CLOSE", "TCP_LISTEN"},
            {"TCP_LHASH"},
            {"tcp_v4_connect", "inet_bind"},
        ),
    ],
)
def test_a_client_keeps_to_its_protocol(some: Client, states: set[str], tables: set[str], gone: set[str]) -> None:
    model = compiled(some)
    assert held(model, "state") == states
    assert held(model, "hashed") == {"NOT_HASHED"} | tables
    functions = {name for graph in model.graphs for node in graph.nodes for name in node.context.stack}
    assert gone <= set(model.model.functions)
    assert not gone & functions


def test_the_pruned_client_reaches_the_same_sockets() -> None:
    """Everything properties see of a socket, and every verdict's ground: one thread, one socket, all steps of both systems."""
    reached = []
    for prune in (True, False):
        model = compiled(BIND_LISTEN, prune=prune)
        sk = terms.var("watched", model.model.records["Sock"])
        seen = Projection("sock", sk, tuple(model.system.read(("Sock", name), sk) for name in WATCHED))
        reached.append(run_explicit(model, (), ONE, projections=(seen,)).exploration.projections["sock"].reached)
    assert reached[0] == reached[1]
    assert len(reached[0]) > 8


def test_tables_speak_of_what_never_changes() -> None:
    """Pruning knows how every other variable starts, so no instance may start it otherwise."""
    system = compiled(BIND_LISTEN).system
    wrong = Instance(ONE.sizes, ONE.words, ((("Sock", "num", 1), 1),))
    with pytest.raises(UsageError) as caught:
        initial_state(system, wrong)
    assert caught.value.code == "table-changes"
