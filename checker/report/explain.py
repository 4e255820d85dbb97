"""Explanations: why a property is false in a state, or what makes a reachability question true.

In goes a property and the last state of a trace; out comes the list of its parts that matter, each with its value
and the values of the fields it reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.evaluate import Binding, State, evaluate
from checker.instance import Instance
from checker.language import terms
from checker.language.terms import TRUE, Term
from checker.report.pretty import Pretty
from checker.system import Property, TransitionSystem
from checker.trace import falsifying


@dataclass(frozen=True)
class Finding:
    """One part of a formula: ``role`` is ``premise``, ``claim`` or ``part`` (of the finding above it, ``depth`` deeper).

    ``details`` are the fields it reads, as ``("sk.num", "80")``.
    """

    role: str
    depth: int
    text: str
    value: bool
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explanation:
    """The parameters that decide, and the parts of the formula; ``violated`` for ``always`` properties."""

    prop: Property
    violated: bool
    parameters: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    @property
    def headline(self) -> str:
        """One line: the property, the answer and the objects concerned."""
        answer = "is false" if self.violated else "is reached"
        where = ", ".join(f"{name} = {value}" for name, value in self.parameters)
        return f"{self.prop.name} {answer}" + (f" for {where}" if where else "")


def implication(prop: Property) -> tuple[Term, Term]:
    """The premise and the claim of ``prop``; the premise is ``TRUE`` if the formula is no implication.

    The simplifier turns ``implies(a, b)`` into a disjunction; the antecedent tells which parts of it are ``b``.
    """
    if prop.antecedent == TRUE or prop.kind != "always":
        return TRUE, prop.formula
    negated = terms.negate(prop.antecedent)
    dropped = set(negated.args) if negated.op == "or" else {negated}
    parts = prop.formula.args if prop.formula.op == "or" else (prop.formula,)
    claim = terms.disj(*(p for p in parts if p not in dropped))
    return (prop.antecedent, claim) if terms.implies(prop.antecedent, claim) == prop.formula else (TRUE, prop.formula)


def show_formula(prop: Property, system: TransitionSystem) -> str:
    """The formula of ``prop`` as it was written, implications included."""
    pretty = Pretty(system)
    premise, claim = implication(prop)
    if premise == TRUE:
        return pretty.term(claim)
    a, b = (pretty.term(t) for t in (premise, claim))
    return f"{a} implies {f'({b})' if claim.op == 'or' else b}"


def question(prop: Property, system: TransitionSystem) -> str:
    """The property in one line: ``always, for all sk: ...``."""
    names = ", ".join(str(p.data) for p in prop.params)
    quantifier = {"always": "for all", "sometimes": "for some"}[prop.kind]
    scope = f", {quantifier} {names}" if names else ""
    return f"{prop.kind}{scope}: {show_formula(prop, system)}"


def outcome(prop: Property, told: Explanation | None, depth: int) -> str:
    """One line for the title of a trace of ``depth`` steps: ``hashed_sport: violated after 6 steps``."""
    answer = {"always": "violated", "sometimes": "reached"}[prop.kind] if told is not None else "not decided by this trace"
    return f"{prop.name}: {answer} after {depth} step{'' if depth == 1 else 's'}"


def explain(prop: Property, system: TransitionSystem, state: State, instance: Instance) -> Explanation | None:
    """Why ``state`` violates (``always``) or answers (``sometimes``) ``prop``; None if it does not."""
    binding = falsifying(prop, state, instance)
    if binding is None:
        return None
    reader = _Reader(Pretty(system), state, instance)
    violated = prop.kind == "always"
    premise, claim = implication(prop)
    findings: list[Finding] = []
    if premise != TRUE:
        for part in terms.conjuncts(premise):
            findings += reader.part(part, binding, "premise", 0)
    for part in terms.conjuncts(claim):
        findings += reader.part(part, binding, "claim", 0)
    parameters = tuple((str(p.data), reader.pretty.value(p.sort, v, instance)) for p, v in binding.items())
    return Explanation(prop, violated, parameters, tuple(findings))


@dataclass(frozen=True)
class _Reader:
    """Evaluates the parts of a formula in one state."""

    pretty: Pretty
    state: State
    instance: Instance

    def part(self, t: Term, binding: Binding, role: str, depth: int) -> list[Finding]:
        """``t`` with its value, and what decides it: the parts of a compound, the values of a leaf."""
        value = bool(evaluate(t, self.state, self.instance, binding))
        text = self.pretty.term(t)
        whole = t.op in ("and", "or") and not text.startswith("(")
        if whole:
            found = [Finding(role, depth, text, value, ())]
            for a in t.args:
                # of a true disjunction and of a false conjunction only the parts that make it so matter
                if bool(evaluate(a, self.state, self.instance, binding)) == value or value == (t.op == "and"):
                    found += self.part(a, binding, "part", depth + 1)
            return found
        if t.op == "not" and t.args[0].op in ("and", "or"):
            word = "or" if t.args[0].op == "and" else "and"
            opened = Term(word, t.sort, tuple(terms.negate(a) for a in t.args[0].args))
            return [Finding(role, depth, text, value, ()), *self.part(opened, binding, "part", depth)[1:]]
        if t.op in ("exists", "forall"):
            return self._quantified(t, binding, role, depth, text, value)
        return [Finding(role, depth, text, value, self._details(t, binding))]

    def _quantified(self, t: Term, binding: Binding, role: str, depth: int, text: str, value: bool) -> list[Finding]:
        """With the object that decides it, if one does."""
        if value != (t.op == "exists"):
            return [Finding(role, depth, text, value, ())]
        index = next(
            i
            for i in self.instance.objects(t.data.sort)
            if bool(evaluate(t.args[0], self.state, self.instance, {**binding, t.data: i})) == value
        )
        inner = {**binding, t.data: index}
        named = (str(t.data.data), self.pretty.value(t.data.sort, index, self.instance))
        return [Finding(role, depth, text, value, (named,)), *self.part(t.args[0], inner, "part", depth + 1)]

    def _details(self, t: Term, binding: Binding) -> tuple[tuple[str, str], ...]:
        """The fields ``t`` reads, with their values; none for a single truth value, which is its own value."""
        plain = t.args[0] if t.op == "not" else t
        if plain.op == "field" and not any(a.op == "field" for a in plain.args):
            return ()
        fields = [n for n in terms.subterms(t) if n.op == "field" and n != plain and self._ground(n, binding)]
        if fields and fields[-1].data == self.pretty.system.pc_key and evaluate(t, self.state, self.instance, binding):
            return ()  # the text says where the process is
        return tuple((self.pretty.term(n), self._value(n, evaluate(n, self.state, self.instance, binding))) for n in fields)

    @staticmethod
    def _ground(t: Term, binding: Binding) -> bool:
        """Whether all variables of ``t`` have values: it is not inside a quantifier."""
        return all(n in binding for n in terms.subterms(t) if n.op == "var")

    def _value(self, node: Term, value: int) -> str:
        if node.op == "field" and node.data == self.pretty.system.pc_key:
            system = self.pretty.system
            return self.pretty.location(system.locations_by_name[system.pc_sort.members[value]])
        return self.pretty.value(node.sort, value, self.instance)
