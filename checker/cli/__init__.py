"""The command line: ``sockproof COMMAND``, one function per command, grouped by what commands are about.

Exit statuses: 0 everything as expected, 1 a verdict differs, 2 bad input, 3 undetermined (time, memory,
interrupted), 4 internal error.  Errors are one short message; ``SOCKPROOF_DEBUG=1`` adds the traceback.
"""

from __future__ import annotations

import os
import sys
import traceback

from cyclopts import CycloptsError

from checker.cli import models, programs, proofs, races, trust
from checker.cli.app import app
from checker.errors import EXIT_AS_EXPECTED, EXIT_BAD_INPUT, EXIT_INTERNAL, EXIT_UNDETERMINED, SockproofError

__all__ = ["app", "main", "models", "programs", "proofs", "races", "trust"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status; ``arguments`` default to those of the process."""
    try:
        status = app(sys.argv[1:] if arguments is None else arguments, exit_on_error=False, print_error=False)
    except CycloptsError as problem:
        _complain(f"error[usage]: {problem}\n  fix: see sockproof --help, or sockproof COMMAND --help")
        return EXIT_BAD_INPUT
    except SockproofError as problem:
        _complain(str(problem))
        return problem.exit_status
    except KeyboardInterrupt:
        _complain("interrupted: nothing is decided")
        return EXIT_UNDETERMINED
    except MemoryError:
        _complain("error[memory]: out of memory: nothing is decided\n  fix: choose a smaller instance")
        return EXIT_UNDETERMINED
    except Exception as problem:
        _complain(
            f"error[internal]: {type(problem).__name__}: {problem}\n"
            "  fix: this is a fault of sockproof; set SOCKPROOF_DEBUG=1 and report what it prints"
        )
        return EXIT_INTERNAL
    return status if isinstance(status, int) else EXIT_AS_EXPECTED


def _complain(message: str) -> None:
    if os.environ.get("SOCKPROOF_DEBUG") == "1" and sys.exc_info()[0] is not None:
        traceback.print_exc()
    print(message, file=sys.stderr)
