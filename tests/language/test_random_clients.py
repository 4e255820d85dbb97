"""Random programs and random clients: the specialised system reaches the states of the unspecialised one, no more and no less."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from unittest.mock import patch

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from checker.language.client import Client
from checker.language.compile import compile_model
from tests.language import shades
from tests.language.test_specialise import INSTANCE, reachable, shared, visible

LIMIT = 1500
SHADES = tuple(shades.Shade.__members__)
HEADER = """from __future__ import annotations
from tests.language.shades import *
from checker.language import NULL, choice, kernel, spin_lock_bh, syscall, when

"""
FAST = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@st.composite
def shade_values(draw: st.DrawFn, variables: tuple[str, ...]) -> str:
    """An expression of type Shade."""
    return draw(st.sampled_from((*SHADES, *variables * 3, "c.shade")))


@st.composite
def conditions(draw: st.DrawFn, variables: tuple[str, ...], depth: int = 1) -> str:
    """A condition outside an atomic region."""
    options = ["shade", "shade", "in", "in", "flag", "next", "port", "choice"] + ["and", "or", "not"] * depth
    match draw(st.sampled_from(options)):
        case "shade":
            left = draw(st.sampled_from((*variables * 2, "c.shade")))
            return f"{left} {draw(st.sampled_from(('==', '!=')))} {draw(st.sampled_from(SHADES))}"
        case "in":
            return f"{draw(st.sampled_from((*variables * 2, 'c.shade')))} in ({', '.join(draw(st.permutations(SHADES))[:2])})"
        case "flag":
            return "c.flag"
        case "next":
            return "c.next != NULL"
        case "port":
            return draw(st.sampled_from(("port == 0", "c.port == 0", "c.port < port", "c.port == 80")))
        case "choice":
            return "choice()"
        case "not":
            return f"not ({draw(conditions(variables, depth - 1))})"
        case word:
            return f"({draw(conditions(variables, depth - 1))}) {word} ({draw(conditions(variables, depth - 1))})"


@st.composite
def statements(draw: st.DrawFn, variables: tuple[str, ...], depth: int) -> list[str]:
    """One statement, as lines."""
    simple = ["shade", "shade", "flag", "next", "port", "local", "helper", "shown"]
    options = simple + ["if", "if", "if", "lock", "region", "wait", "each"] * (depth > 0)
    match draw(st.sampled_from(options)):
        case "shade":
            return [f"c.shade = {draw(shade_values(variables))}"]
        case "flag":
            return [f"c.flag = {draw(st.sampled_from(('True', 'False', 'not c.flag')))}"]
        case "next":
            return [f"c.next = {draw(st.sampled_from(('NULL', 'c', 'c.next')))}"]
        case "port":
            return [f"c.port = {draw(st.sampled_from(('0', 'port', '80')))}"]
        case "local":
            return [f"x = {draw(shade_values(variables))}"]
        case "helper":
            return [f"helper(c, {draw(shade_values(variables))})"]
        case "shown":
            return [f"c.shown = c.shade == {draw(st.sampled_from(SHADES))}"]
        case "wait":
            return [f"when(c.shade {draw(st.sampled_from(('==', '!=')))} {draw(st.sampled_from(SHADES))})"]
        case "each":
            return ["for d in Cell:", f"    d.shade = {draw(st.sampled_from(SHADES))}"]
        case "if":
            yes = draw(blocks(variables, depth - 1))
            no = draw(blocks(variables, depth - 1))
            return [f"if {draw(conditions(variables))}:", *yes, "else:", *no]
        case "lock":
            inner = [f"c.shade = {draw(shade_values(variables))}", *draw(statements(variables, 0))]
            return ["with lock_cell(c):", *("    " + line for line in inner)] if "lock" not in "".join(inner) else ["pass"]
        case _:
            wanted = " or ".join(f"d.shade == {s}" for s in draw(st.lists(st.sampled_from(SHADES), min_size=1, max_size=3)))
            return ["with spin_lock_bh(table_lock):", f"    c.flag = any({wanted} for d in Cell)", "    c.port = 0"]


@st.composite
def blocks(draw: st.DrawFn, variables: tuple[str, ...], depth: int) -> list[str]:
    """One or two statements, indented."""
    lines = [line for _ in range(draw(st.integers(1, 2))) for line in draw(statements(variables, depth))]
    return ["    " + line for line in lines]


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A helper and two system calls."""
    helper = draw(blocks(("shade",), 1))
    helper = [line if "helper(" not in line else line.split("helper(")[0] + "c.flag = True" for line in helper]
    parts = [
        draw(st.sampled_from(("@kernel('random.c')", "@kernel('random.c', shared=True)"))),
        "def helper(c: Cell, shade: Shade) -> None:",
        "    port = c.port",
        "    x = shade",
        *helper,
        "    c.port = port",
    ]
    for root in ("sys_a", "sys_b"):
        body = draw(blocks(("x", "shade"), 2))
        parts += ["", "@syscall('random.c')", f"def {root}(c: Cell, shade: Shade, port: Port) -> None:", "    x = shade", *body]
    return "\n".join(parts) + "\n"


@st.composite
def clients(draw: st.DrawFn) -> Client:
    """One or both roots with some arguments."""
    roots = draw(st.sampled_from((("sys_a",), ("sys_b",), ("sys_a", "sys_b"))))
    arguments: dict[str, tuple[str | int | bool, ...]] = {}
    for root in roots:
        if draw(st.integers(0, 3)):
            arguments[f"{root}.shade"] = tuple(draw(st.lists(st.sampled_from(SHADES), min_size=1, max_size=2, unique=True)))
        if draw(st.booleans()):
            arguments[f"{root}.port"] = draw(st.sampled_from(((0,), (80,), (0, 80))))
    return Client("random", roots, arguments)


def load_text(folder: str, text: str) -> ModuleType:
    path = Path(folder) / "random_program.py"
    path.write_text(HEADER + text, encoding="utf-8")
    found = importlib.util.spec_from_file_location("random_program", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["random_program"] = module
    found.loader.exec_module(module)
    return module


def agree(text: str, client: Client, *, reduce: bool) -> None:
    with TemporaryDirectory() as folder, patch.dict(sys.modules):
        modules = [shades, load_text(folder, text)]
        whole, pruned = (compile_model("random", modules, client=client, reduce=reduce, prune=prune) for prune in (False, True))
    kept = visible(whole) if reduce else shared(whole)
    expected = reachable(whole.system, INSTANCE, kept, LIMIT)
    assume(expected is not None)
    event(f"fewer transitions: {len(pruned.system.transitions) < len(whole.system.transitions)}")
    assert len(pruned.system.locations) <= len(whole.system.locations)
    assert reachable(pruned.system, INSTANCE, kept, LIMIT) == expected


@settings(FAST, max_examples=40)
@given(programs(), clients())
def test_every_step_by_itself(text: str, client: Client) -> None:
    agree(text, client, reduce=False)


@settings(FAST, max_examples=40)
@given(programs(), clients())
def test_steps_merged(text: str, client: Client) -> None:
    agree(text, client, reduce=True)
