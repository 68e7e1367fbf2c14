"""Clipping: gradients that are too long or too large, made smaller before a step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini import Value, located
from optim.options import non_negative


def clip_grad_norm(
    params: Iterable[Value] | Value, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Shortens the gradients, all by one factor, to a norm of ``max_norm``; gives the norm that they had.

    The norm is that of all gradients together, written out as one vector; ``norm_type`` is its p, or ``math.inf``.
    Their direction stays. A norm of nan or inf spoils all of them, unless ``error_if_nonfinite``. PyTorch:
    ``nn.utils.clip_grad_norm_``.

    >>> w = Value([3.0, 4.0])
    >>> (w * w).sum().backward()
    >>> clip_grad_norm([w], max_norm=1.0)
    10.0
    >>> w.grad.round(3)
    array([0.6, 0.8])

    Raises ``ValueError`` for a negative max_norm, and for a norm that is not finite if asked to; then nothing is
    changed.
    """
    found = _gradients(params, "clip_grad_norm")
    max_norm = non_negative("max_norm", max_norm)
    if isinstance(norm_type, bool) or not isinstance(norm_type, int | float) or not norm_type > 0:
        raise ValueError(located(f"norm_type is a number above 0, or math.inf, not {norm_type!r}"))
    with np.errstate(all="ignore"):
        norms = [np.linalg.norm(np.ravel(g), norm_type) for _, g in found]
        norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
        if error_if_nonfinite and not math.isfinite(norm):
            raise ValueError(located(f"clip_grad_norm: the norm of the gradients is {norm}; nothing was changed"))
        factor = float(np.minimum(max_norm / np.float64(norm + 1e-6), 1.0))
        clipped = [g * factor for _, g in found]
    _assign(found, clipped)
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
    found = _gradients(params, "clip_grad_value")
    clip_value = non_negative("clip_value", clip_value)
    _assign(found, [np.clip(g, -clip_value, clip_value) for _, g in found])


def _gradients(params: Any, who: str) -> list[tuple[Value, Any]]:
    """The parameters that have a gradient, and it as plain data."""
    if hasattr(params, "parameters"):
        raise TypeError(located(f"{who}: pass model.parameters(), not the {type(params).__name__} itself"))
    values = [params] if isinstance(params, Value) else list(params)
    for i, value in enumerate(values):
        if not isinstance(value, Value):
            raise TypeError(located(f"{who}: parameter {i} is a {type(value).__name__}, not a Value"))
    found = [(value, value.grad) for value in values if value.has_grad]
    return [(value, g.data if isinstance(g, Value) else g) for value, g in found]


def _assign(found: list[tuple[Value, Any]], gradients: list[Any]) -> None:
    for (value, _), gradient in zip(found, gradients, strict=True):
        value.grad = gradient
