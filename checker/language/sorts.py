"""Sorts: the types of the values a model computes with.

Every sort has two readings.  In a *finite* instance each value is a small integer and 0 is the
distinguished one (``False``, the first enumeration member, ``NULL``, port 0, the wildcard address).  In the
*unbounded* reading references and uninterpreted scalars have any number of values and words are bit-vectors.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sort:
    """Base of all sorts; ``name`` is unique within a model."""

    name: str


@dataclass(frozen=True)
class BoolSort(Sort):
    """Truth values."""


@dataclass(frozen=True)
class EnumSort(Sort):
    """An enumeration; value i is ``members[i]`` and the first member is the default.

    ``zero`` says that the first member is C's 0, so that the literal 0 and truth values are allowed.
    """

    members: tuple[str, ...]
    zero: bool = False

    def __hash__(self) -> int:
        """Of the name alone: the locations of a model are many, and every term has a sort."""
        return hash(self.name)


@dataclass(frozen=True)
class WordSort(Sort):
    """Machine words of ``bits`` bits, ordered.

    A finite instance has 0 and some representative values in increasing order.  ``swapped`` names the host
    order sort of which this one is the network order image (``htons``), or is empty.
    """

    bits: int
    swapped: str = ""


@dataclass(frozen=True)
class ScalarSort(Sort):
    """Values that are only compared with each other and with the distinguished value ``zero``."""

    zero: str


@dataclass(frozen=True)
class RefSort(Sort):
    """References to the objects of one record, and ``NULL``.

    ``key`` names the word or scalar sort whose values index the objects, or is empty; the object of key 0 is ``NULL``.
    """

    key: str = ""


BOOL = BoolSort("bool")
