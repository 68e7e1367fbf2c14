"""What an object that is no Value, such as an optimizer, has to say to be a part of a jitted function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini import modes


def carry(
    owner: Any,
    read: Callable[[], tuple[Any, list[Any]]],
    step: Callable[[Any, list[Any]], tuple[Any, list[Any], Callable[[list[Any]], list[Any]]]],
) -> bool:
    """In a jitted function, makes ``step`` a part of its program, and is True. Elsewhere does nothing, and is False.

    It is for an ``owner`` with numbers of its own that change from call to call, such as an optimizer with its state.
    ``read()``, which is called at each call, gives ``settings``, numbers, flags and names in tuples, and ``state``, a
    list of numbers and arrays. ``step(settings, state)`` is called while tracing, with Values in place of the numbers.
    It gives both as they are afterwards, and ``write``, which at each call gets the state as plain numbers and arrays,
    keeps it, and gives what ``read`` would. On a Python float a step may decide (``if momentum:``). The attributes
    that ``read`` looks at are listed in the owner's class as ``carried_by_jit``; whoever else reads them in a jitted
    function is refused. JAX: the carry of ``lax.scan``.

    >>> from autograd_mini import Value, jit
    >>> class Mean:
    ...     carried_by_jit = ("decay", "mean")
    ...     def __init__(self, decay):
    ...         self.decay, self.mean = decay, 0.0
    ...     def read(self):
    ...         return (self.decay,), [self.mean]
    ...     def see(self, x):
    ...         def step(settings, state):
    ...             (decay,), (mean,) = settings, state
    ...             return settings, [decay * mean + (1 - decay) * x], self.keep
    ...         if not carry(self, self.read, step):
    ...             self.keep(step(*self.read())[1])
    ...     def keep(self, state):
    ...         (self.mean,) = state
    ...         return state
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
    tape.changes.carry(owner, read, step)
    return True


def is_traced() -> bool:
    """True in a jitted function while it is traced: gradients are Values then. PyTorch: ``compiler.is_compiling``.

    >>> is_traced()
    False
    """
    return modes.open_blocks > 0 and modes.tape() is not None


def refuse_in_jit(what: str, remedy: str) -> None:
    """Raises ``JitError`` in a jitted function: for what a replay would not repeat. Elsewhere does nothing.

    >>> refuse_in_jit("reading a file", "read it before the call")
    """
    tape = modes.tape() if modes.open_blocks else None
    if tape is not None:
        tape.forbid(what, remedy)
