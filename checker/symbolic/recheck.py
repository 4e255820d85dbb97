"""A second opinion: cvc5 discharges exported SMT-LIB obligations, independently of Z3."""

from __future__ import annotations

import cvc5


def recheck(smtlib: str, seconds: float) -> str:
    """``unsat``, ``sat`` or ``unknown`` from cvc5 for one SMT-LIB 2.6 script that ends in ``(check-sat)``."""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    solver.setOption("enum-inst", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, "(set-logic ALL)\n" + smtlib, "obligation")
    answer = "unknown"
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return answer
        said = str(command.invoke(solver, parser.getSymbolManager())).strip()
        if said in ("sat", "unsat", "unknown"):
            answer = said
