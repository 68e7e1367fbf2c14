"""What went wrong, in a sentence: the op, the operands' shapes, and the user's own line."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd_mini.ops.operation import Operation, Pointwise, shape_of

_ROOT = Path(__file__).resolve().parent.parent
_OURS = tuple(str(_ROOT / package) + "/" for package in ("autograd_mini", "nn", "optim"))


def user_line() -> str:
    """The innermost line on the stack that is not this library's: ``train.py:12: y = x @ w``."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    path, number = frame.f_code.co_filename, frame.f_lineno
    return f"{Path(path).name}:{number}: {linecache.getline(path, number).strip()}".rstrip(": ")


def op_error(op: Operation, operands: Sequence[Any], cause: Exception) -> Exception:
    """``cause``, raised by ``op``, as an error of the same kind that says on what and where."""
    kind = next((kind for kind in (TypeError, IndexError, ValueError) if type(cause) is kind), ValueError)
    shapes = " and ".join(str(shape_of(operand)) for operand in operands)
    params = "".join(f", {name}={value!r}" for name, value in op.params.items())
    problem = _mismatch(op, *map(shape_of, operands)) or str(cause)
    return kind(f"{op.name} of {shapes}{params}: {problem}\n  at {user_line()}")


def _mismatch(op: Operation, *shapes: tuple[int, ...]) -> str | None:
    """Which lengths do not fit, where that is what is wrong."""
    if op.name == "matmul" and all(shapes):
        x, y = shapes
        rows = y[-2] if len(y) > 1 else y[-1]
        if x[-1] != rows:
            return (
                f"the last axis of the first operand has length {x[-1]}, the rows of the second are {rows}; "
                "they must be equal (is a transpose, .T, missing?)"
            )
    if isinstance(op, Pointwise):
        for lengths in zip(*(reversed(shape) for shape in shapes), strict=False):
            if len({n for n in lengths if n != 1}) > 1:
                return (
                    f"lengths {' and '.join(map(str, lengths))} of one axis do not broadcast; "
                    "lengths must be equal, or one of them 1 (reshape, or index with None, to add an axis)"
                )
    return None
