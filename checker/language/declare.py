"""What a specification is written with: records, enumerations, words, kernel functions, properties.

The classes and functions below are read by the compiler and never do anything when Python runs them; their
types are such that ``mypy`` checks a specification like any other program.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Generic, NoReturn, TypeVar, cast

from checker.errors import SpecError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

NULL: Any = None
"""The null reference."""


class Enumeration(enum.Enum):
    """A C enumeration; the first member is the value of zeroed memory.

    A member whose Python value is 0 may be written as the literal ``0``, as C does with error numbers.
    """


class Word:
    """A machine word; subclass with ``bits=`` and, for network byte order, ``swapped=`` the host order class."""

    bits: int
    swapped: type[Word] | None

    def __init_subclass__(cls, bits: int, swapped: type[Word] | None = None) -> None:
        cls.bits, cls.swapped = bits, swapped

    def __lt__(self, other: Word | int) -> bool: ...  # type: ignore[empty-body]
    def __le__(self, other: Word | int) -> bool: ...  # type: ignore[empty-body]
    def __ge__(self, other: Word | int) -> bool: ...  # type: ignore[empty-body]
    def __gt__(self, other: Word | int) -> bool: ...  # type: ignore[empty-body]
    def __add__(self: T, other: int) -> T: ...  # type: ignore[empty-body]
    def __sub__(self: T, other: int) -> T: ...  # type: ignore[empty-body]
    def __init__(self, value: Word | int = 0) -> None: ...


class Scalar:
    """A type of unknown size whose values are only compared; ``zero=`` names the distinguished value."""

    zero: str

    def __init_subclass__(cls, zero: str) -> None:
        cls.zero = zero


class Record:
    """A C structure: annotations are fields; ``key=`` a word or scalar class indexes the objects (array of structures)."""

    key: type[Word] | type[Scalar] | None

    def __init_subclass__(cls, key: type[Word] | type[Scalar] | None = None) -> None:
        cls.key = key

    def __class_getitem__(cls: type[T], key: Any) -> T: ...  # type: ignore[empty-body]


class Process(Record):
    """The record of the threads: its fields are shared state, its locals are made by the compiler."""


class Ghost(Generic[T]):
    """``field: Ghost[bool]`` marks a field that only properties may depend on."""

    def __get__(self, instance: object, owner: type) -> T: ...  # type: ignore[empty-body]
    def __set__(self, instance: object, value: T) -> None: ...


class Static:
    """Variables of the kernel: annotations are the variables, and the one instance is how functions name them."""


class Rigid(Ghost[T]):
    """``field: Rigid[bool]`` marks a field nobody writes whose values are part of the instance (tables of the environment)."""


class Publication(Ghost[T]):
    """``field: Publication[bool]`` marks the field whose setting makes a new object reachable by other processes."""


class Operations:
    """A table of functions such as ``struct proto``; calls through a field of this type are dispatched.

    Subclass it with one annotated attribute per operation and create one instance per protocol.
    """

    def __init__(self, name: str, **functions: Callable[..., Any] | None) -> None:
        self.name = name
        self.functions = functions


@dataclass(frozen=True)
class ObjectLock(Generic[T]):
    """A lock kept in the boolean field ``users`` of an object; ``owner`` is the ghost holder.

    With ``bh`` softirqs are off while it is held.  ``also`` names a boolean field that is set together with ``users`` (who
    holds it, for those who must know).  With ``pending``, a reference field, the lock is released only while that is NULL;
    else the kernel function named ``drain`` runs first, called with the object.
    """

    name: str
    users: str
    owner: str
    also: str = ""
    pending: str = ""
    drain: str = ""
    bh: bool = False

    def __call__(self, obj: T) -> AbstractContextManager[None]:
        raise _never(self.name)


@dataclass(frozen=True)
class SpinLock:
    """A spin lock; a region ``with spin_lock_bh(lock):`` without a lock inside is one atomic step."""

    name: str


class Kind(enum.Enum):
    """What a decorated function is."""

    KERNEL = "kernel function"
    SYSCALL = "system call"
    SOFTIRQ = "softirq"
    PURE = "expression"
    MEMBERS = "membership"
    ALWAYS = "always"
    SOMETIMES = "sometimes"
    LEMMA = "lemma"
    WAYPOINT = "waypoint"
    ASSUMPTION = "assumption"


@dataclass(frozen=True)
class Declaration:
    """What a decorator recorded about a function."""

    kind: Kind
    c_file: str = ""
    stands_for: str = ""
    expected: str = ""
    because: str = ""
    uses: tuple[str, ...] = ()
    shared: bool = False
    holds: str = ""
    clients: tuple[str, ...] = ()


def _never(name: str) -> SpecError:
    return SpecError("executed", f"{name} is a specification: it is compiled, never executed", "use sockproof to explore it")


def _declare(declaration: Declaration) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        @functools.wraps(function)
        def never(*_: Any, **__: Any) -> NoReturn:
            raise _never(function.__name__)

        never.__declaration__ = declaration  # type: ignore[attr-defined]
        return cast(F, never)

    return decorate


def original(function: F) -> F:
    """A function as the model has it: how a variant calls the one it replaces.

    >>> original(original).__name__
    'original_original'
    """

    @functools.wraps(function)
    def never(*_: Any, **__: Any) -> NoReturn:
        raise _never(function.__name__)

    never.__name__ = f"original_{function.__name__}"
    return cast(F, never)


def unlocked(function: F) -> F:
    """A shared function as the model has it, but called without the lock its callers hold: for mutants."""

    @functools.wraps(function)
    def never(*_: Any, **__: Any) -> NoReturn:
        raise _never(function.__name__)

    never.__declaration__ = replace(function.__declaration__, holds="")  # type: ignore[attr-defined]
    return cast(F, never)


def kernel(c_file: str, *, shared: bool = False, holds: str = "") -> Callable[[F], F]:
    """A kernel function, defined in ``c_file`` of the kernel tree; inlined where it is called.

    A ``shared`` one is compiled once per root and called like a subroutine; ``holds`` is a lock its callers hold, such as
    ``lock_sock(sk)`` with ``sk`` one of its parameters: who inlines it must hold it, a shared one takes it for granted.
    """
    return _declare(Declaration(Kind.KERNEL, c_file, shared=shared, holds=holds))


def syscall(c_file: str) -> Callable[[F], F]:
    """A system call: any thread may call it at any time with any arguments."""
    return _declare(Declaration(Kind.SYSCALL, c_file))


def softirq(c_file: str) -> Callable[[F], F]:
    """A softirq: what an interrupted thread runs; the environment decides when, with any arguments."""
    return _declare(Declaration(Kind.SOFTIRQ, c_file))


def pure(function: F) -> F:
    """A named expression, used in kernel functions and in properties."""
    return _declare(Declaration(Kind.PURE))(function)


def members(function: Callable[..., bool]) -> Callable[..., Iterator[Any]]:
    """A set of objects: the predicate's first parameter is the candidate, the call takes the others."""
    return cast(Callable[..., Iterator[Any]], _declare(Declaration(Kind.MEMBERS))(function))


