"""Symbol: the carrier that writes formulas. A rule of the op table that runs on Symbols gives its own derivation."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.arithmetic import Arithmetic
from autograd_mini.ops.operation import Operation, data_of, dtype_of, shape_of


class Symbol(Arithmetic):
    """A name, or an op applied to Symbols and plain numbers; and ``data``, the number or array that it comes to.

    Ops that change nothing are left out (``1 * x`` is ``x``), as a person would. A comparison
    is a Symbol too, whose op is NumPy's ufunc; so ``where`` keeps its condition.

    >>> x, y = Symbol("x", 2.0), Symbol("y", -3.0)
    >>> product = x * y + 1
    >>> product.op_name, product.data
    ('add', -5.0)
    """

    __slots__ = ("data", "name", "op", "operands")
    __array_ufunc__ = None  # so that NumPy leaves array * symbol to __rmul__

    def __init__(self, name: Any, data: Any, op: Operation | np.ufunc | None = None, operands: Any = ()) -> None:
        self.name = name  # of a leaf: whatever tells it from others, and can be written
        self.data = data
        self.op = op
        self.operands = operands

    def record(self, op: Operation, x: Any, y: Any = None) -> Any:
        """The formula of ``op``; where that is nothing but an operand, the operand."""
        operands = x if isinstance(x, tuple) else (x,) if y is None else (x, y)
        simple = _simplified(op.name, operands)
        if simple is not None:
            return simple
        data = op(*map(data_of, operands))
        if op.name in _MOVING and shape_of(data) == shape_of(operands[0]) and (op.name in _SAME or not shape_of(data)):
            return operands[0]
        return Symbol(None, data, op, operands)

    @property
    def op_name(self) -> str:
        """The op's name in the table, or the ufunc's in NumPy, such as ``less_equal``; "" for a leaf."""
        return "" if self.op is None else self.op.name if isinstance(self.op, Operation) else self.op.__name__

    @property
    def params(self) -> dict[str, Any]:
        """What the op was called with beside its operands, such as ``axis``."""
        return self.op.params if isinstance(self.op, Operation) else {}

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.data)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(bool) if isinstance(self.data, bool) else dtype_of(self.data)

    def __repr__(self) -> str:
        return f"Symbol({self.name or self.op_name!r}, {self.data!r})"

    # ------------------------------------------------------------ conditions

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return self._compared(np.equal, other)

    def __ne__(self, other: object) -> Any:
        return self._compared(np.not_equal, other)

    def __lt__(self, other: Any) -> Any:
        return self._compared(np.less, other)

    def __le__(self, other: Any) -> Any:
        return self._compared(np.less_equal, other)

    def __gt__(self, other: Any) -> Any:
        return self._compared(np.greater, other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(np.greater_equal, other)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool | np.bool_):
            return self if other else False
        return self._compared(np.logical_and, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool | np.bool_):
            return True if other else self
        return self._compared(np.logical_or, other)

    __ror__ = __or__

    def _compared(self, ufunc: np.ufunc, other: Any) -> Symbol:
        truth = ufunc(self.data, data_of(other))
        return Symbol(None, bool(truth) if np.ndim(truth) == 0 else truth, ufunc, (self, other))

    def __bool__(self) -> bool:
        return bool(self.data)


_SAME = frozenset({"reshape", "broadcast_to", "astype"})  # they change nothing where they keep the shape
_MOVING = _SAME | {"transpose", "getitem", "scatter_add"}  # and of a single number these do not either


def is_literal(x: Any, number: float) -> bool:
    """True for the plain ``number``, not for a Symbol that comes to it."""
    return x.__class__ is float and bool(x == number)


def _simplified(op: str, operands: tuple[Any, ...]) -> Any:
    """The operand that is the whole formula: of ``1 * x``, ``x / 1``, ``x ** 1``, ``where(True, x, y)``; else None."""
    if op == "mul":
        x, y = operands
        if is_literal(x, 1.0):
            return y
        if is_literal(y, 1.0):
            return x
        if is_literal(x, -1.0):
            return -y
        if is_literal(y, -1.0):
            return -x
    elif op in ("div", "pow") and is_literal(operands[1], 1.0):
        return operands[0]
    elif op == "where" and operands[0].__class__ is bool:
        return operands[1] if operands[0] else operands[2]
    elif op == "neg" and operands[0].op_name == "neg":
        return operands[0].operands[0]
    return None
