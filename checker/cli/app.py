"""The program that commands register with."""

from __future__ import annotations

from cyclopts import App

app = App(
    name="sockproof",
    help="Model checker for a formal model of the Linux 2.4 AF_INET socket layer.",
    help_epilogue=(
        "Every command has --help. "
        "Exit status: 0 all as expected, 1 a verdict differs, 2 bad input, 3 undetermined, 4 internal error."
    ),
    version_flags=[],
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
app["--help"].show = False
