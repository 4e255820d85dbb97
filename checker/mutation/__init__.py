"""Mutation testing: small, systematic changes of the compiled model, and which questions notice them.

:mod:`checker.mutation.operators` makes the mutants of control-flow graphs, without touching the text of the specification;
properties, scenarios and race outcomes are asked of each (:mod:`checker.mutation.questions`).
:mod:`checker.mutation.proofs` weakens the transitions that inductive proofs rest on instead.
"""
