"""Elements in the order that their own numbers decide: picked by indices, which are constants."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.axes import one_axis
from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, map_data, shape_of
from autograd_mini.ops.picking import take_along_axis


def sort(x: Carrier, axis: int | None = -1, kind: str | None = None, stable: bool | None = None) -> Carrier:
    """The elements along ``axis`` from the smallest to the largest, nan last. PyTorch: the values of ``torch.sort``.

    Each gradient goes back to where its element came from. Equal ones keep their order, whatever ``kind`` is.

    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    x, axis = one_axis("sort", x, axis)
    return take_along_axis(x, map_data(partial(np.argsort, axis=axis, kind="stable"), x), axis)


def partition(x: Carrier, kth: Any, axis: int | None = -1) -> Carrier:
    """The elements along ``axis``, ordered so far that the ``kth`` is in its place and the smaller ones before it.

    ``kth`` may be several. Each gradient goes back to where its element came from; which of equal ones comes first is
    open. PyTorch has only ``torch.kthvalue``.

    >>> float(partition(np.array([3.0, 1.0, 2.0]), 1)[1])
    2.0
    """
    x, axis = one_axis("partition", x, axis)
    try:
        order = map_data(partial(np.argpartition, kth=kth, axis=axis), x)
    except ValueError as cause:
        raise ValueError(located(f"partition of {shape_of(x)}, axis={axis}: {cause}")) from None
    return take_along_axis(x, order, axis)


FUNCTIONS.update({np.sort: sort, np.partition: partition})
