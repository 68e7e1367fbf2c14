"""Where random numbers come from: a ``numpy.random.Generator`` that is given, or the default one."""

from __future__ import annotations

import numpy as np

from autograd_mini import located

_default = np.random.default_rng()


def manual_seed(seed: int) -> None:
    """Starts the default generator anew, so that the same run follows. PyTorch: ``torch.manual_seed``.

    It serves everything in ``nn`` that is not given an ``rng`` of its own.

    >>> import nn
    >>> manual_seed(0)
    >>> first = nn.Linear(2, 1).weight.data
    >>> manual_seed(0)
    >>> (nn.Linear(2, 1).weight.data == first).all()
    np.True_
    """
    global _default
    _default = np.random.default_rng(seed)


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """``rng``, or the default generator where it is None.

    >>> generator(None) is generator(None)
    True
    """
    if rng is None:
        return _default
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            located(f"rng is a numpy.random.Generator, such as np.random.default_rng(0), not {type(rng).__name__}")
        )
    return rng
