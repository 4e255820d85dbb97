"""Inference of lemmas for small protocols, as a ratio to mypyvy's updr in the same run.

    python -m bench.inference [PATH_OF_A_MYPYVY_CHECKOUT]

Each protocol is in ``bench/protocols``, written in the specification language. mypyvy gets the files that its authors ship with
it, of which ``updr`` reads the safety property and none of the invariants; the test-and-set lock, which they do not have, is in
``bench/protocols`` too. Their Peterson is about exactly two processes, ours about two roles for any number of threads. Times are
processor seconds of one process each, start-up included; without a checkout (or ``MYPYVY`` in the environment) ours are printed
alone.
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
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import prove

RIVALS = {"test_and_set": "", "ticket": "ticket.pyv", "peterson": "peterson.pyv", "lock_server": "lockserv.pyv"}
"""The protocols, and which of mypyvy's examples each is."""
PUBLISHED = {"test_and_set": 0.6, "ticket": 10.0, "peterson": 6.9, "lock_server": 2.2}
"""Seconds that mypyvy's updr took on another 2-core machine."""
LIMIT = 300
"""Seconds of processor time for each."""


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
    done = subprocess.run(command, capture_output=True, check=False, preexec_fn=_limit).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))


def main(checkout: str = "") -> None:
    """Print a line per protocol."""
    rival = Path(checkout) / "src" / "mypyvy.py"
    there = bool(checkout) and rival.exists()
    if not there:
        print("no mypyvy checkout: give its path, or set MYPYVY; its published times are of another machine")
    for name, example in RIVALS.items():
        proved, ours = measured([sys.executable, "-m", "bench.inference", "--one", name])
        line = f"{name}: {'proved' if proved else 'NOT PROVED'} in {ours:.1f} s"
        if there:
            source = Path(checkout) / "examples" / example if example else Path(__file__).parent / "protocols" / f"{name}.pyv"
            done, theirs = measured([sys.executable, str(rival), "updr", str(source)])
            ratio = f"; ratio {theirs / ours:.1f}" if done and proved else ""
            line += f"; mypyvy updr {'proved' if done else 'gave no proof'} in {theirs:.1f} s{ratio}"
        print(f"{line} (published: {PUBLISHED[name]} s)", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.exit(infer(sys.argv[2]))
    main(*(sys.argv[1:2] or [os.environ.get("MYPYVY", "")]))
