"""Expressions of the language to terms: names, fields, comparisons, quantifiers, with every type checked.

:class:`Expressions` translates without side effects, as properties and atomic regions need it; the compiler of
statements (:mod:`checker.language.lower`) overrides how fields are read and functions are called.
"""

from __future__ import annotations

import ast
from typing import Any

from checker.language import declare, terms
from checker.language.declare import Kind
from checker.language.model import Model
from checker.language.sorts import EnumSort, RefSort, Sort, WordSort
from checker.language.source import Source, statements
from checker.language.terms import Term
from checker.language.values import Literal, Value, annotation_sort, coerce, common_sort, equal, truth
from checker.system import StateVar

_NOWHERE = object()

_COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


class Expressions:
    """Translates the expressions of one function; ``env`` maps source names to terms."""

    def __init__(self, model: Model, source: Source, env: dict[str, Term], process: Term, calling: tuple[str, ...] = ()) -> None:
        self.model = model
        self.source = source
        self.env = env
        self.process = process
        self.calling = calling

    # -- what the statement compiler overrides ------------------------------------------------------------------

    def read(self, variable: StateVar, obj: Term | None, node: ast.AST) -> Term:
        """The value of a state variable."""
        return terms.field(variable.key, variable.sort, obj)

    def call(self, source: Source, node: ast.Call) -> Value:
        """The value of a kernel function; only statements may call one."""
        raise self.source.error(
            node,
            "call-in-expression",
            f"{source.name} is a kernel function and cannot be called in a pure expression",
            "declare it @pure",
        )

    def special(self, name: str, node: ast.Call) -> Value | None:
        """A primitive that only kernel code has (new, choice, ...)."""
        return None

    # -- values -----------------------------------------------------------------------------------------------

    def term(self, node: ast.expr, sort: Sort) -> Term:
        """``node`` as a term of ``sort``.  Raises SpecError if it has another type."""
        return coerce(self.source, self.value(node), sort, node)

    def condition(self, node: ast.expr) -> Term:
        """``node`` as a truth value."""
        return truth(self.source, self.value(node), node)

    def value(self, node: ast.expr) -> Value:
        """Translate ``node``; literals keep their sort open."""
        match node:
            case ast.Constant(value=bool(b)):
                return terms.boolean(b)
            case ast.Constant(value=int(n)):
                return Literal(n)
            case ast.Constant(value=None):
                return Literal(None)
            case ast.Name(id=name):
                return self.name(name, node)
            case ast.Attribute(value=base, attr=attr):
                return self.attribute(base, attr, node)
            case ast.Compare():
                return self.compare(node)
            case ast.BoolOp(op=op, values=parts):
                join = terms.conj if isinstance(op, ast.And) else terms.disj
                return join(*(self.condition(p) for p in parts))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return terms.negate(self.condition(operand))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.conditional(test, body, orelse, node)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=1)):
                word = self.value(left)
                if isinstance(word, Term) and isinstance(word.sort, WordSort):
                    return terms.successor(word) if isinstance(op, ast.Add) else terms.predecessor(word)
                raise self.source.error(
                    node, "wrong-type", f"{self.source.text(left)} is not a word", "only a word has a successor"
                )
            case ast.Call():
                return self.apply(node)
            case ast.Subscript(value=ast.Name(id=name), slice=key) if name not in self.env:
                return self.indexed(name, key, node)
        raise self.source.error(
            node,
            "unsupported-expression",
            f"`{self.source.text(node)}` is outside the language",
            "use names, fields, comparisons, and/or/not, any/all",
        )

    def indexed(self, name: str, key: ast.expr, node: ast.AST) -> Term:
        """``Record[word]``: the object of a keyed record."""
        sort = self.model.records.get(name)
        keys = [s for s in self.model.sorts.values() if sort is not None and sort.key and s.name == sort.key]
        if sort is None or not keys:
            raise self.source.error(node, "no-key", f"{name} is not indexed by a value", "declare the record with key=")
        return terms.indexed(self.term(key, keys[0]), sort)

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr, node: ast.AST) -> Term:
        """``body if test else orelse``."""
        cond, a, b = self.condition(test), self.value(body), self.value(orelse)
        sort = common_sort(self.source, a, b, node)
        return terms.ite(cond, coerce(self.source, a, sort, body), coerce(self.source, b, sort, orelse))

    def name(self, name: str, node: ast.AST) -> Value:
        """A local name, or a global of the module."""
        if name in self.env:
            return self.env[name]
        # A function table is known by its name: the functions in it may be the ones that name it.
        found = self.source.namespace.get(name, self.model.tables.get(name, _NOWHERE))
        if found is _NOWHERE:
            raise self.source.error(
                node, "unknown-name", f"{name} is not defined", "declare it, import it, or correct its spelling"
            )
        if isinstance(found, declare.Enumeration):
            sort = self.model.sort_of(type(found), name)
            assert isinstance(sort, EnumSort)
            return terms.const(list(type(found)).index(found), sort)
        if isinstance(found, declare.Operations):
            sort = self.model.operations[type(found)]
            return terms.member(sort, found.name)
        if found is None or (isinstance(found, int) and not isinstance(found, bool)):
            return Literal(found)
        raise self.source.error(
            node, "no-value", f"{name} is a {type(found).__name__}, not a value", "use it as the language intends"
        )

    def attribute(self, base: ast.expr, attr: str, node: ast.AST) -> Value:
        """``object.field``, or a member of an enumeration class."""
        if isinstance(base, ast.Name) and base.id not in self.env:
            cls = self.source.namespace.get(base.id)
            if isinstance(cls, declare.Static):
                return self.read(self.static(cls, attr, node), None, node)
            if isinstance(cls, type) and issubclass(cls, declare.Enumeration):
                if attr not in cls.__members__:
                    raise self.source.error(
                        node,
                        "unknown-member",
                        f"{cls.__name__} has no member {attr}",
                        f"its members are {', '.join(cls.__members__)}",
                    )
                sort = self.model.sort_of(cls, attr)
                return terms.const(list(cls.__members__).index(attr), sort)
        obj = self.value(base)
        if isinstance(obj, Term) and isinstance(obj.sort, EnumSort) and obj.sort in self.model.operations.values():
            return self.has_operation(obj, attr, node)
        return self.read(self.field(obj, attr, base), self.object(obj, base), node)

    def static(self, holder: declare.Static, attr: str, node: ast.AST) -> StateVar:
        """The variable ``attr`` of the kernel.  Raises SpecError for an unknown one."""
        known = type(holder).__annotations__
        if attr not in known:
            raise self.source.error(
                node, "unknown-field", f"{type(holder).__name__} has no variable {attr}", f"its variables are {', '.join(known)}"
            )
        return self.model.fields[""][attr]

    def object(self, value: Value, node: ast.AST) -> Term:
        """A value used as an object."""
        if isinstance(value, Term) and isinstance(value.sort, RefSort):
            return value
        kind = value.sort.name if isinstance(value, Term) else "literal"
        raise self.source.error(
            node, "no-object", f"{self.source.text(node)} is a {kind} and has no fields", "only records have fields"
        )

    def field(self, obj: Value, attr: str, node: ast.AST) -> StateVar:
        """The state variable ``attr`` of an object.  Raises SpecError for an unknown field."""
        record = self.object(obj, node).sort.name
        fields = self.model.fields[record]
        if attr not in fields:
            raise self.source.error(node, "unknown-field", f"{record} has no field {attr}", f"its fields are {', '.join(fields)}")
        return fields[attr]

    def has_operation(self, table: Term, attr: str, node: ast.AST) -> Term:
        """Whether the operation ``attr`` of a function table is there (``if (sk->prot->init)``)."""
        assert isinstance(table.sort, EnumSort)
        having = [m for m in table.sort.members if m != "NULL" and self.operation(m, attr, node) is not None]
        return terms.disj(*(terms.eq(table, terms.member(table.sort, m)) for m in having))

    def operation(self, table: str, attr: str, node: ast.AST) -> Source | None:
        """The function behind ``attr`` of one table, or None where it is NULL."""
        functions = self.model.tables[table].functions
        if attr not in functions:
            raise self.source.error(
                node, "unknown-operation", f"{table} has no operation {attr}", f"its operations are {', '.join(functions)}"
            )
        function = functions[attr]
        return None if function is None else self.model.functions[function.__name__]

    def compare(self, node: ast.Compare) -> Term:
        """A comparison; ``in`` takes a tuple of values."""
        if len(node.ops) != 1:
            raise self.source.error(node, "chained-comparison", "C has no chained comparisons", "join two comparisons with `and`")
        word = _COMPARE.get(type(node.ops[0]))
        left, right = node.left, node.comparators[0]
        if word in ("in", "not in"):
            if not isinstance(right, ast.Tuple):
                raise self.source.error(
                    node, "unsupported-expression", f"`{word}` needs a tuple of values", "write `x in (A, B)`"
                )
            item = self.value(left)
            found = terms.disj(*(equal(self.source, item, self.value(e), left, e, node) for e in right.elts))
            return found if word == "in" else terms.negate(found)
        if word is None:
            raise self.source.error(node, "unsupported-expression", "`is` does not exist in the language", "write == or !=")
        a, b = self.value(left), self.value(right)
        if word in ("==", "!="):
            same = equal(self.source, a, b, left, right, node)
            return same if word == "==" else terms.negate(same)
        sort = common_sort(self.source, a, b, node)
        if not isinstance(sort, WordSort):
            raise self.source.error(node, "no-order", f"values of {sort.name} have no order", "only words are ordered")
        x, y = coerce(self.source, a, sort, left), coerce(self.source, b, sort, right)
        match word:
            case "<":
                return terms.lt(x, y)
            case ">":
                return terms.lt(y, x)
            case "<=":
                return terms.negate(terms.lt(y, x))
            case _:
                return terms.negate(terms.lt(x, y))

    # -- calls ------------------------------------------------------------------------------------------------

    def apply(self, node: ast.Call) -> Value:
        """A call: a built-in, a quantifier, a @pure expression or a kernel function."""
        if node.keywords and not self._is(node.func, declare.at, declare.inside):
            raise self.source.error(node, "keyword-argument", "calls have positional arguments only", "drop the keyword")
        if isinstance(node.func, ast.Attribute):
            return self.dispatch(node.func, node)
        if not isinstance(node.func, ast.Name):
            raise self.source.error(node, "unsupported-expression", "this cannot be called", "call a function by its name")
        name = node.func.id
        if name in ("any", "all"):
            return self.quantify(name, node)
        target = self.source.namespace.get(name)
        if target is None and name not in self.source.namespace:
            raise self.source.error(
                node, "unknown-name", f"{name} is not defined", "declare it, import it, or correct its spelling"
            )
        found = self.builtin(target, name, node)
        if found is not None:
            return found
        if target is not None and hasattr(target, "__declaration__"):
            source = self.model.source(target)
            if source.declaration.kind is Kind.PURE:
                return self.expand(source, node)
            return self.call(source, node)
        raise self.source.error(
            node, "unknown-function", f"{name} is no function of the specification", "decorate it with @kernel or @pure"
        )

    def _is(self, func: ast.expr, *targets: Any) -> bool:
        return isinstance(func, ast.Name) and self.source.namespace.get(func.id) in targets

    def builtin(self, target: Any, name: str, node: ast.Call) -> Value | None:
        """The built-in functions usable in any expression."""
        if target is declare.htons:
            arg = self.value(self.arguments(node, 1)[0])
            return self._htons(arg, node)
        if target is declare.implies:
            a, b = self.arguments(node, 2)
            return terms.implies(self.condition(a), self.condition(b))
        if target is declare.current:
            return self.process
        if isinstance(target, type) and isinstance(self.model.sorts.get(target), WordSort):
            return self._cast(self.model.sorts[target], node)
        return self.special(name, node)

    def _cast(self, sort: Sort, node: ast.Call) -> Term:
        (arg,) = self.arguments(node, 1)
        value = self.value(arg)
        if isinstance(value, Literal):
            return coerce(self.source, value, sort, arg)
        if isinstance(value, Term) and isinstance(value.sort, WordSort) and not value.sort.swapped:
            return terms.cast(value, sort)
        raise self.source.error(node, "wrong-type", f"{self.source.text(arg)} is not a word", "only words are converted")

    def _htons(self, value: Value, node: ast.Call) -> Term:
        if isinstance(value, Term):
            for sort in self.model.sorts.values():
                if isinstance(sort, WordSort) and sort.swapped == value.sort.name:
                    return terms.htons(value, sort)
        raise self.source.error(
            node, "wrong-type", f"{self.source.text(node.args[0])} is not in host byte order", "htons takes a host order port"
        )

    def arguments(self, node: ast.Call, count: int) -> list[ast.expr]:
        """The arguments of a call.  Raises SpecError unless there are ``count``."""
        if len(node.args) != count:
            raise self.source.error(
                node,
                "argument-count",
                f"{self.source.text(node.func)} takes {count} arguments, not {len(node.args)}",
                "compare with its definition",
            )
        return node.args

    def dispatch(self, func: ast.Attribute, node: ast.Call) -> Value:
        """A call through a function table; only statements may make one."""
        raise self.source.error(
            node, "call-in-expression", "a function table cannot be called in a pure expression", "call it in kernel code"
        )

    def expand(self, source: Source, node: ast.Call) -> Value:
        """Replace a @pure call by its expression."""
        self.check_recursion(source, node)
        params = source.tree.args.args
        values = self.arguments(node, len(params))
        env = {p.arg: self.term(v, self.parameter_sort(source, p.arg)) for p, v in zip(params, values, strict=True)}
        return self.nested(source, env).value(single_expression(source))

    def nested(self, source: Source, env: dict[str, Term]) -> Expressions:
        """A translator for the body of another function."""
        return Expressions(self.model, source, env, self.process, (*self.calling, source.name))

    def check_recursion(self, source: Source, node: ast.AST) -> None:
        """Raise SpecError if ``source`` is being expanded already."""
        if source.name in self.calling:
            chain = " -> ".join((*self.calling[self.calling.index(source.name) :], source.name))
            raise self.source.error(node, "recursion", f"recursive call: {chain}", "kernel functions are inlined; write a loop")

    def parameter_sort(self, source: Source, name: str) -> Sort:
        """The declared sort of a parameter."""
        return annotation_sort(self.model, source, source.hints.get(name), f"parameter {name} of {source.name}", source.tree)

    def quantify(self, word: str, node: ast.Call) -> Term:
        """``any(... for x in Record)`` and ``all(...)``, over a record or a @members set."""
        generator = node.args[0] if len(node.args) == 1 else None
        if not isinstance(generator, ast.GeneratorExp) or len(generator.generators) != 1:
            raise self.source.error(
                node, "unsupported-expression", f"{word} needs one generator", f"write {word}(condition for x in Record)"
            )
        loop = generator.generators[0]
        if not isinstance(loop.target, ast.Name):
            raise self.source.error(node, "unsupported-expression", "the bound name must be plain", "write `for x in ...`")
        name = loop.target.id
        fresh = name
        while any(t.op == "var" and t.data == fresh for e in self.env.values() for t in terms.subterms(e)):
            fresh += "_"
        bound, inside = self.domain(loop.iter, fresh)
        body_env = {**self.env, name: bound}
        translator = self.nested(self.source, body_env)
        translator.calling = self.calling
        conditions = [inside, *(translator.condition(c) for c in loop.ifs)]
        body = translator.condition(generator.elt)
        if word == "any":
            return terms.exists(bound, terms.conj(*conditions, body))
        return terms.forall(bound, terms.implies(terms.conj(*conditions), body))

    def domain(self, node: ast.expr, name: str) -> tuple[Term, Term]:
        if isinstance(node, ast.Name):
            sort = self.model.sorts.get(self.source.namespace.get(node.id))  # type: ignore[arg-type]
            if isinstance(sort, RefSort):
                return terms.var(name, sort), terms.TRUE
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            target = self.source.namespace.get(node.func.id)
            source = self.model.functions.get(getattr(target, "__name__", ""))
            if source is not None and source.declaration.kind is Kind.MEMBERS:
                first, *rest = source.tree.args.args
                sort = self.parameter_sort(source, first.arg)
                bound = terms.var(name, sort)
                values = self.arguments(node, len(rest))
                env = {p.arg: self.term(v, self.parameter_sort(source, p.arg)) for p, v in zip(rest, values, strict=True)}
                return bound, self.nested(source, {first.arg: bound, **env}).condition(single_expression(source))
        raise self.source.error(
            node, "unknown-domain", f"{self.source.text(node)} is no set of objects", "use a Record class or a @members function"
        )


def single_expression(source: Source) -> ast.expr:
    """The expression a @pure function, a property or a lemma returns."""
    body = statements(source.tree)
    if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
        return body[0].value
    raise source.error(
        source.tree, "not-an-expression", f"{source.name} must consist of one return statement", "write `return <expression>`"
    )
