"""Charts: the SVG, the Mermaid text and the ITF file of a trace."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from checker.language import terms
from checker.report.chart import WIDTH, chart_svg, draw_chart
from checker.report.itf import itf_bytes
from checker.report.mermaid import mermaid_text
from checker.report.straighten import straighten
from checker.report.svg import Canvas, Run, Style, line_width, wrap
from checker.system import Property
from checker.trace import Trace
from tests.report import toy

SVG = "{http://www.w3.org/2000/svg}"


def traces() -> list[tuple[Trace, Property]]:
    return [
        (toy.late_write(), toy.HASHED_SPORT),
        (toy.refused(), toy.BOTH_REFUSED),
        (straighten(toy.refused()), toy.BOTH_REFUSED),
        (toy.run(*[(s.transition.name, s.process, dict(s.binding)) for s in toy.late_write().steps[:4]]), toy.WINDOW),
    ]


@pytest.mark.parametrize("case", range(4))
def test_no_two_texts_overlap_and_all_fit(case: int) -> None:
    trace, prop = traces()[case]
    canvas = draw_chart(trace, prop)
    for i, box in enumerate(canvas.texts):
        assert box.x >= 0 and box.x + box.width <= WIDTH, box
        assert box.y >= 0 and box.y + box.height <= canvas.height, box
        for other in canvas.texts[:i]:
            assert not box.overlaps(other), (box, other)


@pytest.mark.parametrize("case", range(4))
def test_chart_is_valid_xml_of_one_page_width(case: int) -> None:
    root = ElementTree.fromstring(chart_svg(*traces()[case]))
    assert root.get("width") == "1100"
    assert root.tag == f"{SVG}svg"


def _texts(svg: str) -> list[str]:
    return ["".join(t.itertext()).replace("\u00a0", " ") for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_all_labels_are_there() -> None:
    trace, prop = traces()[2]
    shown = _texts(chart_svg(trace, prop, {"tcp_listen_start": "net/ipv4/tcp.c"}))
    for wanted in (
        "both_refused: reached after 10 steps",
        "stands for: the comment on both_refused",
        "Thread 1",
        "Thread 2",
        "T1: sys_socket() = 0",
        "Socket[1] (new): sk Sock[1]",
        "T2 calls sys_listen(sock=Socket[2], port=80)",
        "lock_sock(Sock[1])",
        "lock_sock(Sock[2]) held",
        "tcp_listen_start",
        "net/ipv4/tcp.c  toy.py:34",
        "sk.state = TCP_LISTEN",
        "Sock[1].state  TCP_CLOSE → TCP_LISTEN",
        "sees Sock[2].state = TCP_LISTEN, written in step 5",
        "After step 10: both_refused is reached for t1 = T1, t2 = T2",
    ):
        assert wanted in shown, wanted
    assert not any("users" in text or "owner" in text for text in shown), "locks are bars, not changes"


def test_boxes_tell_functions_and_c_files() -> None:
    files = {"tcp_listen_start": "net/ipv4/tcp.c"}
    root = ElementTree.fromstring(chart_svg(*traces()[2], files))
    titles = [g[0].text or "" for g in root.iter(f"{SVG}g")]
    announced = next(t for t in titles if "tcp.c" in t)
    assert announced.splitlines() == [
        "T2 in sys_listen(sock=Socket[2], port=80)",
        "sys_listen > inet_listen > tcp_listen_start (net/ipv4/tcp.c): spec/toy.py:34",
    ]


def test_the_c_file_gives_way_where_room_is_short() -> None:
    files = {"tcp_listen_start": "net/ipv4/" + "very/" * 20 + "tcp.c"}
    shown = _texts(chart_svg(*traces()[2], files))
    assert "toy.py:34" in shown
    assert not any("very" in text for text in shown)


def test_verdict_shows_the_false_conjunct_with_values() -> None:
    shown = _texts(chart_svg(*traces()[0]))
    assert "claimed sk.sport == htons(sk.num) is false:  sk.sport = 0, sk.num = 80" in shown
    assert "given sk.hashed is true" in shown


def test_bars_boxes_and_arrows_are_counted() -> None:
    root = ElementTree.fromstring(chart_svg(*traces()[2]))
    classes = [e.get("class") for e in root.iter() if e.get("class")]
    assert classes.count("activation") == 4
    assert classes.count("step") == 10
    assert classes.count("call") == 2
    assert classes.count("sight") == 2
    assert classes.count("head") == 2
    assert classes.count("lock") == 2 + 2 + 2, "two socket locks, two lookups, two validations"


def test_chart_and_exports_are_the_same_twice() -> None:
    for make in (chart_svg, mermaid_text, itf_bytes):
        assert make(*traces()[1]) == make(*traces()[1])


def test_an_initial_state_can_be_drawn() -> None:
    prop = toy.asked("idle", "sometimes", (), terms.TRUE, terms.TRUE, "reachable")
    assert "After step 0: idle is reached" in _texts(chart_svg(toy.run(), prop))
    assert mermaid_text(toy.run(), prop) == "sequenceDiagram\n"


# -- svg --------------------------------------------------------------------------------------------------------------


def test_wrapping_keeps_every_word_within_the_width() -> None:
    style = Style(mono=True)
    line = (Run("alpha beta ", style), Run("gam", Style(mono=True, bold=True)), Run("ma averyverylongword", style))
    pieces = wrap(line, 80.0)
    assert all(offset + line_width(piece) <= 80.0 for offset, piece in pieces)
    assert "".join("".join(r.text for r in piece) for _, piece in pieces) == "alpha betagammaaveryverylongword"
    assert ["".join(r.text for r in piece) for _, piece in pieces][:2] == ["alpha beta", "gamma"]


def test_long_words_are_cut_at_their_joints() -> None:
    style = Style(mono=True)
    width = 24 * style.width("x")
    pieces = wrap((Run("T1 calls sys_setsockopt(sock=Socket[2], on=true)", style),), width, indent=0.0)
    assert ["".join(r.text for r in piece) for _, piece in pieces] == ["T1 calls", "sys_setsockopt(sock=", "Socket[2], on=true)"]


def test_text_is_escaped() -> None:
    canvas = Canvas(100, 50, title="a < b")
    canvas.text(0, 0, (Run("a < b & c", Style()),))
    root = ElementTree.fromstring(canvas.render())
    assert root.find(f"{SVG}title").text == "a < b"  # type: ignore[union-attr]
    assert _texts(canvas.render()) == ["a < b & c"]


# -- exports ----------------------------------------------------------------------------------------------------------

MERMAID = """\
sequenceDiagram
    participant T1 as Thread 1
    Note over T1: sys_socket() returns 0<br/>Socket[1].live: false -#gt; true<br/>Socket[1].sk: NULL -#gt; Sock[1]<br/>\
