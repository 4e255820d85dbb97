"""Joining steps loses nothing where objects are freed and allocated again, or the claim it relies on is violated."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from unittest.mock import patch

from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from checker.commands.engines import run_explicit
from checker.evaluate import initial_state, successors
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.language.dangling import NO_DANGLING
from checker.language.lifetimes import Freed
from checker.trace import falsifying
from tests.language import reuse
from tests.language.test_specialise import reachable

INSTANCE = Instance((("Thread", 2), ("Box", 1), ("Item", 2)), ())
LIMIT = 6000
SEEN = {("Box", "seen")}
HEADER = """from __future__ import annotations
from tests.language.reuse import *
from checker.language import NULL, choice, find, free, new, spin_lock_bh, syscall

"""


def model(*roots: str, reduce: bool = True, freed: Freed = Freed.NOBODY) -> Compiled:
    return compile_model("reuse", [reuse], client=Client("reuse", roots), reduce=reduce, freed=freed)


def verdict(compiled: Compiled, name: str) -> str:
    (found,) = run_explicit(compiled, (compiled.property(name),), INSTANCE).verdicts
    return found.verdict


TAKEN = ("sys_put", "sys_look", "sys_take")
KEPT = ("sys_put", "sys_look_busy", "sys_take_idle")


def test_the_claim_is_violated_where_the_item_is_freed_between_fetching_and_looking() -> None:
    """The reader is never seen between the two steps once they are joined: the claim is asked where they are not."""
    assert verdict(model(*TAKEN, freed=Freed.ASKED), NO_DANGLING) == "violated"
    assert verdict(model(*TAKEN, reduce=False), "never_blank") == "violated"
    assert verdict(model(*TAKEN), "never_blank") == "proved", "what joining steps would lose"
    assert verdict(model(*TAKEN, freed=Freed.ANYBODY), "never_blank") == "violated"


def test_the_claim_holds_where_takers_wait_for_readers() -> None:
    assert verdict(model(*KEPT, freed=Freed.ASKED), NO_DANGLING) == "proved"
    assert verdict(model(*KEPT, reduce=False), "never_blank") == "proved"
    assert verdict(model(*KEPT), "never_blank") == "proved"


def test_a_client_that_says_so_is_compiled_for_it() -> None:
    system = compile_model("reuse", [reuse], client=Client("reuse", TAKEN, dangles="sys_take does not wait")).system
    assert len(system.locations) > len(model(*TAKEN).system.locations)


def test_nothing_is_claimed_where_nothing_is_freed() -> None:
    assert NO_DANGLING not in {p.name for p in model("sys_look", freed=Freed.ASKED).properties}


# -- random programs -----------------------------------------------------------------------------------------------------

FETCH = ("i = b.item", "i = find(x for x in Item if x.box == b)", "i = new(Item)")
PLAIN = (
    "b.item = NULL",
    "b.item = i",
    "i.box = b",
    "i.box = NULL",
    "i.mark = OLD",
    "i.size = i.mark",
    "m = i.mark",
    "m = i.size",
    "b.seen = m",
    "b.seen = i.mark",
    "b.seen = i.size",
    "free(i)",
    "if b.busy:\n    m = i.mark",
    "with lock_item(i):\n    i.size = m\n    m = i.mark",
    "with lock_item(i):\n    m = i.size\n    b.seen = m",
    "with spin_lock_bh(box_lock):\n    m = b.seen\n    b.item = i",
    "with spin_lock_bh(box_lock):\n    i = b.item\n    b.item = NULL",
)

FREEING = (
    "free(i)",
    "b.item = NULL\nfree(i)",
    "with spin_lock_bh(box_lock):\n    i = b.item\n    b.item = NULL\nif i != NULL:\n    free(i)",
    "with spin_lock_bh(box_lock):\n    i.box = NULL\nfree(i)",
)


@st.composite
def calls(draw: st.DrawFn) -> str:
    """The body of a call that fetches or makes an item and does things with it."""
    lines = [draw(st.sampled_from(FETCH)), "m = OLD"]
    inside = [draw(st.sampled_from((*PLAIN, *FETCH, *FREEING * 3))) for _ in range(draw(st.integers(2, 4)))]
    lines += ["if i != NULL:", *("    " + line for part in inside for line in part.split("\n"))]
    return "\n".join("    " + line for line in lines)


def load_text(folder: str, bodies: tuple[str, str]) -> ModuleType:
    roots = (f"@syscall('made.c')\ndef sys_{name}(b: Box) -> None:\n{body}\n\n" for name, body in zip("ab", bodies, strict=True))
    path = Path(folder) / "random_reuse.py"
    path.write_text(HEADER + "\n".join(roots), encoding="utf-8")
    found = importlib.util.spec_from_file_location("random_reuse", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["random_reuse"] = module
    found.loader.exec_module(module)
    return module


def seen(compiled: Compiled) -> set[tuple[int, ...]]:
    """What can be seen in boxes, of a model small enough to be searched."""
    found = reachable(compiled.system, INSTANCE, SEEN, LIMIT)
    assume(found is not None)
    assert found is not None
    return found


def claim_holds(compiled: Compiled) -> bool:
    """Whether no state violates the claim, by the reference interpreter."""
    prop = compiled.property(NO_DANGLING)
    first = initial_state(compiled.system, INSTANCE)
    known, queue = {tuple(sorted(first.items()))}, [first]
    for state in queue:
        if falsifying(prop, state, INSTANCE) is not None:
            return False
        for _, _, after in successors(compiled.system, state, INSTANCE):
            key = tuple(sorted(after.items()))
            if key not in known:
                known.add(key)
                queue.append(after)
        assume(len(queue) <= LIMIT)
    return True


@settings(derandomize=True, deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(calls(), calls())
@example("    i = b.item\n    if i != NULL:\n        b.seen = i.mark", "    i = new(Item)\n    b.item = i\n    free(i)")
def test_what_can_be_seen_is_what_all_interleavings_show(a: str, b: str) -> None:
    with TemporaryDirectory() as folder, patch.dict(sys.modules):
        modules = [reuse, load_text(folder, (a, b))]
        client = Client("made", ("sys_a", "sys_b"))
        whole = compile_model("made", modules, client=client, reduce=False)
        reduced = {freed: compile_model("made", modules, client=client, freed=freed) for freed in Freed}
    every = seen(whole)
    assert seen(reduced[Freed.ANYBODY]) == every
    asked = reduced[Freed.ASKED]
    holds = NO_DANGLING not in {p.name for p in asked.properties} or claim_holds(asked)
    event(f"frees: {'free(i)' in a + b}, nothing dangles: {holds}")
    if holds:
        assert seen(reduced[Freed.NOBODY]) == every
