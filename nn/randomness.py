"""Where random numbers come from: a ``numpy.random.Generator`` that is given, or the default one."""

from __future__ import annotations

from contextvars import ContextVar

import numpy as np

from autograd_mini import located, refuse_in_jit

# One for each thread and task, so that two that train at once do not draw from each other's numbers.
_default: ContextVar[np.random.Generator | None] = ContextVar("default generator", default=None)


def manual_seed(seed: int) -> None:
    """Starts the default generator anew, so that the same run follows. PyTorch: ``torch.manual_seed``.

    It serves everything in ``nn`` that is not given an ``rng`` of its own. It counts for the thread or task that calls
    it: another thread has a default generator of its own, and has to seed it itself. The order of the samples is that
    of the ``rng`` which ``optim.minibatches`` and ``optim.fit`` take.

    >>> import nn
    >>> manual_seed(0)
    >>> first = nn.Linear(2, 1).weight.data
    >>> manual_seed(0)
    >>> (nn.Linear(2, 1).weight.data == first).all()
    np.True_
    """
    refuse_in_jit("manual_seed is called in the function", "call it before")
    _default.set(np.random.default_rng(seed))


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """``rng``, or the default generator of this thread or task where it is None.

    >>> generator(None) is generator(None)
    True
    """
    if rng is None:
        default = _default.get()
        if default is None:
            default = np.random.default_rng()
            _default.set(default)
        return default
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            located(f"rng is a numpy.random.Generator, such as np.random.default_rng(0), not {type(rng).__name__}")
        )
    return rng


def generator_of_weights(rng: np.random.Generator | None) -> np.random.Generator:
    """``generator``, for who draws the weights that a layer begins with: not by default in a jitted function.

    There every replay would begin with the same ones.

    >>> generator_of_weights(None) is generator(None)
    True
    """
    if rng is None:
        refuse_in_jit("a layer that is made in the function draws its weights", "make it before")
    return generator(rng)
