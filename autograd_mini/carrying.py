"""What an object that is no Value, such as an optimizer, has to say to be a part of a jitted function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini import modes


def carry(
    read: Callable[[], tuple[Any, list[Any]]],
    step: Callable[[Any, list[Any]], tuple[list[Any], Callable[[list[Any]], None]]],
) -> bool:
    """In a jitted function, makes ``step`` a part of its program, and is True. Elsewhere does nothing, and is False.

    It is for objects with numbers of their own that change from call to call, such as the state of an optimizer.
    ``read()``, which is called at each call, gives ``settings``, numbers, flags and names in tuples, and ``state``, a
    list of numbers and arrays. ``step(settings, state)`` is called once, with Values in place of the numbers: it gives
    a list of what the state becomes, and ``write``, which at each call gets that list as plain numbers and arrays. On
    a Python float a step may decide (``if momentum:``). The attributes that ``read`` looks at are listed in the
    object's class as ``carried_by_jit``. JAX: the carry of ``lax.scan``.

    >>> from autograd_mini import Value, jit
    >>> class Mean:
    ...     carried_by_jit = ("decay", "mean")
    ...     def __init__(self, decay):
    ...         self.decay, self.mean = decay, 0.0
    ...     def see(self, x):
    ...         def step(settings, state):
    ...             (decay,), (mean,) = settings, state
    ...             return [decay * mean + (1 - decay) * x], self.keep
    ...         if not carry(lambda: ((self.decay,), [self.mean]), step):
    ...             self.keep(step((self.decay,), [self.mean])[0])
    ...     def keep(self, state):
    ...         (self.mean,) = state
    >>> mean = Mean(0.5)
    >>> @jit
    ... def see(x):
    ...     mean.see(2 * x)
    >>> see(1.0)
    >>> see(5.0)
    >>> mean.mean
    5.5
    """
    tape = modes.tape() if modes.open_blocks else None
    if tape is None:
        return False
    tape.changes.carry(read, step)
    return True
