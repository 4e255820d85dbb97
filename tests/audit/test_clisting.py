"""Cutting functions out of listings and kernel files."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.audit.clisting import blank, find, functions, plain, read_text
from checker.errors import UsageError
from tests.audit.toy import GATES


def test_functions_are_found_amid_prose() -> None:
    found = functions(GATES.read_text(), "gates.txt")
    assert list(found) == ["gate_open", "gate_mode", "gate_wait", "gate_setup", "gate_hand_over"]
    lines = GATES.read_text().split("\n")
    for function in found.values():
        assert lines[function.line - 1].lstrip().split("(")[0].endswith(function.name)
        assert function.text.endswith("}")


def test_typographic_signs_become_those_of_c() -> None:
    assert plain("a –1 “b” ‘c’\u00a0d\r\n") == "a -1 \"b\" 'c' d\n"


def test_blanking_keeps_lines_and_hides_braces() -> None:
    text = "a /* {\n{ */ \"}\" '{' // }\nb\n#define X {\nc"
    done = blank(text)
    assert done.count("\n") == text.count("\n") and len(done) == len(text)
    assert "{" not in done and "}" not in done


def test_structures_prototypes_and_statements_are_no_functions() -> None:
    text = "struct a { int b; };\nint p(int x);\nint t[] = { 1, 2 };\nif (x) { y(); }\nint f(void (*g)(int)) { return 0; }\n"
    assert list(functions(text, "t.c")) == ["f"]


def test_the_first_of_two_definitions_counts() -> None:
    found = functions("int f(void)\n{ return 1; }\nint f(void)\n{ return 2; }\n", "t.c")
    assert found["f"].line == 1


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("int f(void)\n{\n if (x) {\n return 0;\n}\n", "f is never closed", 1),
        ("int g(void) { return 1; }\nint f(void)\n{ /* oops }\n", "a comment is never closed", 3),
    ],
)
def test_broken_text_is_an_error_with_its_place(text: str, said: str, line: int) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        functions(text, "t.c")
    assert caught.value.place is not None and caught.value.place.line == line


def test_a_kernel_tree_is_searched_by_file(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "a.c").write_text("int f(int x)\n{\n return x;\n}\nint g(void) { return 0; }\n")
    found = find(tmp_path, {"f": "net/a.c", "h": "net/a.c", "k": "net/missing.c"})
    assert list(found) == ["f"] and found["f"].file == "net/a.c"


def test_missing_things_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_text(tmp_path / "nothing")
    (tmp_path / "b").write_bytes(b"\0\1")
    with pytest.raises(UsageError, match="is no text"):
        read_text(tmp_path / "b")
    with pytest.raises(UsageError, match="has none of"):
        find(tmp_path, {"f": "net/a.c"})
    (tmp_path / "t").write_text("nothing here")
    with pytest.raises(UsageError, match="none of f is defined"):
        find(tmp_path / "t", {"f": "net/a.c"})


def test_old_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.c").write_bytes("/* J\xf6rg */ int f(void) { return 0; }".encode("latin-1"))
    assert "f" in find(tmp_path / "t.c", {"f": "t.c"})
