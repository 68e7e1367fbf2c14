"""What went wrong, in a sentence: the op, the operands' shapes, and the user's own line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import ForeignArrayError, Operation, Pointwise, shape_of


def op_error(op: Operation, operands: Sequence[Any], cause: Exception) -> Exception:
    """``cause``, raised by ``op``, as an error of the same kind that says on what and where."""
    kind = next((kind for kind in (TypeError, IndexError, np.linalg.LinAlgError) if type(cause) is kind), ValueError)
    shapes = " and ".join(str(shape_of(operand)) for operand in operands)
    params = "".join(f", {name}={value!r}" for name, value in op.params.items())
    problem = _mismatch(op, *map(shape_of, operands))
    if problem is None and isinstance(cause, ForeignArrayError):  # which says on what and where
        return cause
    problem = problem or str(cause)
    return kind(located(f"{op.name} of {shapes}{params}: {problem}"))


def _mismatch(op: Operation, *shapes: tuple[int, ...]) -> str | None:
    """Which lengths do not fit, where that is what is wrong."""
    if op.name == "matmul" and () in shapes:
        return "a number is no matrix; multiply by it with *"
    if op.name == "matmul" and all(shapes):
        x, y = shapes
        rows = y[-2] if len(y) > 1 else y[-1]
        if x[-1] != rows:
            return (
                f"the last axis of the first operand has length {x[-1]}, the rows of the second are {rows}; "
                "they must be equal (is a transpose, .T, missing?)"
            )
    if op.name == "transpose" and len(op.params["axes"] or shapes[0]) != len(shapes[0]):
        return (
            f"it takes a new order of all axes, {len(shapes[0])} here, and {len(op.params['axes'])} are given; "
            "swapaxes(x, i, j) exchanges two axes, which is PyTorch's transpose"
        )
    if op.name == "linear" and shapes[0][-1:] != shapes[1][-1:]:
        return f"the input has shape {shapes[0]}; its last axis must have length {shapes[1][-1]} (in_features)"
    if isinstance(op, Pointwise):
        for lengths in zip(*(reversed(shape) for shape in shapes), strict=False):
            if len({n for n in lengths if n != 1}) > 1:
                return (
                    f"lengths {' and '.join(map(str, lengths))} of one axis do not broadcast; "
                    "lengths must be equal, or one of them 1 (reshape, or index with None, to add an axis)"
                )
    return None