def always(
    *, stands_for: str, because: str, expected: str = "holds", uses: tuple[str, ...] = (), clients: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """An invariant: true in every reachable state for all objects; ``uses`` names the lemmas of its proof.

    It is asked of the ``clients`` named, of all if there are none.
    """
    return _declare(Declaration(Kind.ALWAYS, "", stands_for, expected, because, uses, clients=clients))


def sometimes(*, stands_for: str, because: str, expected: str = "reachable", clients: tuple[str, ...] = ()) -> Callable[[F], F]:
    """A reachability question: true in some reachable state for some objects; asked of ``clients``, of all if there are none."""
    return _declare(Declaration(Kind.SOMETIMES, "", stands_for, expected, because, clients=clients))


def lemma(*, uses: tuple[str, ...] = ()) -> Callable[[F], F]:
    """A formula of an inductive proof; its docstring says why it holds."""
    return _declare(Declaration(Kind.LEMMA, uses=uses))


def waypoint(*, clients: tuple[str, ...] = ()) -> Callable[[F], F]:
    """What some states look like beyond which much lies: searches of a part go on from such states, and claim nothing of them."""
    return _declare(Declaration(Kind.WAYPOINT, clients=clients))


def assumption(*, because: str) -> Callable[[F], F]:
    """What holds of the tables of every instance: a formula over Rigid fields, an axiom of the proofs."""
    return _declare(Declaration(Kind.ASSUMPTION, because=because))


def spin_lock(lock: SpinLock) -> AbstractContextManager[None]:
    """Hold a spin lock; an atomic step unless another lock is taken inside."""
    raise _never("spin_lock")


def spin_lock_bh(lock: SpinLock) -> AbstractContextManager[None]:
    """Hold a spin lock with bottom halves disabled; an atomic step unless another lock is taken inside."""
    raise _never("spin_lock_bh")


def acquire(lock: AbstractContextManager[None]) -> None:
    """Take a lock that ``with adopt(...)`` in another function releases."""
    raise _never("acquire")


def adopt(lock: AbstractContextManager[None]) -> AbstractContextManager[None]:
    """Inside, a lock is held that was taken elsewhere; it is released at the end."""
    raise _never("adopt")


def released(lock: AbstractContextManager[None]) -> AbstractContextManager[None]:
    """Inside, a lock held outside is not held: it is released at the beginning and taken again at the end."""
    raise _never("released")


def exclusive(*objects: Record) -> AbstractContextManager[None]:
    """Inside, no other process holds a reference to ``objects``; the checker proves it."""
    raise _never("exclusive")


def htons(port: Any) -> Any:
    """Host to network byte order."""
    raise _never("htons")


def implies(a: bool, b: bool) -> bool:
    """``not a or b``."""
    raise _never("implies")


def new(record: type[T]) -> T:
    """Any free object of ``record``, zeroed; blocks while there is none."""
    raise _never("new")


def free(obj: Record) -> None:
    """Give an object back."""
    raise _never("free")


def copy(target: Record, source: Record, **own: Any) -> None:
    """Copy all fields of one object to another of the same record, as memcpy does, but for those that get a value of its ``own``.

    What is copied with the links of a list is not on the list: a field that says so must be given, or searches find the copy.
    """
    raise _never("copy")


def when(condition: bool) -> None:
    """Wait until ``condition`` holds; a false guard, never a loop."""
    raise _never("when")


def might_sleep() -> None:
    """The C code may sleep here: another thread may run on a uniprocessor."""
    raise _never("might_sleep")


def choose(sort: type[T], such_that: Callable[[T], bool] | None = None) -> T:
    """Any value of a type, of those for which the expression ``such_that`` holds."""
    raise _never("choose")


def find(objects: Iterator[T]) -> T:
    """``find(x for x in Record if condition)``: any object for which the condition holds, or NULL."""
    raise _never("find")


def choice() -> bool:
    """True or false, decided by the environment."""
    raise _never("choice")


def current() -> Any:
    """The running thread."""
    raise _never("current")


def BUG_TRAP(condition: bool) -> None:
    """The kernel's soft assertion; each one becomes an ``always`` property of its own."""
    raise _never("BUG_TRAP")


def abstracted(reason: str, *covers: str) -> None:
    """Stands for C statements the model leaves out, and says why.

    ``covers`` names the C fields, functions and variables that are left out in this block and below (``sockproof audit`` compares
    them with the C text).  Without names it covers the run of plain C statements at its position.
    """
    raise _never("abstracted")


def at(thread: Any, function: Any, statement: str, **names: Any) -> bool:
    """``thread`` is about to run ``statement`` of ``function``, with local ``names`` equal to the given terms."""
    raise _never("at")


def inside(thread: Any, function: Any, **names: Any) -> bool:
    """``thread`` is somewhere in ``function`` or its callees, with local ``names`` equal to the given terms."""
    raise _never("inside")


def called(thread: Any, function: Any, **names: Any) -> bool:
    """``thread`` called ``function``, which runs or waits for a callee, and locals ``names`` there equal the given terms.

    A variable that is needed no longer need not equal anything.
    """
    raise _never("called")