Sock[1].live: false -#gt; true
    T1->>T1: sys_listen(sock=Socket[1], port=80)
    activate T1
    Note over T1: 2. sockfd_lookup spec/toy.py:18<br/>spin_lock(files_lock)<br/>current().file = sock<br/>\
T1.file: NULL -#gt; Socket[1]
    Note over T1: 3. inet_listen spec/toy.py:22<br/>lock_sock(sk)
    Note over T1: 4. tcp_listen_start spec/toy.py:34<br/>sk.state = TCP_LISTEN<br/>Sock[1].state: TCP_CLOSE -#gt; TCP_LISTEN
    deactivate T1
    Note over T1: window is reached for sk = Sock[1]
"""


def test_mermaid_is_golden() -> None:
    assert mermaid_text(*traces()[3]) == MERMAID


def test_mermaid_shows_what_was_seen_as_an_arrow() -> None:
    lines = mermaid_text(*traces()[2]).splitlines()
    assert "    T2-->>T1: Sock[2].state = TCP_LISTEN, of step 5" in lines
    assert lines.count("    activate T1") == lines.count("    deactivate T1") == 1


def test_itf_has_every_variable_in_every_state() -> None:
    trace, prop = traces()[0]
    document = json.loads(itf_bytes(trace, prop))
    assert list(document) == ["#meta", "vars", "states"]
    assert document["#meta"]["format"] == "ITF"
    assert document["#meta"]["property"] == "hashed_sport"
    assert document["vars"] == [f"{v.record}.{v.name}" for v in toy.VARS]
    assert len(document["states"]) == trace.depth + 1
    for index, state in enumerate(document["states"]):
        assert state["#meta"]["index"] == index
        assert list(state) == ["#meta", *document["vars"]]
    last = document["states"][-1]
    assert last["Sock.hashed"] == {"#map": [["Sock[1]", "true"], ["Sock[2]", "false"]]}
    assert last["Sock.num"]["#map"][0] == ["Sock[1]", "80"]
    assert last["#meta"]["action"] == {
        "transition": f"{toy.HASH}/1",
        "process": "Thread[1]",
        "call": "sys_listen(sock=Socket[1], port=80)",
        "function": "tcp_v4_hash",
        "place": "spec/toy.py:51",
        "c_file": "",
        "statements": ["spin_lock_bh(tcp_lhash_lock)", "sk.hashed = True"],
        "returns": None,
    }
    assert "action" not in document["states"][0]["#meta"]
