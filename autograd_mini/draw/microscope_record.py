"""What the microscope's page knows of a graph, as JSON: its values, and each derivative as a tree of ops.

The page has twins of the ops' forward functions and no derivative: the op table's own rules run on Symbols here.
"""

from __future__ import annotations

import itertools
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini.backward import Contribution, fit, one_like
from autograd_mini.by_hand.formula import definition, term
from autograd_mini.by_hand.notation import Text
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.graph import Graph, is_plain_number
from autograd_mini.ops.operation import Linear, Operation, data_of, shape_of
from autograd_mini.text import op_text
from autograd_mini.value import Value

Json = Any


def record_of(graph: Graph, names: Sequence[str], contributions: Sequence[Contribution]) -> Json:
    """The values in order, the steps of the backward pass, and the rules that these share.

    Every value comes with Python's numbers, and so does a contribution that the page has no twin for; the names of the
    ops of such are in ``frozen``.
    """
    position = {value: i for i, value in enumerate(graph.values)}
    rules = _Rules()
    steps = []
    for step in contributions:
        rule = rules.of_step(step.consumer, step.operand_index)
        given = [_data(step.amount)] if rules.rules[rule]["amount"] is None else []
        steps.append([position[step.consumer], step.operand_index, position[step.operand], rule, *given])
    values = [
        _value(value, name, operands, rules)
        for value, name, operands in zip(graph.values, names, graph.operands, strict=True)
    ]
    return {
        "values": values,
        "steps": steps,
        "rules": rules.rules,
        "forms": rules.forms,
        "frozen": sorted(rules.frozen),
    }


@cache
def twins() -> frozenset[str]:
    """The ops that the page can compute: those that the tables in its scripts name."""
    page = Path(__file__).parent / "page"
    scripts = [(page / f"{name}.js").read_text(encoding="utf-8") for name in ("ops", "windows", "matrices")]
    return frozenset(re.findall(r'^  "?([\w.]+)"?: ', "".join(scripts), re.MULTILINE))


def _value(value: Value, name: str, operands: tuple[int, ...], rules: _Rules) -> Json:
    about: Json = {"name": name, "operands": operands, "shape": value.shape, "dtype": str(value.dtype)}
    about["data"] = _data(value.data)
    about["kind"] = "value" if value.op else "leaf" if value.requires_grad else "constant"
    if value.op is None:
        about["plain"] = is_plain_number(value)
        return about
    about["op"] = value.op.name
    about["symbol"] = op_text(value.op)
    about["form"] = rules.form_of(value)
    about["scope"] = _scope(value)
    if value.op.name in ("getitem", "scatter_add") and _has_array(value.op.params["index"]):
        about["picks"] = True
    if value.op.params and value.op.name in twins():
        about["params"] = _params(value.op, value.inputs[0].shape, value.shape)
    return about


def _scope(value: Value) -> str:
    """The modules it was computed in, from the outermost, with angles between them."""
    scope, parts = value.scope, []
    while scope is not None:
        parts.append(scope.kind)
        scope = scope.parent
    return " › ".join(reversed(parts))


# ------------------------------------------------------------ rules: how a step is computed, and how it reads


class _Rules:
    """Each rule once: steps of one op on operands of the same shapes share it, and so do values their formula."""

    def __init__(self) -> None:
        self.rules: list[Json] = []
        self.forms: list[str] = []
        self.frozen: set[str] = set()
        self._rule_at: dict[Any, int] = {}
        self._form_at: dict[Any, int] = {}

    def of_step(self, consumer: Value, i: int) -> int:
        """The number of the rule for operand ``i``."""
        key = (i, *_signature(consumer))
        if key not in self._rule_at:
            self._rule_at[key] = len(self.rules)
            self.rules.append(_rule(consumer, i, self.frozen))
        return self._rule_at[key]

    def form_of(self, value: Value) -> int:
        """The number of the formula that it was computed by."""
        key = _signature(value)
        if key not in self._form_at:
            self._form_at[key] = len(self.forms)
            assert value.op is not None
            self.forms.append(_Template().write(definition(value.op, *_symbols(value))))
        return self._form_at[key]


def _signature(consumer: Value) -> tuple[Any, ...]:
    """What a rule depends on: the op, and of each operand its shape and dtype, or the plain number it is."""
    assert consumer.op is not None
    if consumer.op.name not in twins():
        return (id(consumer),)
    operands = [x.data if is_plain_number(x) else (x.shape, x.dtype, x.data.__class__) for x in consumer.inputs]
    return id(consumer.op), *map(repr, operands)


def _symbols(consumer: Value) -> tuple[Symbol, list[Any]]:
    operands = [x.data if is_plain_number(x) else Symbol(i, x.data) for i, x in enumerate(consumer.inputs)]
    return Symbol("z", consumer.data), operands


