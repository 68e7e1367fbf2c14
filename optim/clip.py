"""Clipping: gradients that are too long or too large, made smaller before a step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini import Value, astype, is_traced, located, minimum, stack, vector_norm
from optim.options import non_negative


def clip_grad_norm(
    params: Iterable[Value] | Value, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Any:
    """Shortens the gradients, all by one factor, to a norm of ``max_norm``; gives the norm that they had.

    The norm is that of all gradients together, written out as one vector; ``norm_type`` is its p, or ``math.inf``.
    Their direction stays. A norm of nan or inf spoils all of them, unless ``error_if_nonfinite``. In a jitted function
    the norm is a Value. Of ``max_norm=math.inf`` it only measures. PyTorch: ``nn.utils.clip_grad_norm_``.

    >>> w = Value([3.0, 4.0])
    >>> (w * w).sum().backward()
    >>> clip_grad_norm([w], max_norm=1.0)
    10.0
    >>> w.grad.round(3)
    array([0.6, 0.8])

    Raises ``ValueError`` for a negative max_norm, and for a norm that is not finite if asked to; then nothing is
    changed.
    """
    values = _parameters(params, "clip_grad_norm")
    max_norm = _limit("max_norm", max_norm)
    if isinstance(norm_type, bool) or not isinstance(norm_type, int | float) or not norm_type > 0:
        raise ValueError(located(f"norm_type is a number above 0, or math.inf, not {norm_type!r}"))
    if is_traced():
        return _shorten(values, max_norm, norm_type, error_if_nonfinite)
    found = _gradients(values)
    with np.errstate(all="ignore"):
        norms = [np.linalg.norm(np.ravel(_wide(g)), norm_type) for _, g in found]
        norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
        if error_if_nonfinite:
            _check_finite(norm)
        factor = float(np.minimum(max_norm / np.float64(norm + 1e-6), 1.0))
        clipped = [(value, g * factor) for value, g in found]
    _assign(clipped)
    return norm


def clip_grad_value(params: Iterable[Value] | Value, clip_value: float) -> None:
    """Puts each element of the gradients between -clip_value and clip_value. PyTorch: ``nn.utils.clip_grad_value_``.

    >>> w = Value([3.0, -0.25])
    >>> (w * w).sum().backward()
    >>> clip_grad_value([w], 1.0)
    >>> w.grad
    array([ 1. , -0.5])

    Raises ``ValueError`` for a negative clip_value.
    """
    values = _parameters(params, "clip_grad_value")
    clip_value = _limit("clip_value", clip_value)
    _assign([(value, np.clip(g, -clip_value, clip_value)) for value, g in _gradients(values)])


def _shorten(values: list[Value], max_norm: float, norm_type: float, error_if_nonfinite: bool) -> Any:
    """``clip_grad_norm`` in a jitted function."""
    found = _gradients(values)
    if not found:
        return 0.0
    norm = vector_norm(stack([vector_norm(_wide(g), ord=norm_type) for _, g in found]), ord=norm_type)
    if error_if_nonfinite:
        norm.map_data(_check_finite)
    factor = minimum(max_norm / (astype(norm, np.float64) + 1e-6), 1.0)
    _assign([(value, g * astype(factor, g.dtype)) for value, g in found])
    return norm


def _wide(g: Any) -> Any:
    """A gradient of float16 as float32, in which its squares do not overflow."""
    return astype(g, np.float32) if getattr(g, "dtype", None) == np.float16 else g


def _limit(name: str, number: float) -> float:
    """``number`` as a float; ``ValueError`` unless it is at least 0, or ``math.inf``."""
    return math.inf if number == math.inf else non_negative(name, number)


def _check_finite(norm: Any) -> None:
    if not math.isfinite(norm):
        raise ValueError(located(f"clip_grad_norm: the norm of the gradients is {norm}; nothing was changed"))


def _parameters(params: Any, who: str) -> list[Value]:
    """The parameters, if that is what they are."""
    if hasattr(params, "parameters"):
        raise TypeError(located(f"{who}: pass model.parameters(), not the {type(params).__name__} itself"))
    values = [params] if isinstance(params, Value) else list(params)
    for i, value in enumerate(values):
        if not isinstance(value, Value):
            raise TypeError(located(f"{who}: parameter {i} is a {type(value).__name__}, not a Value"))
    return values


def _gradients(values: list[Value]) -> list[tuple[Value, Any]]:
    """Those that have a gradient, and it as plain data; as a Value in a jitted function."""
    found = [(value, value.grad) for value in values if value.has_grad]
    if is_traced():
        return found
    return [(value, g.data if isinstance(g, Value) else g) for value, g in found]


def _assign(gradients: list[tuple[Value, Any]]) -> None:
    for value, gradient in gradients:
        value.grad = gradient
