"""Inference of lemmas for small protocols, as a ratio to mypyvy's updr in the same run.

    python -m bench.inference [PATH_OF_A_MYPYVY_CHECKOUT]

Each protocol is in ``bench/protocols``, written in the specification language and in mypyvy's. Times are processor seconds of
one process each, start-up included; without a checkout (or ``MYPYVY`` in the environment) ours are printed alone.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from checker.inference.grammar import Limits
from checker.inference.infer import Inferrer
from checker.instance import Instance
from checker.language.compile import compile_model
from checker.symbolic.inductive import Fact, prove

PROTOCOLS = ("test_and_set", "ticket", "peterson", "lock_server")
PUBLISHED = {"test_and_set": 0.6, "ticket": 10.0, "peterson": 6.9, "lock_server": 2.2}
"""Seconds that mypyvy's updr took on another 2-core machine, on files of other authors."""
LIMIT = 120
"""Seconds of wall-clock time for each."""


def infer(name: str) -> int:
    """Prove one protocol from nothing, and print the lemmas; the exit status says whether that worked."""
    compiled = compile_model(name, [import_module(f"bench.protocols.{name}")])
    inferrer = Inferrer(compiled.system, [], Limits(pairs=True))
    others = [(r.name, 2) for r in compiled.system.records if r != compiled.system.thread]
    words = (("Number", (1, 2, 3, 4, 65535)),)
    inferrer.run([Instance((("Thread", n), *others), words) for n in (2, 3)])
    goals = {p.name: Fact(p.name, p.params, p.formula) for p in compiled.properties}
    needed = inferrer.provable(list(goals.values()))
    if needed.keys() != goals.keys():
        return 1
    for name, facts in inferrer.minimal({n: (goals[n], needed[n]) for n in goals}).items():
        if facts is None or not prove(compiled.system, list(facts)).complete:
            return 1
        print("\n".join(f"{name}: {f.name}" for f in facts if f.name != name))
    return 0


def measured(command: list[str]) -> tuple[bool, float]:
    """Whether a command succeeded, and the processor time it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        done = False
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(checkout: str = "") -> None:
    """Print a line per protocol."""
    rival = Path(checkout) / "src" / "mypyvy.py"
    there = bool(checkout) and rival.exists()
    if not there:
        print("no mypyvy checkout: give its path, or set MYPYVY; its published times are of another machine")
    for name in PROTOCOLS:
        proved, ours = measured([sys.executable, "-m", "bench.inference", "--one", name])
        line = f"{name}: {'proved' if proved else 'NOT PROVED'} in {ours:.1f} s"
        if there:
            source = Path(__file__).parent / "protocols" / f"{name}.pyv"
            done, theirs = measured([sys.executable, str(rival), "updr", str(source)])
            ratio = f"; ratio {theirs / ours:.1f}" if done and proved else ""
            line += f"; mypyvy updr {'proved' if done else 'gave no proof'} in {theirs:.1f} s{ratio}"
        print(f"{line} (published: {PUBLISHED[name]} s)", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.exit(infer(sys.argv[2]))
    main(*(sys.argv[1:2] or [os.environ.get("MYPYVY", "")]))
