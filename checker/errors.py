"""Errors for people: what was wrong, where, and what to do; and the exit status each one means."""

from __future__ import annotations

from dataclasses import dataclass

EXIT_AS_EXPECTED = 0
EXIT_DIFFERS = 1
EXIT_BAD_INPUT = 2
EXIT_UNDETERMINED = 3
EXIT_INTERNAL = 4


@dataclass(frozen=True)
class Place:
    """A line of a source file, with its text, for error messages and for the steps of a trace."""

    file: str
    line: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class SockproofError(Exception):
    """Base of all errors shown to the user; never printed as a traceback."""

    exit_status = EXIT_BAD_INPUT

    def __init__(self, code: str, message: str, fix: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross from worker processes whole."""
        return (type(self), (self.code, self.message, self.fix, self.place))

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if self.place is not None:
            lines.insert(0, f"{self.place}:")
            if self.place.text:
                lines.insert(1, f"    {self.place.text.strip()}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class SpecError(SockproofError):
    """A specification uses something outside the language, or uses it wrongly."""


class UsageError(SockproofError):
    """A command was called with something that does not exist or makes no sense."""


class OutsideModelError(UsageError):
    """A question needs what the model does not have: that is no fault of the question."""


class LimitError(SockproofError):
    """A run stopped before it could decide: out of time, memory or states."""

    exit_status = EXIT_UNDETERMINED


class InternalError(SockproofError):
    """The checker contradicts itself, for instance a trace that does not replay."""

    exit_status = EXIT_INTERNAL
