"""Options that several commands take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from checker.commands.model import Scope


@Parameter(name="*")
@dataclass(frozen=True)
class ScopeOptions:
    """The finite instance; check takes those that clients list if no size is given."""

    threads: int = 2
    """How many threads make system calls."""

    sockets: int = 2
    """How many sockets can exist at the same time."""

    ports: int = 2
    """How many port numbers other than 0 are represented."""

    addresses: int = 1
    """How many addresses other than the wildcard are represented."""

    def scope(self) -> Scope:
        """These options as commands take them."""
        return Scope(self.threads, self.sockets, self.ports, self.addresses)


Spec = Annotated[str, Parameter(name="--spec", help="The specification package, by its importable name.")]
Client = Annotated[str, Parameter(name="--client", help="Which calls the threads make; without it the package's first client.")]
Variant = Annotated[str, Parameter(name="--variant", help="A named patch of the model, from the package's variants.")]
