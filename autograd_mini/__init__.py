"""Tiny networks, computation graphs that one can look at, and backprop that one can verify by hand.

>>> from autograd_mini import Value
>>> a, b, c = Value(2.0), Value(-3.0), Value(10.0)
>>> loss = (a * b + c).tanh()
>>> loss.backward()
>>> round(a.grad, 6)
-0.004023
"""

from autograd_mini.modes import no_grad
from autograd_mini.ops import *  # noqa: F403  # ops.__all__ is the list
from autograd_mini.ops import __all__ as _OPS
from autograd_mini.value import Value

__all__ = sorted(["Value", "no_grad", *_OPS])
