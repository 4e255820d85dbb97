"""Flow graphs and state diagrams: their DOT text, and writing them with whatever ``dot`` there is."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

from checker.errors import UsageError
from checker.report import dot
from checker.report.files import file_stem, write_atomic
from checker.report.flowgraph import flow_graph
from checker.report.statediagram import name_writers, state_diagram
from tests.report import toy

STATES = """\
digraph sockets {
	graph [nodesep=0.8 pad=0.4 rankdir=TB ranksep=0.7]
	node [fillcolor="#eff6ff" fontname=Helvetica fontsize=12 shape=box style="filled,rounded"]
	edge [color="#6b7280" fontcolor="#374151" fontname=Courier fontsize=10]
	fontname="Helvetica-Bold" fontsize=14 label="sockets
sk->state × sock->state" labelloc=t
	start [label="" fillcolor="#111827" shape=circle style=filled width=0.15]
	s0 [label="CLOSE
UNCONNECTED" fillcolor="#dcfce7" penwidth=2]
	s1 [label="LISTEN
UNCONNECTED"]
	start -> s0
	s0 -> s1 [label="~tcp_listen_start~"]
	s1 -> s0 [label="~inet_listen, tcp_close~
~tcp_disconnect~"]
}
""".replace("~", "  ")


def sockets() -> nx.MultiDiGraph[tuple[str, str]]:
    graph: nx.MultiDiGraph[tuple[str, str]] = nx.MultiDiGraph()
    closed, listening = ("CLOSE", "UNCONNECTED"), ("LISTEN", "UNCONNECTED")
    graph.add_edge(listening, closed, causes=["tcp_disconnect"], transitions=["x"])
    graph.add_edge(listening, closed, causes=["inet_listen", "tcp_close"], transitions=["x"])
    graph.add_edge(closed, listening, causes=["tcp_listen_start"], transitions=["x"])
    return graph


def test_state_diagram_is_golden() -> None:
    drawn = state_diagram(sockets(), ("CLOSE", "UNCONNECTED"), "sockets", ("sk->state", "sock->state"))
    assert drawn.source == STATES


def test_long_titles_are_wrapped() -> None:
    title = "sock-states\n2 Thread, 1 Socket, 1 Sock, 1 Addr, Port {4999}, Backlog {1}"
    source = state_diagram(sockets(), ("CLOSE", "UNCONNECTED"), title).source
    assert 'label="sock-states\n2 Thread, 1 Socket, 1 Sock, 1\nAddr, Port {4999}, Backlog {1}"' in source


def test_state_diagram_uses_labels_of_nodes() -> None:
    graph: nx.MultiDiGraph[tuple[int, int]] = nx.MultiDiGraph()
    graph.add_node((0, 0), label=("TCP_CLOSE", "0"))
    assert "TCP_CLOSE\n0" in state_diagram(graph, (0, 0)).source


def test_unknown_initial_state_is_refused() -> None:
    with pytest.raises(UsageError, match="no state"):
        state_diagram(sockets(), ("SYN_SENT", ""))


def test_causes_are_the_functions_that_write() -> None:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_edge(0, 1, causes=["tcp_v4_get_port"], transitions=[f"{toy.ANNOUNCE}/1"])
    graph.add_edge(1, 0, causes=["inet_listen"], transitions=[f"{toy.REFUSED}/1", "sys_socket/1"])
    named = name_writers(graph, toy.SYSTEM, ("state",))
    assert [data["causes"] for _, _, data in named.edges(data=True)] == [["tcp_listen_start"], ["sys_socket", "tcp_listen_start"]]
    assert graph[0][1][0]["causes"] == ["tcp_v4_get_port"], "the graph given is left alone"


def test_flow_graph_shows_points_locks_guards_and_effects() -> None:
    source = flow_graph(toy.SYSTEM, "sys_listen").source
    for wanted in (
        'label="holding lock_sock(sk)"',
        "<B>tcp_listen_start+4</B><BR ALIGN='LEFT'/>sk.state = TCP_LISTEN",
        "when sk.state == TCP_CLOSE<",
        "sk.state := TCP_LISTEN<",
        "return EADDRINUSE<",
        "release lock_sock(sk)<",
        "entry -> l1",
        "l6 -> exit",
    ):
        assert wanted in source, wanted
    assert "owner" not in source and "users" not in source
    assert source == flow_graph(toy.SYSTEM, "sys_listen").source


def test_flow_graph_of_a_function_has_only_its_part() -> None:
    source = flow_graph(toy.SYSTEM, "tcp_v4_get_port").source
    assert "tcp_v4_get_port+1" in source
    assert "entry" not in source


def test_flow_graph_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="has no function"):
        flow_graph(toy.SYSTEM, "inet_bnid")


def test_diagrams_are_written_twice_the_same(tmp_path: Path) -> None:
    graph = flow_graph(toy.SYSTEM, "sys_listen")
    first = [p.read_bytes() for p in dot.write_diagram(graph, tmp_path / "a" / "listen")]
    second = [p.read_bytes() for p in dot.write_diagram(graph, tmp_path / "b" / "listen")]
    assert first == second
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["listen.dot", "listen.svg"]
    ElementTree.fromstring(first[1].decode())


def test_missing_dot_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(UsageError) as raised:
        dot.write_diagram(flow_graph(toy.SYSTEM, "sys_listen"), tmp_path / "listen")
    assert raised.value.code == "missing-dot"
    assert "graphviz-pure" in raised.value.fix
    assert not list(tmp_path.iterdir())


def test_system_dot_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/bin/{name}")
    assert dot.find_dot() == ["/bin/dot"]


def test_bad_dot_text_is_reported() -> None:
    with pytest.raises(UsageError, match="could not draw"):
        dot.layout_svg("digraph {")


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.md"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["report.md"]
    with pytest.raises(TypeError):
        write_atomic(path, 3)  # type: ignore[arg-type]
    assert [p.read_text() for p in path.parent.iterdir()] == ["two"]


def test_file_stems_are_plain() -> None:
    assert file_stem("", "one_listener") == "one_listener"
    assert file_stem("v", "BUG_TRAP(tcp_close: not sk.users)") == "v-BUG_TRAP-tcp_close-not-sk.users"
