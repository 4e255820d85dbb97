"""C functions in normal form, parsed with tree-sitter.

In goes one function as text; out comes a :class:`~checker.audit.normal.Function` whose gotos still stand.  Every statement
of the text is numbered and accounted for later; what cannot be read becomes a statement of its own, never nothing.
"""

from __future__ import annotations

from dataclasses import replace

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from checker.audit import normal
from checker.audit.calls import call_statement
from checker.audit.clisting import CFunction
from checker.audit.cvalue import CValues, part, text_of
from checker.audit.names import Names
from checker.audit.normal import Arm, Block, Function, Kind, Source, Stmt, Value, op
from checker.audit.title import title
from checker.errors import Place

_PARSER = Parser(Language(tree_sitter_c.language()))
_SIMPLE = frozenset({"expression_statement", "declaration", "return_statement", "goto_statement"})
_NOTHING = frozenset({"comment", ";", "preproc_call", "preproc_def", "preproc_include", "type_definition", "struct_specifier"})


class Reader:
    """Translates the statements of one function."""

    def __init__(self, function: CFunction, names: Names) -> None:
        self.function = function
        self.names = names
        self.lines = function.text.split("\n")
        self.values = CValues(names, function.name)
        self.sources: list[Source] = []
        self.settled: dict[int, str] = {}
        self.locals: set[str] = set()
        self.depth = 0

    def place(self, node: Node) -> Place:
        """Where ``node`` stands in the file."""
        return self.function.place(node.start_point.row, self.lines)

    def number(self, node: Node) -> int:
        """A number for the source statement ``node``; its title is filled in when it has been read."""
        self.sources.append(Source(self.place(node), self.depth, ""))
        return len(self.sources) - 1

    def name_it(self, number: int, *stmts: Stmt, prefix: str = "") -> None:
        """Say in a few words what source statement ``number`` does."""
        shown = prefix + "; ".join(dict.fromkeys(title(s) for s in stmts))
        self.sources[number] = replace(self.sources[number], title=shown)

    def block(self, nodes: list[Node]) -> Block:
        """Statements in order; a macro with a block behind it is a loop."""
        found: list[Stmt] = []
        skip = False
        for node, after in zip(nodes, [*nodes[1:], None], strict=False):
            if skip:
                skip = False
            elif after is not None and after.type == "compound_statement" and _open_macro(node):
                found += self._macro_loop(node, after)
                skip = True
            else:
                found += self.statement(node)
        return tuple(found)

    def inner(self, node: Node | None) -> Block:
        """The statements of a branch or a loop body, one level deeper."""
        if node is None:
            return ()
        self.depth += 1
        found = self.block(node.named_children if node.type in ("compound_statement", "else_clause") else [node])
        self.depth -= 1
        return found

    def statement(self, node: Node) -> Block:
        """One statement; nothing for declarations without a value."""
        condition = node.child_by_field_name("condition")
        if (node.type in _SIMPLE and node.has_error) or (condition is not None and condition.has_error):
            return self.unreadable(node)
        match node.type:
            case "compound_statement":
                return self.block(node.named_children)
            case "declaration":
                return self._declaration(node)
            case "expression_statement":
                return self._expression(node)
            case "if_statement":
                return self._if(node)
            case "switch_statement":
                return self._switch(node)
            case "while_statement" | "do_statement" | "for_statement":
                return self._loop(node)
            case "return_statement":
                return self._return(node)
            case "goto_statement":
                number = self.number(node)
                made = Stmt(Kind.GOTO, self.place(node), (number,), text=text_of(part(node, "label")))
                self.name_it(number, made)
                return (made,)
            case "break_statement" | "continue_statement":
                kind = Kind.BREAK if node.type == "break_statement" else Kind.CONTINUE
                return (Stmt(kind, self.place(node), ()),)
            case "labeled_statement":
                label = part(node, "label")
                made = Stmt(Kind.LABEL, self.place(node), (), text=text_of(label))
                return (made, *self.block([c for c in node.named_children if c != label]))
            case "preproc_ifdef" | "preproc_if":
                return self._conditional_text(node)
        if node.type in _NOTHING:
            return ()
        return self.unreadable(node)

    def unreadable(self, node: Node) -> Block:
        """The statement that stands for text that cannot be understood."""
        number = self.number(node)
        made = Stmt(Kind.UNREADABLE, self.place(node), (number,))
        self.name_it(number, made)
        return (made,)

    def _declaration(self, node: Node) -> Block:
        found: list[Stmt] = []
        for declarator in node.children_by_field_name("declarator"):
            inner = declarator
            while inner.child_by_field_name("declarator") is not None:
                inner = part(inner, "declarator")
            local = text_of(inner)
            self.locals.add(local)
            given = declarator.child_by_field_name("value")
            if given is None:
                continue
            number = self.number(node)
            value = self.values.value(given)
            made = [self._assign(node, number, t, v) for t, v in self.values.take_effects()]
            made.append(self._assign(node, number, normal.name(local), value))
            self.name_it(number, *made)
            if _renames(given) and value.kind in ("name", "field") and not normal.is_constant(value):
                self.values.aliases[local] = self.values.raw(given)
                self.settled[number] = f"another name of {value}"
                made = made[:-1]
            found += made
        return tuple(found)

    def _assign(self, node: Node, number: int, target: Value, value: Value) -> Stmt:
        return Stmt(Kind.ASSIGN, self.place(node), (number,), target=target, value=value)

    def _expression(self, node: Node) -> Block:
        inner = [c for c in node.named_children if c.type != "comment"]
        if not inner:
            return ()
        number = self.number(node)
        value = self.values.value(inner[0])
        made = [self._assign(node, number, t, v) for t, v in self.values.take_effects()]
        if value.kind == "call" and inner[0].type != "assignment_expression":
            made.append(call_statement(self.place(node), (number,), value, self.names))
        elif not made:
            made.append(Stmt(Kind.UNREADABLE, self.place(node), (number,)))
        self.name_it(number, *made)
        return tuple(made)

    def _if(self, node: Node) -> Block:
        number = self.number(node)
        condition = self.values.condition(part(node, "condition"))
        effects = [self._assign(node, number, t, v) for t, v in self.values.take_effects()]
        body = self.inner(node.child_by_field_name("consequence"))
        orelse = self.inner(node.child_by_field_name("alternative"))
        made = Stmt(Kind.IF, self.place(node), (number,), value=condition, body=body, orelse=orelse)
        self.name_it(number, *effects, made)
        return (*effects, made)

    def _switch(self, node: Node) -> Block:
        number = self.number(node)
        subject = self.values.value(part(node, "condition"))
        effects = [self._assign(node, number, t, v) for t, v in self.values.take_effects()]
        arms: list[tuple[list[Value], bool, list[Stmt]]] = []
        self.depth += 1
        for case in part(node, "body").named_children:
            if case.type != "case_statement":
                continue
            label = case.child_by_field_name("value")
            body = list(self.block([c for c in case.named_children if c != label]))
            value = [] if label is None else [self.values.value(label)]
            if arms and not arms[-1][2]:
                arms[-1] = (arms[-1][0] + value, arms[-1][1] or label is None, body)
            else:
                arms.append((value, label is None, body))
        self.depth -= 1
        made = Stmt(Kind.SWITCH, self.place(node), (number,), value=subject, arms=_fall_through(arms))
        self.name_it(number, *effects, made)
        return (*effects, made)

    def _loop(self, node: Node) -> Block:
        place = self.place(node)
        first = node.child_by_field_name("initializer")
        before: Block = ()
        if first is not None:
            before = self.statement(first) if first.type == "declaration" else self._effects_of(first)
        number = self.number(node)
        given = node.child_by_field_name("condition")
        condition = normal.TRUE if given is None else self.values.condition(given)
        effects = tuple(self._assign(node, number, t, v) for t, v in self.values.take_effects())
        body = self.inner(node.child_by_field_name("body"))
        update = node.child_by_field_name("update")
        if update is not None:
            body = (*body, *self._effects_of(update))
        stop = (Stmt(Kind.BREAK, place, ()),)
        leave = (
            stop if condition == normal.FALSE else (Stmt(Kind.IF, place, (number,), value=normal.negate(condition), body=stop),)
        )
        if node.type == "do_statement":
            body = (*body, *effects, *(() if condition == normal.TRUE else leave))
            condition = normal.TRUE
        elif effects:
            body, condition = (*effects, *leave, *body), normal.TRUE
        made = Stmt(Kind.LOOP, place, (number,), value=condition, body=body)
        self.name_it(number, made)
        return (*before, made)

    def _effects_of(self, node: Node) -> Block:
        number = self.number(node)
        self.values.value(node)
        made = tuple(self._assign(node, number, t, v) for t, v in self.values.take_effects())
        self.name_it(number, *made)
        return made

    def _macro_loop(self, node: Node, body: Node) -> Block:
        number = self.number(node)
        value = self.values.value(node.named_children[0])
        head = Stmt(Kind.LOOP, self.place(node), (number,), value=op("each", value), body=self.inner(body))
        self.name_it(number, head)
        return (head,)

    def _return(self, node: Node) -> Block:
        number = self.number(node)
        given = [c for c in node.named_children if c.type != "comment"]
        value = self.values.value(given[0]) if given else None
        effects = [self._assign(node, number, t, v) for t, v in self.values.take_effects()]
        made = Stmt(Kind.RETURN, self.place(node), (number,), value=value)
        self.name_it(number, *effects, made)
        return (*effects, made)

    def _conditional_text(self, node: Node) -> Block:
        """``#ifdef``: the branch that the declared configuration takes; the other one is settled as not compiled."""
        skipped = {
            node.child_by_field_name("name"),
            node.child_by_field_name("condition"),
            node.child_by_field_name("alternative"),
        }
        head = node.child_by_field_name("name") or node.child_by_field_name("condition")
        shown = "" if head is None else text_of(head)
        taken = (shown in self.names.defined) != (node.children[0].type == "#ifndef")
        first = len(self.sources)
        body = self.block([c for c in node.named_children if c not in skipped])
        middle = len(self.sources)
        alternative = node.child_by_field_name("alternative")
        other = () if alternative is None else self.block(alternative.named_children)
        dropped = range(middle, len(self.sources)) if taken else range(first, middle)
        self.settled |= {i: f"compiled only {'without' if taken else 'with'} {shown}" for i in dropped}
        return body if taken else other


