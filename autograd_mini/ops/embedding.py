"""Rows of a table, looked up by their numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.operation import Carrier, Pointwise, as_floating, shape_of

stop_gradient = Pointwise(
    "stop_gradient",
    lambda x: x,
    lambda g, z, x: 0.0,
    doc="""x itself, as a constant: no gradient goes through. PyTorch: ``torch.Tensor.detach``; JAX: ``stop_gradient``.

    Unlike ``value.detach()`` it is an op of the graph.

    >>> stop_gradient(2.0)
    2.0
    """,
)


def embedding(indices: Any, weight: Carrier, padding_idx: int | None = None) -> Carrier:
    """The rows of ``weight`` (num_embeddings, embedding_dim) that ``indices`` name. PyTorch: ``F.embedding``.

    ``indices``, whole numbers from 0 to num_embeddings - 1 in any shape, give (*shape, embedding_dim). A row that is
    named twice gets both gradients, and the row ``padding_idx`` none.

    >>> embedding([2, 0], np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    array([[5., 6.],
           [1., 2.]])

    Raises ``IndexError`` for a row that ``weight`` does not have, ``TypeError`` for numbers that are not whole.
    """
    weight = as_floating(weight)
    if len(shape_of(weight)) != 2:
        raise ValueError(
            located(f"embedding: the weight has shape (num_embeddings, embedding_dim), not {shape_of(weight)}")
        )
    rows = shape_of(weight)[0]
    numbers = _whole_numbers("embedding", indices, rows)
    picked = getitem(weight, numbers)
    if padding_idx is None:
        return picked
    if not -rows <= padding_idx < rows:
        raise ValueError(located(f"embedding: padding_idx {padding_idx} is no row of a weight of {shape_of(weight)}"))
    is_padding = numbers == padding_idx % rows
    return where(is_padding[..., None], stop_gradient(picked), picked)


def one_hot(indices: Any, num_classes: int = -1) -> Any:
    """A plain array of zeros with a 1.0 where each of ``indices`` says, in a new last axis. PyTorch: ``F.one_hot``.

    ``num_classes`` is the largest index and one by default. The result is float64, to be computed with;
    PyTorch's is of whole numbers.

    >>> one_hot([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]])

    Raises ``IndexError`` for an index that is no class, ``TypeError`` for numbers that are not whole.
    """
    if num_classes < 0:
        given = np.asarray(indices)
        if not given.size:
            raise ValueError(located("one_hot: of no indices there is no largest; give num_classes"))
        num_classes = int(given.max()) + 1
    numbers = _whole_numbers("one_hot", indices, num_classes)
    return (numbers[..., None] == np.arange(num_classes)).astype(np.float64)


def _whole_numbers(op: str, indices: Any, count: int) -> Any:
    """Indices as an array of integers in [0, count); in a jitted function they are checked at each call."""
    check = partial(_checked, op, count)
    return indices.map_data(check) if hasattr(indices, "map_data") else check(indices)


def _checked(op: str, count: int, indices: Any) -> Any:
    numbers = np.asarray(indices)
    numbers = numbers.astype(int) if not numbers.size else numbers
    if numbers.dtype.kind not in "iu":
        raise TypeError(located(f"{op}: indices are whole numbers, not {numbers.dtype}; convert them with astype(int)"))
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < count):
        wrong = numbers.min() if numbers.min() < 0 else numbers.max()
        raise IndexError(located(f"{op}: index {wrong} is out of range; there are {count} rows, numbered from 0"))
    return numbers
