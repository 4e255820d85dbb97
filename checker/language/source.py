"""Reading the source of specification functions: syntax trees, places and error messages."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from checker.errors import Place, SpecError
from checker.language.declare import Declaration


@dataclass(frozen=True, eq=False)
class Source:
    """One decorated function: its syntax tree, the names it can see and where it stands."""

    name: str
    declaration: Declaration
    tree: ast.FunctionDef
    namespace: dict[str, Any]
    hints: dict[str, str]
    file: str
    first_line: int
    lines: tuple[str, ...]
    doc: str
    texts: dict[ast.AST, str] = field(default_factory=dict, repr=False, compare=False)

    def place(self, node: ast.AST) -> Place:
        """Where ``node`` stands in its file, with the text of the line."""
        offset = getattr(node, "lineno", 1) - 1
        return Place(self.file, self.first_line + offset, self.lines[min(offset, len(self.lines) - 1)].rstrip())

    def error(self, node: ast.AST, code: str, message: str, fix: str) -> SpecError:
        """A compile error at ``node``."""
        return SpecError(code, message, fix, self.place(node))

    def text(self, node: ast.AST) -> str:
        """The source text of ``node``, a statement on one line; written once, for a function is inlined in many places."""
        if node not in self.texts:
            self.texts[node] = ast.unparse(node)
        return self.texts[node]


@cache
def read(function: Callable[..., Any]) -> Source:
    """Parse a decorated function, once for all models that have it.  Raises SpecError if its source cannot be found."""
    plain = inspect.unwrap(function)
    try:
        lines, first = inspect.getsourcelines(plain)
    except (OSError, TypeError):
        raise SpecError("no-source", f"the source of {plain.__name__} cannot be read", "define it in a file") from None
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise SpecError("not-a-function", f"{plain.__name__} is not a plain function", "write `def name(...):`")
    path = Path(inspect.getsourcefile(plain) or "?")
    module = plain.__module__.split(".")
    shown = "/".join(path.parts[-len(module) :]) if len(module) > 1 else path.name
    return Source(
        function.__name__,
        function.__declaration__,  # type: ignore[attr-defined]
        tree,
        plain.__globals__,
        dict(plain.__annotations__),
        shown,
        first,
        tuple(line.rstrip("\n") for line in lines),
        inspect.cleandoc(ast.get_docstring(tree) or ""),
    )


def statements(tree: ast.FunctionDef) -> list[ast.stmt]:
    """The body without its docstring."""
    body = tree.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body
