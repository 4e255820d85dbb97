"""The table of verdicts, results.json and report.md."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from checker.language import terms
from checker.language.client import Client
from checker.report.markdown import Reading, report
from checker.report.results import Reported, Result, read_results, results_json
from checker.report.table import print_verdicts, standing, summary
from checker.system import Property
from checker.verdict import Verdict
from tests.report import toy

HOLDS = toy.asked("num_is_set", "always", (toy.S,), terms.TRUE, terms.TRUE, "holds")

WHOLE = [Reading(toy.SYSTEM)]


def verdict(prop: Property, word: str, **more: object) -> Verdict:
    return replace(Verdict(prop, "", word, "explicit", "2 Thread", 1.23456), **more)  # type: ignore[arg-type]


def verdicts() -> list[Verdict]:
    return [
        verdict(HOLDS, "proved", method="inductive", scope="any size", certificate="proofs/num_is_set"),
        verdict(toy.HASHED_SPORT, "violated", trace=toy.late_write()),
        verdict(toy.WINDOW, "unreachable", variant="no_window"),
        verdict(HOLDS, "no violation within k", method="bounded", detail="k = 12"),
    ]


def reported() -> list[Reported]:
    first, second, *rest = verdicts()
    return [Reported(first), Reported(second, "traces/hashed_sport.itf.json", "charts/hashed_sport.svg"), *map(Reported, rest)]


def printed(*, width: int = 120, encoding: str = "utf-8", **options: bool) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_verdicts(verdicts(), Console(file=stream, width=width, **options))  # type: ignore[arg-type]
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_standing() -> None:
    assert [standing(v) for v in verdicts()] == ["expected", "expected", "differs", "open"]
    assert summary(verdicts()) == "4 verdicts: 2 as expected, 1 different from what is expected, 1 undecided"


def test_table_has_all_columns() -> None:
    text = printed()
    for wanted in ("property", "num_is_set", "inductive", "any size", "1.23 s", "✓", "✗", "?", "in no_window", "k = 12"):
        assert wanted in text, wanted
    row = next(line for line in text.splitlines() if "hashed_sport" in line)
    assert row.split("│")[-2].strip() == "6"
    assert "expected: reachable" in text


def test_no_colours_without_a_terminal_or_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in printed()
    assert "\x1b[32m" in printed(force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in printed(force_terminal=True)


def test_table_without_unicode() -> None:
    text = printed(encoding="ascii")
    assert "DIFFERS" in text and "undecided" in text


def test_results_follow_their_schema() -> None:
    results = read_results(results_json(reported()))
    assert results[1] == Result(
        "hashed_sport",
        "",
        "",
        "violated",
        "violated",
        "explicit",
        "2 Thread",
        1.235,
        6,
        "traces/hashed_sport.itf.json",
        None,
    )
    assert results[0].certificate == "proofs/num_is_set"
    with pytest.raises(msgspec.ValidationError):
        read_results(b'[{"property": 3}]')


def test_every_field_of_the_results_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    for name in Result.__struct_fields__:
        assert f"| `{name}` |" in page, name


def test_report_is_the_same_without_times() -> None:
    slower = [replace(r, verdict=replace(r.verdict, seconds=99.0)) for r in reported()]
    assert report(slower, WHOLE, with_times=False) == report(reported(), WHOLE, with_times=False)
    assert report(slower, WHOLE, with_times=True) != report(reported(), WHOLE, with_times=True)


REPORT_SECTION = """\
### hashed_sport

```text
always, for all sk in Sock:
    sk.hashed
    implies sk.sport == htons(sk.num)
```

- stands for: the comment on hashed_sport
- expected: violated, because so it is
- written in spec/p.py:7
- explicit, 2 Thread: violated, 6 steps ([trace](traces/hashed_sport.itf.json), [chart](charts/hashed_sport.svg))

At the end of the trace:

```text
hashed_sport is false for sk = Sock[1]
  given   true  sk.hashed
  claimed FALSE sk.sport == htons(sk.num)   with sk.sport = 0, sk.num = 80
```
"""


def test_report_is_golden() -> None:
    text = report(reported(), WHOLE, with_times=False)
    assert REPORT_SECTION in text
    assert "| window | no_window | unreachable | reachable | **differs** | explicit | 2 Thread |  |  |\n" in text
    assert "### window in variant no_window" in text


def test_of_a_variant_the_report_says_nothing_in_places_of_the_model() -> None:
    elsewhere = terms.eq(toy.SYSTEM.read(toy.SYSTEM.pc_key, toy.SYSTEM.self_var), terms.const(99, toy.SYSTEM.pc_sort))
    there = replace(HOLDS, formula=elsewhere)
    text = report([Reported(verdict(there, "proved", variant="longer"))], WHOLE, with_times=False)
    assert "### num_is_set in variant longer\n\n- stands for: the comment on num_is_set" in text


def test_report_gathers_engines_under_their_property() -> None:
    text = report(reported(), WHOLE, with_times=False)
    assert text.count("### num_is_set") == 1
    assert "- inductive, any size: proved ([certificate](proofs/num_is_set))" in text
    assert "- bounded, 2 Thread: no violation within k: k = 12" in text


def test_report_says_whose_calls_it_is_about() -> None:
    client = Client("listener", ("sys_listen",), doc="Sockets that listen.")
    mine = [replace(r, verdict=replace(r.verdict, client="listener")) for r in reported()]
    text = report(mine, [Reading(toy.SYSTEM, client)], with_times=False)
    assert "- listener: Sockets that listen.\n" in text
    assert "## Properties of the client listener\n" in text
    assert "| hashed_sport | listener |  | violated |" in text
    assert "client" not in report(reported(), WHOLE, with_times=False)


def test_report_keeps_clients_apart() -> None:
    readings = [Reading(toy.SYSTEM, Client(name, ("sys_listen",), doc=f"Those that {name}.")) for name in ("listen", "talk")]
    both = [replace(r, verdict=replace(r.verdict, client=name)) for name in ("listen", "talk") for r in reported()]
    text = report(both, readings, with_times=False)
    first, second = text.split("## Properties of the client talk")
    assert first.count("### hashed_sport") == second.count("### hashed_sport") == 1