def _rule(consumer: Value, i: int, frozen: set[str]) -> Json:
    """How the contribution to operand ``i`` is computed and written. What stops the page joins ``frozen``."""
    op: Any = consumer.op
    output, operands = _symbols(consumer)
    upstream = Symbol("g", one_like(output.data))
    with np.errstate(all="ignore"):
        amount = fit(op.rule(i)(upstream, output, *operands), data_of(operands[i]))
        shown = term(op, i, upstream, output, operands)
    missing = ({op.name} | _ops_in(amount) | _ops_in(shown.amount)) - twins()
    frozen |= missing
    conditions = [] if missing else _conditions(shown.amount)
    return {
        "amount": None if missing else _tree(amount),
        "linear": isinstance(op, Linear),
        "local": None if missing or shown.local is None else _tree(shown.local),
        "conditions": [_tree(condition) for condition in conditions],
        "texts": _texts(shown.amount, conditions),
        "locals": [] if shown.local is None else _texts(shown.local, conditions),
    }


def _symbols_in(x: Any) -> Iterator[Symbol]:
    """Every op of a formula, in the order in which it is read."""
    stack = [x]
    while stack:
        x = stack.pop()
        if isinstance(x, Symbol) and x.op is not None:
            yield x
            stack.extend(reversed(x.operands))


def _ops_in(x: Any) -> set[str]:
    return {symbol.op_name for symbol in _symbols_in(x)}


def _conditions(x: Any) -> list[Symbol]:
    """The single truths by which a formula takes one branch or the other: the text of each branch is baked in."""
    wheres = [symbol.operands[0] for symbol in _symbols_in(x) if symbol.op_name == "where"]
    return list({id(condition): condition for condition in wheres if isinstance(data_of(condition), bool)}.values())


def _texts(x: Any, conditions: Sequence[Symbol]) -> list[Json]:
    """The formula for each combination of the conditions, all true first, and what it takes for granted."""
    texts = []
    for truths in itertools.product((True, False), repeat=len(conditions)):
        for condition, truth in zip(conditions, truths, strict=True):
            condition.data = truth
        writer = _Template()
        text = writer.write(x)
        texts.append([text, " and ".join(writer.since)])
    return texts


class _Template(Text):
    """Writes a formula with places for names or numbers: ``⟨0:3⟩`` is operand 0, bracketed if it binds less than 3."""

    def inside(self, x: Any, least: int) -> str:
        if isinstance(x, Symbol) and x.op is None:
            return f"⟨{x.name}:{least}⟩"
        return super().inside(x, least)

    def name(self, name: Any) -> tuple[str, int]:
        return (name, 6) if isinstance(name, str) and name not in "gz" else (f"⟨{name}:0⟩", 6)


def _tree(x: Any) -> Json:
    """A Symbol as nested JSON. Rules are a few ops deep, whatever the depth of the graph."""
    if not isinstance(x, Symbol):
        return {"constant": _data(x)}
    if x.op is None:
        return x.name
    tree: Json = {"op": x.op_name, "operands": [_tree(operand) for operand in x.operands]}
    if isinstance(x.op, Operation) and x.op.params:
        tree["params"] = _params(x.op, shape_of(data_of(x.operands[0])), x.shape)
    return tree


# ------------------------------------------------------------ numbers and arrays


def _data(x: Any) -> Json:
    if isinstance(x, np.ndarray | np.generic):
        plain = np.ascontiguousarray(x, dtype="<f8")
        # Of integers and booleans the smallest float that holds them, which promotes as they do.
        dtype = x.dtype if x.dtype.kind == "f" else np.result_type(x.dtype, np.float16)
        return {"dtype": str(dtype), "shape": x.shape, "base64": b64encode(plain.tobytes()).decode()}
    return x if np.isfinite(x) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(float(x))]


def _params(op: Operation, before: tuple[int, ...], after: tuple[int, ...]) -> Json:
    """The static parameters as the page's twins take them: an index as the positions that it picks."""
    if op.name in ("getitem", "roll"):
        return {"picked": np.ravel(op.forward(_places(before))).tolist(), "shape": after}
    if op.name == "scatter_add":
        return {"picked": np.ravel(_places(after)[op.params["index"]]).tolist(), "shape": after}
    params = {name: str(param) if name == "dtype" else param for name, param in op.params.items()}
    return params | ({"shape": after} if "shape" in params else {})


def _has_array(index: Any) -> bool:
    """True for an index that may have been computed from data: a mask, or positions such as those of a sort."""
    parts = index if isinstance(index, tuple) else (index,)
    return any([isinstance(part, np.ndarray) for part in parts])


def _places(shape: tuple[int, ...]) -> Any:
    """An array of this shape whose elements are their positions in C order."""
    return np.arange(math.prod(shape)).reshape(shape)