def _open_macro(node: Node) -> bool:
    """A call without a semicolon: a macro such as list_for_each."""
    last = node.children[-1] if node.children else None
    return node.type == "expression_statement" and last is not None and last.is_missing


def _renames(node: Node) -> bool:
    """Whether an initial value only renames something: a cast of it, or the address of a part of it."""
    while node.type in ("parenthesized_expression",):
        node = node.named_children[-1]
    if node.type == "cast_expression":
        inner = part(node, "value")
        return inner.type in ("identifier", "pointer_expression")
    return node.type == "pointer_expression" and text_of(part(node, "operator")) == "&"


def _fall_through(arms: list[tuple[list[Value], bool, list[Stmt]]]) -> tuple[Arm, ...]:
    """Arms that end with break or leave; an arm that falls through gets the statements of the next."""
    done: list[Arm] = []
    rest: Block = ()
    for labels, default, stmts in reversed(arms):
        body = tuple(stmts)
        if not normal.leaves(body):
            body = (*body, *rest)
        rest = body
        done.insert(0, Arm(() if default else tuple(labels), _without_break(body)))
    return tuple(done)


def _without_break(body: Block) -> Block:
    return body[:-1] if body and body[-1].kind is Kind.BREAK else body


def read_function(function: CFunction, names: Names) -> Function:
    """The normal form of one C function, gotos unresolved."""
    root = _PARSER.parse(f"int {function.text}".encode()).root_node
    definition = next((n for n in root.named_children if n.type == "function_definition"), None)
    reader = Reader(function, names)
    if definition is None:
        whole = reader.unreadable(root)
        return Function(function.name, whole[0].place, (), whole, tuple(reader.sources), {})
    declarator = part(definition, "declarator")
    parameters = tuple(_declared(p) for p in part(declarator, "parameters").named_children if p.type == "parameter_declaration")
    body = reader.block(part(definition, "body").named_children)
    for left_over in (n for n in root.named_children if n != definition):
        body = (*reader.unreadable(left_over), *body)
    place = function.place(0, reader.lines)
    own = frozenset(reader.locals | set(parameters))
    return Function(
        function.name, place, parameters, body, tuple(reader.sources), reader.settled, own, own & reader.values.escaped
    )


def _declared(node: Node) -> str:
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.child_by_field_name("declarator") is not None:
        inner = inner.child_by_field_name("declarator")
    return "" if inner is None else text_of(inner)
