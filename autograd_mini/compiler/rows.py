"""The ops that only programs have: numbers put side by side, picked from there or copied, and what waits for others."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.operation import TABLE, Carrier, Linear, shape_of

PACK = Linear(
    "pack",
    lambda *numbers: np.array(numbers),
    rule_for_each=lambda i, g, z, numbers: getitem(g, i),
)
GATHER: Linear = Linear(
    "gather",
    lambda x, index: x.take(index.array),
    lambda g, z, x, index: SCATTER.on(g, len(x), index),
    params=("index",),
)
SCATTER: Linear = Linear(
    "scatter",
    lambda x, length, index: np.bincount(index.array, x, length),
    lambda g, z, x, length, index: GATHER.on(g, index),
    params=("length", "index"),
)
COPIED: Linear = Linear(
    "copied",
    lambda x, shape: np.array(x, order="C").reshape(shape),
    lambda g, z, x, shape: COPIED.on(g, shape_of(x)),
    params=("shape",),
    doc="""x, its elements in a row, in this shape.""",
)
AFTER = Linear(
    "after",
    lambda *operands: operands[0],
    rule_for_each=lambda i, g, z, operands: g,
    doc="""The first operand, as soon as the others are computed.""",
)


# Rows by the dict that a row shares with those bound to parameters: users may make rows of their own, under any name.
_OURS = {"pack": PACK, "gather": GATHER, "scatter": SCATTER, "copied": COPIED}
_NAMES = {id(row._bound): name for name, row in {**TABLE, **_OURS}.items()}


def row_of(op: Any) -> str:
    """Which row of the table an op is, by name; "" for a user's own, and for what has no gradient."""
    return _NAMES.get(id(getattr(op, "_bound", None)), "")


# The rows whose result lies in the array of their first operand, or may; a getitem by arrays picks a copy.
VIEWS = ("transpose", "reshape", "getitem", "sliding_window_view", "after", "stop_gradient")


def arrays_of(index: Any) -> list[Any]:
    """The arrays in an index; one without is basic, and picks a view."""
    return [part for part in (index if isinstance(index, tuple) else (index,)) if isinstance(part, np.ndarray)]


class Index:
    """Which elements, in order. It cannot be a key, so no row keeps it when the program that it belongs to is gone."""

    __slots__ = ("array",)
    __hash__ = None  # type: ignore[assignment]  # as Python has it for what has no hash

    def __init__(self, array: Any) -> None:
        self.array = array

    def __repr__(self) -> str:
        first = ", ".join(map(str, self.array[:4].tolist()))
        return f"[{first}, ... {len(self.array)} of them]" if len(self.array) > 4 else f"[{first}]"


def gather(x: Carrier, index: Any) -> Carrier:
    """``x[index]`` of a vector; where that is all of it in order, ``x``."""
    n = shape_of(x)[0]
    if len(index) == n and index[0] == 0 and index[-1] == n - 1 and (np.diff(index) == 1).all():
        return x
    return GATHER.on(x, Index(index))
