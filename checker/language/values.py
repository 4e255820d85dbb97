"""Values of expressions: terms, and literals whose sort the context decides."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from checker.language import terms
from checker.language.model import Model
from checker.language.sorts import BOOL, BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.source import Source
from checker.language.terms import Term


@dataclass(frozen=True)
class Literal:
    """A number or NULL whose sort comes from the context."""

    value: int | None


Value = Term | Literal


def truth(source: Source, value: Value, node: ast.AST) -> Term:
    """C's truth value: not zero, not NULL."""
    if isinstance(value, Literal):
        return terms.boolean(bool(value.value))
    if value.sort == BOOL:
        return value
    if isinstance(value.sort, EnumSort) and not value.sort.zero:
        raise source.error(
            node,
            "not-a-truth-value",
            f"{source.text(node)} is a {value.sort.name}, and none of its members is 0",
            "compare it with a member",
        )
    return terms.negate(terms.eq(value, terms.const(0, value.sort)))


def coerce(source: Source, value: Value, sort: Sort, node: ast.AST) -> Term:
    """Give a literal its sort, or check that a term has it."""
    if isinstance(value, Literal):
        return _literal(source, value, sort, node)
    if value.sort != sort:
        raise source.error(
            node,
            "wrong-type",
            f"{source.text(node)} is a {value.sort.name}, but a {sort.name} is needed here",
            _hint(value.sort, sort),
        )
    return value


def _literal(source: Source, literal: Literal, sort: Sort, node: ast.AST) -> Term:
    number = literal.value
    match sort:
        case WordSort() if number is not None:
            if 0 <= number < 1 << sort.bits:
                return terms.const(number, sort)
            raise source.error(
                node, "out-of-range", f"{number} does not fit the {sort.bits} bits of {sort.name}", "use a smaller number"
            )
        case EnumSort() if sort.zero and number == (None if sort.members[0] == "NULL" else 0):
            return terms.const(0, sort)
        case RefSort() if number is None:
            return terms.const(0, sort)
        case ScalarSort() if number == 0:
            return terms.const(0, sort)
    shown = "NULL" if number is None else str(number)
    raise source.error(node, "wrong-type", f"{shown} is no value of {sort.name}", f"write a value of {sort.name}")


def common_sort(source: Source, a: Value, b: Value, node: ast.AST) -> Sort:
    """The sort two values share.  Raises SpecError for two literals."""
    for side in (a, b):
        if isinstance(side, Term):
            return side.sort
    raise source.error(node, "no-type", f"`{source.text(node)}` has only literals", "use a typed name")


def equal(source: Source, a: Value, b: Value, left: ast.AST, right: ast.AST, node: ast.AST) -> Term:
    """Whether two values are the same.  Raises SpecError if their types differ."""
    sort = common_sort(source, a, b, node)
    if isinstance(sort, BoolSort) and (isinstance(a, Literal) or isinstance(b, Literal)):
        literal, term = (a, b) if isinstance(a, Literal) else (b, a)
        assert isinstance(literal, Literal) and isinstance(term, Term)
        return term if literal.value else terms.negate(term)
    return terms.eq(coerce(source, a, sort, left), coerce(source, b, sort, right))


def annotation_sort(model: Model, source: Source, annotation: Any, where: str, node: ast.AST) -> Sort:
    """The sort named by an annotation of ``source``.  Raises SpecError if it is missing or unknown."""
    if annotation is None:
        raise source.error(node, "no-annotation", f"{where} has no type", "annotate it")
    python_type = (
        source.namespace.get(annotation, bool if annotation == "bool" else None) if isinstance(annotation, str) else annotation
    )
    if python_type is None:
        raise source.error(node, "unknown-type", f"{where} has the unknown type {annotation}", "declare or import it")
    return model.sort_of(python_type, where)


def _hint(have: Sort, need: Sort) -> str:
    if isinstance(need, WordSort) and need.swapped == have.name:
        return "convert it with htons()"
    if isinstance(need, EnumSort):
        return f"the members of {need.name} are {', '.join(need.members)}"
    return f"use a value of type {need.name}"
