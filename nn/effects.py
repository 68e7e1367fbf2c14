"""What a layer does besides computing: a mask that is drawn, a running mean that moves; in a jitted function too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini import Value


def at_each_call(f: Callable[[Any], Any], x: Any, instead: Callable[[Any], Any]) -> Any:
    """``f`` of the data of ``x``, once at each call of the network. Nothing is differentiated through it.

    While a jitted function is traced ``instead`` stands in for ``f``: its result has the same form, and it changes
    nothing. The replay that follows is the first to call ``f``.
    """
    x = x if isinstance(x, Value) else Value(x, requires_grad=False)
    return x.map_data(f, instead=instead)
