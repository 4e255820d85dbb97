"""Traces in the Informal Trace Format, a JSON other tools read.

In goes a Trace; out come bytes: ``#meta``, ``vars`` (one per state variable, ``record.field``) and ``states``.  A field is
a map from objects to values; all values are strings as people read them.  What moved is an annotation of the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from checker.evaluate import State
from checker.report.explain import question
from checker.report.timeline import Moment, timeline
from checker.system import Property, StateVar
from checker.trace import Trace

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def itf_bytes(trace: Trace, prop: Property | None = None, c_files: Mapping[str, str] | None = None) -> bytes:
    """``trace`` as ITF, one variable of one state a line, ending with a newline; the same bytes for the same trace.

    ``c_files`` maps functions to the C files they are from.
    """
    meta: dict[str, Any] = {"format": "ITF", "format-description": FORMAT, "system": trace.system.name}
    if prop is not None:
        meta["property"] = prop.name
        meta["question"] = question(prop, trace.system)
    meta["instance"] = str(trace.instance)
    moments: list[Moment | None] = [None, *timeline(trace).moments]
    names = [_name(v) for v in trace.system.state_vars]
    states = ",\n".join(_state(trace, i, moment, c_files or {}) for i, moment in enumerate(moments))
    text = f'{{\n"#meta": {_json(meta)},\n"vars": {_json(names)},\n"states": [\n{states}\n]\n}}\n'
    return text.encode()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _name(v: StateVar) -> str:
    return f"{v.record}.{v.name}" if v.record else v.name


def _state(trace: Trace, index: int, moment: Moment | None, c_files: Mapping[str, str]) -> str:
    """One state, one variable a line."""
    meta: dict[str, Any] = {"index": index}
    if moment is not None:
        meta["action"] = _action(trace, moment, c_files)
    values = {_name(v): _value(trace, v, trace.states[index]) for v in trace.system.state_vars}
    lines = [f" {_json(name)}: {_json(value)}" for name, value in {"#meta": meta, **values}.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _value(trace: Trace, v: StateVar, state: State) -> Any:
    show = trace.instance.show_value
    if not v.record:
        return show(v.sort, state[(v.record, v.name, 0)])
    sort = next(r for r in trace.system.records if r.name == v.record)
    cells = trace.instance.cells(v, trace.system)
    return {"#map": [[show(sort, i), show(v.sort, state[(v.record, v.name, i)])] for i in cells]}


def _action(trace: Trace, moment: Moment, c_files: Mapping[str, str]) -> dict[str, Any]:
    main = moment.main
    return {
        "transition": trace.steps[moment.number - 1].transition.name,
        "process": trace.instance.show_value(trace.system.thread, moment.process),
        "call": moment.call.text,
        "function": main.function if main else moment.call.name,
        "c_file": c_files.get(main.function, "") if main else "",
        "place": f"{main.file}:{main.line}" if main else "",
        "statements": [s.text for s in moment.statements],
        "returns": moment.call.result if moment.ends else None,
    }
