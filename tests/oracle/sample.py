"""What a sample of the gallery is: an op, called in one way, beside the same call in PyTorch, and its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograd_mini import ops

# ---------------------------------------------------------------- operands: shapes, dtypes, layouts


@dataclass(frozen=True)
class Operand:
    """How one operand is laid out in memory; a shape of None is a Python float."""

    shape: tuple[int, ...] | None
    dtype: str = "float64"
    layout: str = "C"

    def __str__(self) -> str:
        if self.shape is None:
            return "float"
        return "-".join(["x".join(map(str, self.shape)) or "0d", self.dtype, self.layout])

    def draw(self, domain: tuple[float, float], rng: np.random.Generator) -> Any:
        """Numbers of the domain in this shape, dtype and layout."""
        if self.shape is None:
            return float(rng.uniform(*domain))
        return lay_out(rng.uniform(*domain, size=self.shape).astype(self.dtype), self.layout)


def lay_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers at other places in memory."""
    axes = array.ndim
    match layout:
        case "C":
            result = array
        case "Fortran":
            result = np.asfortranarray(array)
        case "transposed":
            result = np.ascontiguousarray(array.T).T
        case "strided":
            room = np.full([2 * n for n in array.shape], np.nan, array.dtype)
            result = room[(..., *[slice(None, None, 2)] * axes)]
            result[...] = array
        case "reversed":
            backwards = (..., *[slice(None, None, -1)] * axes)  # which leaves an array without axes an array
            result = array[backwards].copy()[backwards]
        case "repeated":
            result = np.broadcast_to(array[..., :1], array.shape)
        case _:
            raise ValueError(layout)
    return result


SCALAR = Operand(None)
LAYOUTS = ("Fortran", "transposed", "strided", "reversed", "repeated")

ALONE: list[tuple[Operand, ...]] = [
    (SCALAR,),
    (Operand((5,)),),
    (Operand((3, 4)),),
    (Operand((3, 4), "float32"),),
    (Operand((2, 2), "float16"),),
    (Operand(()),),
    (Operand((), "float32"),),
    (Operand((0,)),),
    (Operand((2, 0, 3), "float32"),),
    *[(Operand((3, 4), "float64", layout),) for layout in LAYOUTS],
    *[(Operand((3, 4), "float32", layout),) for layout in LAYOUTS],
]
PAIRS: list[tuple[Operand, ...]] = [
    (SCALAR, SCALAR),
    (SCALAR, Operand((3, 4))),
    (Operand((3, 4)), SCALAR),
    (SCALAR, Operand((3,), "float32")),
    (Operand((3,), "float32"), SCALAR),
    (SCALAR, Operand((2,), "float16")),
    (SCALAR, Operand(())),
    (Operand(()), SCALAR),
    (SCALAR, Operand((0, 2))),
    (Operand(()), Operand(())),
    (Operand((), "float32"), Operand((), "float32")),
    (Operand((3, 4)), Operand((3, 4))),
    (Operand((3, 4), "float32"), Operand((3, 4), "float32")),
    (Operand((3, 4), "float32"), Operand((3, 4))),
    (Operand((3, 4)), Operand((3, 4), "float32")),
    (Operand((3, 4), "float16"), Operand((4,), "float32")),
    (Operand((3, 4)), Operand((4,))),
    (Operand((4,)), Operand((3, 4))),
    (Operand((3, 1)), Operand((1, 4))),
    (Operand((1, 4), "float32"), Operand((3, 1), "float32")),
    (Operand((2, 1, 4)), Operand((3, 1))),
    (Operand((1, 1)), Operand((3,))),
    (Operand((1,)), Operand(())),
    (Operand(()), Operand((3, 4))),
    (Operand((3, 4), "float32"), Operand((), "float32")),
    (Operand((0,)), Operand((0,))),
    (Operand((0, 3)), Operand((3,))),
    (Operand((1,)), Operand((0,))),
    (Operand((3, 0)), Operand((1, 1))),
    *[(Operand((3, 4), "float64", layout), Operand((3, 4))) for layout in LAYOUTS],
    *[(Operand((4,)), Operand((3, 4), "float64", layout)) for layout in LAYOUTS],
]
TRIPLES: list[tuple[Operand, ...]] = [
    (SCALAR, SCALAR, SCALAR),
    (Operand((3, 4)), SCALAR, SCALAR),
    (SCALAR, Operand((3,)), Operand((3,))),
    (Operand((3, 4)), Operand((3, 4)), Operand((3, 4))),
    (Operand((3, 4), "float32"), Operand((4,), "float32"), Operand((3, 1), "float32")),
    (Operand((4,)), Operand((3, 1)), Operand((2, 1, 1))),
    (Operand(()), Operand(()), Operand(())),
    (Operand((0, 3)), Operand((3,)), SCALAR),
    *[(Operand((3, 4), "float64", layout), Operand((4,)), SCALAR) for layout in LAYOUTS],
]


# ---------------------------------------------------------------- samples


@dataclass(frozen=True)
class Sample:
    """An op, called in one way, beside the same call in PyTorch."""

    op: str
    call: str  # how it is called, for the test's name
    ours: Callable[..., Any]
    twin: Callable[..., torch.Tensor]
    domains: tuple[tuple[float, float], ...]
    kinds: list[tuple[Operand, ...]]
    second_order: bool = True
    dtype: str | None = None  # the result's, where the operands' is not enough to know it


def unary(op: str, twin: Callable[..., torch.Tensor], low: float, high: float) -> Sample:
    return Sample(op, op, getattr(ops, op), twin, ((low, high),), ALONE)


def binary(op: str, twin: Callable[..., torch.Tensor], *domains: tuple[float, float]) -> Sample:
    return Sample(op, op, getattr(ops, op), twin, domains or ((-2, 2), (-2, 2)), PAIRS)


def call(
    op: str,
    text: str,
    ours: Callable[..., Any],
    twin: Callable[..., torch.Tensor],
    *shapes: Any,
    every_layout: bool = True,
) -> Sample:
    """A call on operands of fixed shapes, in float64, float32 and every layout."""
    plain = [tuple(Operand(shape) for shape in shapes)]
    if any(shapes):
        plain.append(tuple(Operand(shape, "float32") for shape in shapes if shape is not None))
    layouts = LAYOUTS[:4] if every_layout and any(shapes) else ()
    kinds = plain + [tuple(Operand(shape, "float64", layout) for shape in shapes) for layout in layouts]
    return Sample(
        op, f"{op}({text})", ours, twin, ((-2, 2),) * len(shapes), [k for k in kinds if len(k) == len(shapes)]
    )


def on_float(op: str, text: str, ours: Callable[..., Any], twin: Callable[..., torch.Tensor]) -> Sample:
    return Sample(op, f"{op}({text})", ours, twin, ((-2, 2),), [(SCALAR,), (Operand(()),), (Operand((), "float32"),)])
