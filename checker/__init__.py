"""sockproof's engine: a model checker for guarded transitions compiled from kernel-like Python functions.

The engine knows nothing about sockets.  Data flows one way: a specification is compiled by
:mod:`checker.language` into a :class:`~checker.system.TransitionSystem`; the engines
(:mod:`checker.explicit`, :mod:`checker.symbolic`) answer questions about it; verdicts and traces are
turned into tables and pictures by :mod:`checker.report`.
"""

__version__ = "0.1.0"
