"""Files that were right, with one or two values replaced by anything: fine, or one clear error, never a crash."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from checker.errors import UsageError
from checker.scenario.load import cases_of
from checker.scenario.race_sections import is_race_file
from checker.scenario.races import load_races
from checker.scenario.yamlfile import load_yaml

OURS = Path(__file__).parent.parent / "scenarios"

RACES = {
    "races": [
        {
            "id": "r",
            "setup": ["socket a stream 0"],
            "A": "listen a 1",
            "B": ["bind a lo P1"],
            "post": ["state a"],
            "outcomes": [{"2.4.17": 3, "nonserial": True, "outcome": "A=0, B=0, state a=LISTEN"}],
        }
    ],
    "two_threads_one_processor": [
        {
            "id": "t",
            "setup": ["socket s stream 0 (blocking)"],
            "A": "connect s none P1",
            "B": ["connect s unspec", "listen s 1"],
            "seen": ["A=0, state s=LISTEN, then listen EINVAL, accept works"],
            "versions": ["2.4.17"],
        }
    ],
}

ODD: list[Any] = [
    None, True, 0, -1, 7, 10**9, 10**30, 1.5, "", " ", "a", "A", "main", "post", "all", "x y z", "P1",
    "eph_a", "0 ANY:0", "A=0", "A == 0", "state.a == LISTEN", "listen a 1", "listen", "=", "->", "a.b.c.d",
    "\n", "(", "not", "é", "0|", [], {}, [[]], [None], ["a"], {"of": 1}, {"of": "a"}, {"a": "b"}, {"call":
    "listen"}, {"call": 7, "args": []}, {"s": None}, [1] * 300,
]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where everything inside ``value`` is."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, v in inner for p in [(*at, key), *paths(v, (*at, key))]]


def mutate(data: Any, rng: random.Random) -> Any:
    """``data`` with one or two values replaced, removed or renamed."""
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, 2)):
        *above, last = rng.choice(paths(data) or [("scenarios",)])
        home = data
        for key in above:
            home = home[key]
        if isinstance(home, dict) and rng.random() < 0.3:
            home[rng.choice(["id", "steps", "threads", "args", "s", "reach", "extra", "A", "post"])] = home.pop(last, None)
        elif rng.random() < 0.1 and last in (home if isinstance(home, dict) else range(len(home))):
            del home[last]
        else:
            home[last] = copy.deepcopy(rng.choice(ODD))
    return data


@pytest.mark.parametrize("seed", range(2))
def test_mutated_files(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    originals = [RACES]
    for path in sorted(OURS.glob("*.yaml")):
        scenarios = yaml.safe_load(path.read_text())["scenarios"]
        originals += [{"scenarios": scenarios[n : n + 2]} for n in range(0, len(scenarios), 2)]
    path = tmp_path / "mutated.yaml"
    refused = 0
    for _ in range(150):
        path.write_text(yaml.safe_dump(mutate(rng.choice(originals), rng), allow_unicode=True))
        try:
            document = load_yaml(path)
            if is_race_file(document):
                load_races(document)
            else:
                cases_of(document)
        except UsageError as problem:
            refused += 1
            assert problem.code != "schema"
            assert problem.fix
            assert problem.place is not None
            assert len(str(problem)) < 1500
    assert refused > 75
