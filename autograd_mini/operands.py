"""Operands as plain data: what an op is given beside Values, and the op done with care where the quick way fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import op_error
from autograd_mini.node import Node
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import DATA, Operation, as_array, is_foreign, too_many


def applied_to_all(op: Operation, operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, bool]:
    """An op of any number of operands: these as a node keeps them, the result, and whether one needs a gradient."""
    inputs, data = [], []
    needs_grad, floating = False, True
    for x in operands:
        if isinstance(x, Node):
            a = x.data
            needs_grad = needs_grad or x.requires_grad
        else:
            a = x = operand_of(op, x)
        inputs.append(x)
        data.append(a)
        floating = floating and a.__class__ is np.ndarray and a.dtype.kind == "f"
    try:
        z = op.forward(*data) if floating else computed(op, *data)
    except Exception:
        z = computed(op, *data)
    return tuple(inputs), z, needs_grad


def computed(op: Operation, *operands: Any) -> Any:
    """The op done with care, where the quick way raised: by IEEE rules, or with an error that helps."""
    operands = tuple(array_of(op, operand) for operand in operands)
    try:
        with np.errstate(all="ignore"):  # where warnings are errors, NumPy raised one
            return op(*operands)
    except (TypeError, IndexError, ValueError) as cause:
        if len(operands) < len(op.rules):
            operand_of(op, None)  # which says what is wrong: a second operand that is None reads as none at all
        if len(operands) > op.most:
            raise too_many(op, len(operands)) from cause
        raise op_error(op, operands, cause) from (cause.__cause__ or cause)


def operand_of(op: Operation, data: Any) -> Any:
    """``as_operand``, whose errors name the op."""
    try:
        return as_operand(data)
    except TypeError as cause:
        raise TypeError(f"{op.name}: {cause}") from None


def array_of(op: Operation, data: Any) -> Any:
    """Data for NumPy, where the user may have assigned what is none: ``value.data = [1, 2]``."""
    if data.__class__ in DATA or isinstance(data, np.floating | bool):
        return data
    if isinstance(data, Node):
        raise TypeError(
            located(f"{op.name}: the data of a Value is a Value; assign plain numbers (p.data -= lr * p.grad)")
        )
    if isinstance(data, list | tuple):  # which has no shape to be asked for, when the gradient is made to fit it
        kind = type(data).__name__
        raise TypeError(
            located(f"{op.name}: the data of a Value is a {kind}; assign an array (p.data = np.array(x, float))")
        )
    return operand_of(op, data)


def as_operand(data: Any) -> Any:
    """A plain number or array as a constant of the graph: a float, or the array as it is."""
    kind = data.__class__
    if kind is float or (kind is np.ndarray and data.dtype.char in "fdilqb?"):  # what comes by nearly always
        return data
    if kind is int:
        return float(data)
    if kind.__name__ in ("MaskedArray", "matrix"):
        raise TypeError(located(f"a {kind.__name__} computes by rules of its own; give a plain array, np.array(x)"))
    if isinstance(data, int | float | np.number | np.bool_) and not isinstance(data, np.complexfloating):
        return float(data)
    try:
        array = as_array(data)
    except ValueError:  # NumPy's word for nested lists of unequal lengths
        raise TypeError(
            located("a Value holds a number or a rectangular array; these lists differ in length")
        ) from None
    if array.dtype.kind in "iub" or array.dtype in _FLOATS:
        return array
    remedies = {"c": "take the real and the imaginary part apart", "O": "give numbers, or stack([...]) Values"}
    remedy = remedies.get(array.dtype.kind, "convert it to float64 first")
    raise TypeError(located(f"a Value holds real numbers, not {type(data).__name__} of dtype {array.dtype} ({remedy})"))


_FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))


def as_leaf_data(data: Any) -> Any:
    """What the user gave as data: their own copy, as floats."""
    if isinstance(data, Node):
        raise TypeError(
            located(
                "this is a Value already; for a leaf of the same numbers give value.data, for a constant of the same "
                "data write value.detach()"
            )
        )
    data = as_operand(data)
    if data.__class__ is float:
        return data
    dtype = data.dtype if data.dtype.kind == "f" else np.float64
    return data.astype(dtype) if is_foreign(data) else np.array(data, dtype)
