"""What the steps of a random program call: every sample of the gallery, and what makes any number fit for it."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograd_mini import ops

sys.path.append(str(Path(__file__).parent.parent / "oracle"))  # where the gallery looks for its own parts
from gallery import SAMPLES
from sample import ALONE, LAYOUTS, PAIRS, TRIPLES, Operand, lay_out

Shape = tuple[int, ...]
__all__ = ["CALLS", "LAYOUTS", "OF_OP", "Call", "Candidate", "Operand", "Shape", "between", "fit", "lay_out"]

LAPACK = ("decomposition", "determinant", "inverse", "norm")  # the families of ops that are computed by it


@dataclass(frozen=True)
class Call:
    """An op of this engine and its twin of PyTorch, with the texts by which a reader can call them."""

    ours: Callable[..., Any]
    twin: Callable[..., torch.Tensor]
    ours_text: str
    twin_text: str
    op: str = ""  # of the gallery; what only fits numbers is counted as no op
    second_order: bool = True
    dtype: str | None = None  # the result's, where the operands' does not say it


@dataclass(frozen=True)
class Candidate:
    """A call, the operands it can be tried on, and the numbers that these may have."""

    call: Call
    kinds: list[tuple[Operand, ...]]
    domains: tuple[tuple[float, float], ...]
    broadcasts: bool  # takes operands of any shapes that broadcast, not only of ``kinds``
    of_lapack: bool  # which loops forever over some infinite matrices, and has no float16


def _torch_name(twin: Any, name: str) -> str:
    """What PyTorch calls the twin, else where the gallery keeps it."""
    for path, module in [
        ("torch", torch),
        ("torch.nn.functional", torch.nn.functional),
        ("torch.linalg", torch.linalg),
    ]:
        word = getattr(twin, "__name__", "")
        if getattr(module, word, None) is twin:
            return f"{path}.{word}"
    return f"CALLS[{name!r}].call.twin"


def _candidates() -> dict[str, Candidate]:
    named: dict[str, Candidate] = {}
    for sample in SAMPLES:
        name, n = sample.call, 1
        while name in named:  # the same words for operands of other shapes
            n += 1
            name = f"{sample.call}, {n}"
        ours = f"ops.{sample.op}" if sample.ours is getattr(ops, sample.op) else f"CALLS[{name!r}].call.ours"
        twin = _torch_name(sample.twin, name)
        call = Call(sample.ours, sample.twin, ours, twin, sample.op, sample.second_order, sample.dtype)
        broadcasts = any(sample.kinds is kinds for kinds in (ALONE, PAIRS, TRIPLES))
        family = getattr(ops, sample.op).__module__.rpartition(".")[2]
        named[name] = Candidate(call, sample.kinds, sample.domains, broadcasts, family in LAPACK)
    return named


CALLS: dict[str, Candidate] = _candidates()
OF_OP: dict[str, list[Candidate]] = defaultdict(list)
for _candidate in CALLS.values():
    OF_OP[_candidate.call.op].append(_candidate)


def fit(shape: Shape, before: Shape) -> Call:
    """Elements of a number of shape ``before`` in another shape: some may be left out, some repeated."""
    size, needed = int(np.prod(before)), int(np.prod(shape))
    if size == needed:
        return Call(
            lambda x: ops.reshape(x, shape),
            lambda x: x.reshape(shape),
            f"(lambda x: ops.reshape(x, {shape}))",
            f"(lambda x: x.reshape({shape}))",
        )
    index = np.resize(np.arange(size), needed)
    text = f"np.resize(np.arange({size}), {needed})"
    return Call(
        lambda x: ops.reshape(ops.ravel(x)[index], shape),
        lambda x: x.ravel()[torch.from_numpy(index)].reshape(shape),
        f"(lambda x: ops.reshape(ops.ravel(x)[{text}], {shape}))",
        f"(lambda x: x.ravel()[torch.from_numpy({text})].reshape({shape}))",
    )


def between(low: float, high: float) -> Call:
    """Any numbers, brought between ``low`` and ``high``: by a sine, which is nowhere so flat that digits are lost."""
    middle, half = float(low + high) / 2, float(high - low) / 2
    return Call(
        lambda x: middle + half * ops.sin(x),
        lambda x: middle + half * torch.sin(x),
        f"(lambda x: {middle} + {half} * ops.sin(x))",
        f"(lambda x: {middle} + {half} * torch.sin(x))",
    )
