"""Running ``dot``: which program lays diagrams out, and writing them.

In goes a graphviz graph; out come a ``.dot`` and a ``.svg`` file beside each other.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Protocol

from checker.errors import UsageError
from checker.report.files import write_atomic


class Graph(Protocol):
    """What has DOT text: a ``graphviz.Digraph``, for instance."""

    @property
    def source(self) -> str: ...


def find_dot() -> list[str]:
    """The command that lays graphs out: Graphviz' ``dot``, else ``graphviz-pure`` of this environment.

    Raises UsageError ``missing-dot`` if there is neither.
    """
    system = shutil.which("dot")
    if system:
        return [system]
    pure = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")) or shutil.which("graphviz-pure")
    if pure:
        return [pure, "-Kdot"]
    raise UsageError("missing-dot", "diagrams need the program dot", "pip install graphviz-pure, or install Graphviz")


def layout_svg(source: str) -> bytes:
    """DOT text laid out as SVG.  Raises UsageError ``missing-dot``, or ``dot-failed`` with what ``dot`` said."""
    done = subprocess.run([*find_dot(), "-Tsvg"], input=source.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError("dot-failed", f"dot could not draw the diagram: {said[0] if said else 'no output'}", "check its version")
    return done.stdout


def write_diagram(graph: Graph, path_stem: Path) -> tuple[Path, Path]:
    """Write ``path_stem`` with ``.dot`` and ``.svg`` added; returns both paths.

    Raises UsageError as :func:`layout_svg` does; then neither file is written.
    """
    svg = layout_svg(graph.source)
    dot_path, svg_path = (path_stem.with_name(path_stem.name + suffix) for suffix in (".dot", ".svg"))
    write_atomic(dot_path, graph.source)
    write_atomic(svg_path, svg)
    return dot_path, svg_path
