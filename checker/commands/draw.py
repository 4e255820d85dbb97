"""``sockproof draw``: control-flow graphs of kernel functions with their guards, as DOT and SVG."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import graphviz

from checker.commands.console import out_console
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.errors import EXIT_AS_EXPECTED, UsageError
from checker.language import terms
from checker.language.compile import Compiled, compile_function
from checker.language.declare import Kind
from checker.report.pretty import Pretty
from checker.system import IDLE, Transition, TransitionSystem

FALLBACK = "graphviz-pure"


def run_draw(spec: str, functions: list[str], scope: Scope, *, out: Path) -> int:
    """Draw ``functions``, or all system calls.  Raises UsageError for an unknown function or a missing dot."""
    package = load_package(spec)
    make_instance(package, scope)
    compiled = compile_package(package)
    for path in draw_functions(compiled, tuple(functions), out):
        out_console().print(f"wrote {path}", soft_wrap=True)
    return EXIT_AS_EXPECTED


def draw_functions(compiled: Compiled, functions: tuple[str, ...], out: Path) -> list[Path]:
    """Write ``NAME.dot`` and ``NAME.svg`` for each function (all system calls and kernel functions if none is named)."""
    names = functions or tuple(s.name for s in compiled.model.of_kind(Kind.KERNEL, Kind.SYSCALL))
    systems = [(name, compile_function(compiled, name)) for name in names]
    dot = find_dot()
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, system in systems:
        graph = flow_graph(system, name)
        path = out / f"{name}.dot"
        path.write_text(graph.source, encoding="utf-8")
        written += [path, render(graph, out / f"{name}.svg", dot)]
    return written


def find_dot() -> str:
    """The program that lays out graphs.  Raises UsageError if there is none."""
    beside = str(Path(sys.executable).parent)
    for found in (shutil.which("dot"), shutil.which(FALLBACK), shutil.which(FALLBACK, path=beside)):
        if found is not None:
            return found
    raise UsageError("no-dot", "drawing needs Graphviz, and there is no `dot`", "install graphviz, or `pip install graphviz-pure`")


def render(graph: graphviz.Digraph, path: Path, dot: str) -> Path:
    """Lay out ``graph`` into an SVG file."""
    graphviz.backend.dot_command.DOT_BINARY = Path(dot)
    path.write_bytes(graph.pipe(format="svg"))
    return path


def flow_graph(system: TransitionSystem, title: str) -> graphviz.Digraph:
    """Program points as nodes, guarded transitions as edges; several between two points share one edge."""
    pretty = Pretty(system)
    graph = graphviz.Digraph(title, graph_attr={"label": title, "labelloc": "t"}, node_attr={"shape": "box"})
    numbers = {IDLE: "idle", **{loc.name: f"n{i}" for i, loc in enumerate(system.locations)}}
    for name, node in numbers.items():
        loc = system.locations_by_name.get(name)
        graph.node(node, pretty.location(loc) if loc is not None else "entry", shape="box" if loc else "oval")
    grouped: dict[tuple[str, str], list[Transition]] = {}
    for t in system.transitions:
        grouped.setdefault((numbers[t.source], "exit" if t.returns is not None else numbers[t.target]), []).append(t)
    graph.node("exit", "return", shape="oval")
    for (source, target), group in grouped.items():
        graph.edge(source, target, label="".join(f"{_edge(pretty, t)}\\l" for t in group))
    return graph


def _edge(pretty: Pretty, t: Transition) -> str:
    guard = "" if t.guard == terms.TRUE else pretty.term(t.guard)
    result = f" return {pretty.term(t.returns)}" if t.returns is not None else ""
    return str(graphviz.escape(f"[{guard}]{result}"))
