"""minibatches: the samples of a data set in random order, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini import Value, located, refuse_in_jit


class minibatches:
    """Goes through arrays along their first axes, ``batch_size`` samples at a time. PyTorch: ``DataLoader``.

    Each ``for`` over it is one epoch, shuffled anew by ``rng``: every sample once, and a smaller batch last unless
    ``drop_last``. A batch is a tuple with a part of each array, or the part itself if there is one array.
    ``len()`` is the number of batches. Without ``rng`` the order is another one in each run, after
    ``nn.manual_seed`` too.

    >>> x, y = np.arange(10.0).reshape(5, 2), np.array([0, 1, 0, 1, 0])
    >>> [batch.shape for batch, labels in minibatches(x, y, batch_size=2, rng=np.random.default_rng(0))]
    [(2, 2), (2, 2), (1, 2)]
    >>> [labels.tolist() for labels in minibatches(y, batch_size=3, shuffle=False)]
    [[0, 1, 0], [1, 0]]

    Raises ``ValueError`` if the first axes differ in length or batch_size is not positive, ``TypeError`` for a tuple
    of arrays.
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int,
        shuffle: bool = True,
        rng: np.random.Generator | None = None,
        drop_last: bool = False,
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(located(f"minibatches: batch_size is a positive integer, not {batch_size!r}"))
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise TypeError(located(f"minibatches: rng is a numpy.random.Generator, not {type(rng).__name__}"))
        if any([isinstance(x, tuple) and any([isinstance(part, np.ndarray | Value) for part in x]) for x in arrays]):
            raise TypeError(located("minibatches: several arrays are given one by one, minibatches(x, y, ...)"))
        self.arrays = [x if isinstance(x, Value) else np.asarray(x) for x in arrays]
        shapes = [x.shape for x in self.arrays]
        if not shapes or () in shapes or len({shape[0] for shape in shapes}) > 1:
            raise ValueError(
                located(f"minibatches: arrays of shapes {shapes} do not have a first axis of one length, the samples")
            )
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.rng = np.random.default_rng() if rng is None else rng
        self.drop_last = drop_last

    def __len__(self) -> int:
        full, rest = divmod(len(self.arrays[0]), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = self.draw_order()
        for i in range(len(self)):
            yield self.batch(i, order)

    def draw_order(self) -> np.ndarray[Any, Any] | None:
        """The order of the samples in one epoch; None if it is that of the arrays."""
        if self.shuffle:
            refuse_in_jit("minibatches are shuffled in the function", "go through them outside, and pass each batch")
        return self.rng.permutation(len(self.arrays[0])) if self.shuffle else None

    def batch(self, i: int, order: np.ndarray[Any, Any] | None) -> Any:
        """Batch number ``i`` of the epoch that has this order."""
        span = slice(i * self.batch_size, (i + 1) * self.batch_size)
        samples = span if order is None else order[span]
        parts = tuple([x[samples] for x in self.arrays])
        return parts if len(parts) > 1 else parts[0]
