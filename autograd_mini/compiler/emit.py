"""What line of Python computes a line of a program: plain arithmetic for floats, NumPy's functions for arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.compiler.program import Constant, Program, Upstream
from autograd_mini.ops.operation import Operation

_INFIX = {"add": "+", "sub": "-", "mul": "*"}  # which floats do without ever raising
_COMPARED = {
    **{"equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<="},
    **{"greater": ">", "greater_equal": ">="},
}


class Code:
    """Names for what the code uses, and the arrays that it computes into."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.namespace: dict[str, Any] = {"array": np.array}
        self.buffers: list[str] = []  # lines of ``make`` that allocate
        self.fresh: set[int] = set()  # the values that are an array of their own at each call

    def name(self, i: int) -> str:
        """How the code calls value i."""
        op = self.program.ops[i]
        if isinstance(op, Constant):
            if op.data.__class__ is float and math.isfinite(op.data):
                return repr(op.data) if op.data >= 0 and math.copysign(1, op.data) > 0 else f"({op.data!r})"
            return self.given(f"c{i}", op.data)
        return "upstream" if isinstance(op, Upstream) else f"v{i}"

    def given(self, name: str, thing: Any) -> str:
        """A name under which the code finds ``thing``."""
        self.namespace[name] = thing
        return name


def line_of_code(code: Code, i: int) -> list[str]:
    """The Python that computes value i."""
    program = code.program
    op, like = program.ops[i], program.likes[i]
    names = [code.name(x) for x in program.operands[i]]
    floats = all([program.likes[x] is None for x in program.operands[i]])
    if floats and op.name in _INFIX and like is None:
        return [f"v{i} = {names[0]} {_INFIX[op.name]} {names[1]}"]
    if floats and op.name in _COMPARED:
        return [f"v{i} = {names[0]} {_COMPARED[op.name]} {names[1]}"]
    if floats and op.name == "neg":
        return [f"v{i} = -{names[0]}"]
    if like is None and op.name == "where":
        return [f"v{i} = {names[1]} if {names[0]} else {names[2]}"]
    if floats and like is None and isinstance(op, Operation):
        function = code.given(f"f{i}", by_ieee_rules(op))
    else:
        function = code.given(f"f{i}", op.forward)
    call = f"{function}({', '.join(names)})"
    return [f"v{i} = float({call})" if like is None and not floats else f"v{i} = {call}"]


def by_ieee_rules(op: Operation) -> Callable[..., float]:
    """The op on Python floats, where ``math`` may raise and IEEE arithmetic does not."""
    scalar, at_the_limit = op.scalar, op.at_the_limit

    def compute(*xs: float) -> float:
        try:
            return scalar(*xs)  # type: ignore[no-any-return]
        except (ArithmeticError, ValueError):
            return at_the_limit(*xs)

    return compute
