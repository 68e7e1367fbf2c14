"""What the native interpreter can do: a number for each instruction, and the rows of the op table that are one."""

from __future__ import annotations

from typing import Any

import numpy as np

WIDTH = 13  # numbers in an instruction: op, z, x, y, three lengths, three strides of x, three of y (or of z)

# Element by element, of two operands that lie side by side.
ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM = range(6)
IF, UNLESS, GATE, ELSE = range(6, 10)  # y if x else 0; 0 if x else y; 0 if x <= 0 else y; z if x else y
POW, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, AND, OR = range(10, 17)
NEG, EXP, LOG, TANH, SQRT, ABS, SIGMOID, SIN, COS, LOG1P, EXPM1, SIGN, NOT = range(17, 30)  # of one
LAST_POINTWISE = NOT
COPY, SUM, VDOT, MATMUL, GATHER, SCATTER, PRODUCT, SCATTER_PRODUCT, CAST = range(30, 39)
ON_NUMBERS = 64  # added to an op on single Python floats, where the arrays are of float32

POINTWISE: dict[str, int] = {
    **{"add": ADD, "sub": SUB, "mul": MUL, "div": DIV, "pow": POW},
    **{"maximum": MAXIMUM, "minimum": MINIMUM},
    **{"neg": NEG, "exp": EXP, "log": LOG, "tanh": TANH, "sqrt": SQRT, "abs": ABS, "sigmoid": SIGMOID},
    **{"sin": SIN, "cos": COS, "log1p": LOG1P, "expm1": EXPM1, "sign": SIGN},
}
# Comparisons and what is made of them; True: with the operands in the other order.
COMPARED: dict[Any, tuple[int, bool]] = {
    np.less: (LESS, False),
    np.less_equal: (LESS_EQUAL, False),
    np.greater: (LESS, True),
    np.greater_equal: (LESS_EQUAL, True),
    np.equal: (EQUAL, False),
    np.not_equal: (NOT_EQUAL, False),
    np.logical_and: (AND, False),
    np.logical_or: (OR, False),
}
