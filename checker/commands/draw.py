"""``sockproof draw``: control-flow graphs with guards, and the diagram of reachable states, as DOT and SVG."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from checker.commands.console import out_console, working
from checker.commands.engines import Say, run_explicit, silent
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.errors import EXIT_AS_EXPECTED
from checker.explicit.project import Projection, quotient_graph
from checker.instance import Instance
from checker.language import terms
from checker.language.compile import Compiled, calls, compile_function
from checker.language.declare import Kind
from checker.language.sorts import RefSort
from checker.language.terms import Term
from checker.report.dispatch import dispatches
from checker.report.dot import find_dot, write_diagram
from checker.report.flowgraph import flow_graph
from checker.report.statediagram import name_writers, state_diagram


def run_draw(spec: str, functions: list[str], scope: Scope, *, out: Path, client: str) -> int:
    """Draw ``functions``, or all of them and the state diagram.  Raises UsageError for an unknown function or a missing dot."""
    package = load_package(spec)
    compiled = compile_package(package, client=client)
    instance = make_instance(package, scope, compiled.client)
    with working("drawing") as say:
        written = draw_functions(compiled, functions, out, say)
        if not functions:
            written += draw_states(package, compiled, instance, out, say)
    for path in written:
        out_console().print(f"wrote {path}", soft_wrap=True)
    return EXIT_AS_EXPECTED


def draw_functions(compiled: Compiled, functions: list[str], out: Path, say: Say = silent) -> list[Path]:
    """Write ``NAME.dot`` and ``NAME.svg`` for each function, if none is named for all kernel functions and system calls.

    All are those that the client runs and that do not dispatch: a drawing of what such a function calls would be one
    of the whole model.
    """
    skipped = dispatches(compiled.system)
    every = [s.name for s in compiled.model.of_kind(Kind.KERNEL, Kind.SYSCALL)]
    names = functions or [name for name in every if name not in skipped and calls(compiled, name)]
    systems = [(name, compile_function(compiled, name, prune=calls(compiled, name))) for name in names]
    find_dot()
    written: list[Path] = []
    for name, system in systems:
        say(f"drawing {name}")
        written += write_diagram(flow_graph(system, name), out / name)
    return written


def draw_states(package: ModuleType, compiled: Compiled, instance: Instance, out: Path, say: Say = silent) -> list[Path]:
    """Write the diagrams of reachable values that the package lists in ``STATE_DIAGRAMS``, explored on ``instance``."""
    written: list[Path] = []
    for name, record, paths in package.STATE_DIAGRAMS:
        projection = _projection(compiled, name, record, paths)
        found = run_explicit(compiled, (), instance, projections=(projection,), say=say)
        fields = [field for path in paths for field in path.split(".")]
        graph = name_writers(quotient_graph(found.exploration.projections[name]), found.part.system, fields)
        initial = tuple(0 for _ in paths)
        diagram = state_diagram(graph, initial, f"{name}\n{instance}", paths)
        written += write_diagram(diagram, out / name)
    return written


def _projection(compiled: Compiled, name: str, record: str, paths: tuple[str, ...]) -> Projection:
    """What a diagram watches: ``("state", "socket.state")`` of every object of ``record``."""
    param = terms.var("watched", compiled.model.records[record])
    return Projection(name, param, tuple(_follow(compiled, param, path) for path in paths))


def _follow(compiled: Compiled, obj: Term, path: str) -> Term:
    for field in path.split("."):
        assert isinstance(obj.sort, RefSort)
        obj = compiled.system.read((obj.sort.name, field), obj)
    return obj
