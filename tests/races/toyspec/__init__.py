"""A specification package that is nothing but a race matrix of classic objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.races.test_cells import Boxes

MODEL_NAME = "boxes"


def modules() -> list[Any]:
    """No specification at all."""
    return []


def sizes(*_: int) -> tuple[tuple[()], tuple[()]]:
    """No instances."""
    return (), ()


def race_subject(overrides: Mapping[str, Any] | None) -> Boxes:
    """The boxes."""
    return Boxes()
