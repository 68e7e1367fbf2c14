"""Which rows of the op table, and which comparisons, are one instruction of the native interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.compiler.native import interpreter as op

POINTWISE: dict[str, int] = {
    **{"add": op.ADD, "sub": op.SUB, "mul": op.MUL, "div": op.DIV, "pow": op.POW},
    **{"maximum": op.MAXIMUM, "minimum": op.MINIMUM},
    **{"neg": op.NEG, "abs": op.ABS, "sqrt": op.SQRT, "sign": op.SIGN, "exp": op.EXP, "log": op.LOG},
    **{"expm1": op.EXPM1, "log1p": op.LOG1P, "tanh": op.TANH, "sigmoid": op.SIGMOID, "sin": op.SIN, "cos": op.COS},
}
# Comparisons and what is made of them; True: with the operands in the other order.
COMPARED: dict[Any, tuple[int, bool]] = {
    np.less: (op.LESS, False),
    np.less_equal: (op.LESS_EQUAL, False),
    np.greater: (op.LESS, True),
    np.greater_equal: (op.LESS_EQUAL, True),
    np.equal: (op.EQUAL, False),
    np.not_equal: (op.NOT_EQUAL, False),
    np.logical_and: (op.AND, False),
    np.logical_or: (op.OR, False),
}
