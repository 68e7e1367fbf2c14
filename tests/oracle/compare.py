"""Runs one function on Values and its twin on PyTorch tensors, and compares all that comes out.

PyTorch computes in float64 from the very same numbers, so a float32 result is compared with the exact one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from autograd_mini import Value

TOLERANCE = {
    np.dtype("float64"): {"rtol": 1e-10, "atol": 1e-12},
    np.dtype("float32"): {"rtol": 1e-5, "atol": 2e-6},
    np.dtype("float16"): {"rtol": 1e-2, "atol": 5e-3},
}

Function = Callable[..., Any]


def coarsest(*datas: Any) -> np.dtype[Any]:
    """The least exact dtype among these data: it bounds how exact a result can be."""
    return min((np.asarray(data).dtype for data in datas), key=lambda dtype: dtype.itemsize)


def assert_close(actual: Any, expected: torch.Tensor, what: str, dtype: np.dtype[Any]) -> None:
    np.testing.assert_allclose(np.asarray(actual), expected.numpy(force=True), err_msg=what, **TOLERANCE[dtype])


def tensor(data: Any) -> torch.Tensor:
    """The same numbers as a float64 leaf."""
    return torch.tensor(np.array(data, dtype=np.float64, order="C"), requires_grad=True)


def assert_like(gradient: Any, operand: Any, what: str) -> None:
    """A gradient has the operand's shape and dtype, and is a Python float if the operand is one."""
    if isinstance(operand, float):
        assert type(gradient) is float, f"{what} of a Python float is a {type(gradient).__name__}"
        return
    assert type(gradient) is np.ndarray, f"{what} of an array is a {type(gradient).__name__}"
    assert gradient.shape == operand.shape, what
    assert gradient.dtype == operand.dtype, what


def assert_same_as_torch(
    ours: Function, twin: Function, operands: Sequence[Any], *, second_order: bool = True, dtype_of_result: Any = None
) -> None:
    """Forward, every operand's gradient, and the gradient of the gradients agree with PyTorch."""
    rng = np.random.default_rng(1)
    values, tensors = [Value(x) for x in operands], [tensor(x) for x in operands]
    z, expected_z = ours(*values), twin(*tensors)
    dtype = coarsest(*operands, z.data)
    assert z.shape == tuple(expected_z.shape)
    assert z.dtype == (dtype_of_result or np.result_type(*operands))  # a float promotes nothing (NEP 50)
    assert_close(z.data, expected_z, "the result", dtype)

    weights = np.asarray(rng.uniform(0.5, 1.5, size=z.shape), dtype=z.dtype)
    weights = float(weights) if isinstance(z.data, float) else weights
    z.backward(weights)
    w = torch.tensor(weights, dtype=expected_z.dtype, requires_grad=True)
    expected = torch.autograd.grad(
        expected_z, tensors, w, create_graph=second_order, allow_unused=True, materialize_grads=True
    )
    for i, (value, operand, g) in enumerate(zip(values, operands, expected, strict=True)):
        what = f"the gradient of operand {i}"
        assert_like(value.grad, operand, what)
        assert_close(value.grad, g, what, dtype)
    if second_order:
        _assert_same_second_order(ours, operands, weights, (tensors, w, expected), dtype, rng)


def _assert_same_second_order(
    ours: Function, operands: Sequence[Any], weights: Any, theirs: Any, dtype: Any, rng: np.random.Generator
) -> None:
    """The gradients of a weighted sum of the gradients, by the operands and by the upstream gradient."""
    tensors, w, expected = theirs
    directions = [np.asarray(rng.uniform(0.5, 1.5, size=np.shape(x))).astype(np.asarray(x).dtype) for x in operands]
    terms = [(g * torch.tensor(d, dtype=torch.float64)).sum() for g, d in zip(expected, directions, strict=True)]
    total = torch.stack(terms).sum()
    expected_seconds = (
        torch.autograd.grad(total, [*tensors, w], allow_unused=True, materialize_grads=True)
        if total.requires_grad
        else [torch.zeros_like(x) for x in [*tensors, w]]
    )

    values, upstream = [Value(x) for x in operands], Value(weights)
    ours(*values).backward(upstream, create_graph=True)
    gradients = [value.grad for value in values]
    for value in (*values, upstream):
        value.zero_grad()
    second = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True) if isinstance(g, Value))
    if isinstance(second, Value) and second.requires_grad:
        second.backward()
    for i, (value, g) in enumerate(zip((*values, upstream), expected_seconds, strict=True)):
        what = f"the second gradient of operand {i}" if i < len(values) else "the gradient of the upstream gradient"
        assert_like(value.grad, value.data, what)
        assert_close(value.grad, g, what, dtype)


def centred_difference(f: Function, operands: Sequence[Any], i: int, weights: Any, h: float = 1e-6) -> Any:
    """d sum(weights * f) / d operand ``i``, one element after the other."""
    x = np.array(operands[i], dtype=np.float64)
    slope = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        sides = []
        for step in (h, -h):
            moved = x.copy()
            moved[at] += step
            moved = float(moved) if isinstance(operands[i], float) else moved
            sides.append(np.sum(weights * f(*operands[:i], moved, *operands[i + 1 :])))
        slope[at] = (sides[0] - sides[1]) / (2 * h)
    return slope
