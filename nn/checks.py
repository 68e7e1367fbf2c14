"""What the layers have in common before they compute: sizes that are checked, inputs that are arrays or Values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import Value, located


def positive(layer: str, name: str, n: Any) -> int:
    """``n`` as a plain int of at least 1; else ``ValueError``, which names the layer and the argument."""
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ValueError(located(f"{layer}: {name} is a positive integer, not {n!r}"))
    return int(n)


def probability(layer: str, name: str, p: Any) -> float:
    """``p`` as a float from 0 to 1; else ``ValueError``."""
    if not isinstance(p, int | float | np.number) or not 0 <= p <= 1:
        raise ValueError(located(f"{layer}: {name} is a probability between 0 and 1, not {p!r}"))
    return float(p)


def number(layer: str, name: str, x: Any) -> float:
    """``x`` as a float; ``TypeError`` for a Value, whose gradient would be 0 without a word."""
    if isinstance(x, Value):
        raise TypeError(located(f"{layer}: there is no derivative by {name}; give a plain number, such as x.item()"))
    try:
        return float(x)
    except (TypeError, ValueError):
        raise TypeError(located(f"{layer}: {name} is a number, not {x!r}")) from None


def function(layer: str, name: str, f: Any) -> Callable[[Any], Any]:
    """``f`` if it can be called on numbers; else ``TypeError``: a name, or a class that was not called itself."""
    if callable(f) and not isinstance(f, type):
        return f  # type: ignore[no-any-return]  # callable() says no more
    remedy = f"nn.{f.__name__}()" if isinstance(f, type) else "autograd_mini.tanh, or a module such as nn.Tanh()"
    raise TypeError(located(f"{layer}: {name} is a function, not {f!r}; give one itself, such as {remedy}"))


def check_inplace(layer: str, inplace: Any) -> None:
    """PyTorch's ``inplace``, which changes nothing here, since a Value keeps its numbers; ``TypeError`` for no bool."""
    if not isinstance(inplace, bool):
        remedy = f"the layer is made first and then called, nn.{layer}(...)(x)"
        raise TypeError(located(f"{layer}: inplace is True or False, not {inplace!r}; {remedy}"))


def as_input(x: Any) -> Any:
    """A Value as it is; a list, a number or an array as an array of floats."""
    x = x if isinstance(x, Value) else np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def as_operand(x: Any) -> Any:
    """The input of what looks at each element by itself: ``as_input``, but a number is answered with a number."""
    return float(x) if isinstance(x, int | float) else as_input(x)
