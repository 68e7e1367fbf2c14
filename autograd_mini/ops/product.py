"""Products along axes. No derivative divides by an element, since it may be 0.

What multiplies element i is what stands before it, ``exclusive_cumprod(x)[i]``, and what comes after it. That, with
the gradients that it meets on the way, is a recurrence from the end, whose derivative is a recurrence again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.axes import Axis, backwards, kept, one_axis, one_axis_or_number, reduced, together
from autograd_mini.ops.caller import located
from autograd_mini.ops.masked import masked
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Operation, as_floating, as_keepdims, is_foreign, shape_of
from autograd_mini.ops.shape import along, reshape


def _exclusive_cumprod(x: Any, axis: int) -> Any:
    if is_foreign(x):  # which may have no views to write into
        first = np.ones_like(x[along(axis, slice(1))])
        return np.concatenate([first, np.cumprod(x[along(axis, slice(-1))], axis)], axis)
    result = np.ones_like(x)
    np.cumprod(x[along(axis, slice(-1))], axis, out=result[along(axis, slice(1, None))])
    return result


def _recurrence(a: Any, b: Any, axis: int) -> Any:
    if is_foreign(a) or is_foreign(b):
        a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
        steps = [np.zeros_like(a[0] * b[0])]
        for i in range(len(a) - 1):
            steps.append(a[i] * steps[-1] + b[i])
        return np.stack(steps, axis)
    result = np.zeros(a.shape, np.result_type(a, b))
    z, a, b = (np.moveaxis(x, axis, 0) for x in (result, a, b))
    for i in range(len(z) - 1):
        z[i + 1] = a[i] * z[i] + b[i]
    return result


def recurrence_from_the_end(a: Carrier, b: Carrier, axis: int) -> Carrier:
    """``linear_recurrence`` run backwards, which is its transpose."""
    return backwards(linear_recurrence(backwards(a, axis), backwards(b, axis), axis), axis)


_PROD = Operation(
    "prod",
    lambda x, axis: np.prod(x, axis) if is_foreign(x) else np.multiply.reduce(x, axis),
    lambda g, z, x, axis: (
        reshape(g, kept(x, (axis,)))
        * exclusive_cumprod(x, axis)
        * backwards(exclusive_cumprod(backwards(x, axis), axis), axis)
    ),
    params=("axis",),
)
_CUMPROD = Operation(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis),
    lambda g, z, x, axis: exclusive_cumprod(x, axis) * (g + recurrence_from_the_end(x, g * x, axis)),
    params=("axis",),
)
_EXCLUSIVE_CUMPROD = Operation(
    "exclusive_cumprod",
    _exclusive_cumprod,
    lambda g, z, x, axis: z * recurrence_from_the_end(x, g, axis),
    params=("axis",),
)
_LINEAR_RECURRENCE = Operation(
    "linear_recurrence",
    _recurrence,
    lambda g, z, a, b, axis: z * recurrence_from_the_end(a, g, axis),
    lambda g, z, a, b, axis: recurrence_from_the_end(a, g, axis),
    params=("axis",),
)


def prod(
    x: Carrier, axis: Axis = None, keepdims: bool = False, *, initial: Carrier = None, where: Any = None
) -> Carrier:
    """The product of the elements along ``axis``. PyTorch: ``torch.prod``.

    Its derivative by an element is the product of the others, exactly, also where elements are 0. ``where`` says which
    elements count, and ``initial`` is one more factor.

    >>> prod(np.array([2.0, 3.0, 4.0]))
    24.0
    """
    x = masked("prod", as_floating(x), where, 1.0)
    axes = reduced("prod", x, axis)
    if len(axes) == 1:
        product = _PROD.on(x, axes[0])
    else:
        gathered = together(x, axes)
        product = _PROD.on(gathered, len(shape_of(gathered)) - 1)
    product = reshape(product, kept(x, axes)) if as_keepdims(keepdims) else product
    return product if initial is None else product * initial


def cumprod(x: Carrier, axis: int | None = None) -> Carrier:
    """The running product along ``axis``, by default of all elements in order. PyTorch: ``torch.cumprod``.

    Its derivative is exact also where elements are 0.

    >>> cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    x, axis = one_axis_or_number("cumprod", x, axis)
    return _CUMPROD.on(x, axis)


def exclusive_cumprod(x: Carrier, axis: int | None = None) -> Carrier:
    """The product of the elements that stand before each, 1 for the first. TensorFlow: ``cumprod(exclusive=True)``.

    >>> exclusive_cumprod(np.array([2.0, 3.0, 4.0]))
    array([1., 2., 6.])
    """
    x, axis = one_axis("exclusive_cumprod", x, axis)
    return _EXCLUSIVE_CUMPROD.on(x, axis)


def linear_recurrence(a: Carrier, b: Carrier, axis: int = -1) -> Carrier:
    """What z is before each step ``z = a[i] * z + b[i]``, from 0 on: z[i + 1] = a[i] * z[i] + b[i].

    ``a``, ``b`` and the result have one shape. JAX: a ``lax.scan`` of the step.

    >>> linear_recurrence(np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    array([0., 1., 3.])
    """
    a, axis = one_axis("linear_recurrence", a, axis)
    b = as_floating(b)
    if shape_of(a) != shape_of(b):
        raise ValueError(located(f"linear_recurrence: shapes {shape_of(a)} and {shape_of(b)} differ; broadcast first"))
    return _LINEAR_RECURRENCE.bind(axis)(a, b)


FUNCTIONS.update({np.prod: prod, np.cumprod: cumprod})
