"""Terms as circuits mean what the reference interpreter says, and constants fold."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from checker.evaluate import evaluate
from checker.instance import Instance
from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.circuit import FALSE, TRUE, Circuit, Terms, constant
from tests.strategies import COLOR, NODE, PORT, SELF, Scope, conditions

INSTANCE = Instance((("Thread", 2), ("Node", 2)), (("Port", (80,)),))
VARIABLES = (SELF, terms.var("n", NODE), terms.var("c", COLOR), terms.var("p", PORT))


def test_constants_fold() -> None:
    circuit = Circuit()
    a, b = circuit.new(), circuit.new()
    assert circuit.conj([a, TRUE]) == a
    assert circuit.conj([a, -a]) == FALSE
    assert circuit.disj([a, -a, b]) == TRUE
    assert circuit.conj([a, b]) == circuit.conj([b, a])
    assert circuit.mux([(a, b), (-a, b)]) == b
    assert circuit.equal(constant(1, 3), constant(2, 3)) == FALSE
    circuit.add([a, TRUE])
    assert len(circuit.clauses) == 3  # those of the one gate


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_variable_has_exactly_one_value(size: int) -> None:
    circuit = Circuit()
    value = circuit.variable(size)
    models = 0
    for bits in product((False, True), repeat=circuit.size):
        true = {x if bit else -x for x, bit in enumerate(bits, 1)} | {TRUE}
        if all(true & set(clause) for clause in circuit.clauses):
            models += 1
            assert sum(x in true for x in value) == 1
    assert models == size


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(formula=conditions(Scope((), VARIABLES), 3))
def test_formulas_have_the_value_of_the_interpreter(formula: Term) -> None:
    def nothing(*_: object) -> tuple[int, ...]:
        raise AssertionError("no field is read")

    ranges = [INSTANCE.objects(v.sort) for v in VARIABLES]
    for values in product(*ranges):
        binding = dict(zip(VARIABLES, values, strict=True))
        fixed = {v: constant(i, INSTANCE.cardinality(v.sort)) for v, i in binding.items()}
        literal = Terms(Circuit(), INSTANCE, nothing).holds(formula, fixed)
        assert literal == (TRUE if evaluate(formula, {}, INSTANCE, binding) else FALSE)
