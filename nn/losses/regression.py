"""Losses for predicted quantities: squared, absolute, and Huber's, which is a bit of both."""

from __future__ import annotations

from typing import Any

from autograd_mini import abs as absolute
from autograd_mini import clip, located, sub
from nn.checks import number
from nn.losses.reduction import Reduction, reduce, target_like


def mse_loss(prediction: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """(prediction - target)**2, averaged. PyTorch: ``F.mse_loss``.

    Prediction and target have the same shape, whatever it is; ``ValueError`` if not.

    >>> from autograd_mini import Value
    >>> mse_loss(Value([1.0, 2.0]), [1.0, 4.0]).item()
    2.0
    """
    error = sub(prediction, target_like(prediction, target, "mse_loss"))
    return reduce(error * error, reduction)


def l1_loss(prediction: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """|prediction - target|, averaged; its derivative at 0 is 0. PyTorch: ``F.l1_loss``.

    Prediction and target have the same shape, whatever it is; ``ValueError`` if not.

    >>> from autograd_mini import Value
    >>> l1_loss(Value([1.0, 2.0]), [1.0, 4.0]).item()
    1.0
    """
    return reduce(absolute(sub(prediction, target_like(prediction, target, "l1_loss"))), reduction)


def huber_loss(prediction: Any, target: Any, reduction: Reduction = "mean", delta: float = 1.0) -> Any:
    """Half the squared error up to ``delta``, from there on a straight line. PyTorch: ``F.huber_loss``.

    Prediction and target have the same shape, whatever it is; ``ValueError`` if not, or unless delta > 0.

    >>> from autograd_mini import Value
    >>> huber_loss(Value([0.0, 10.0]), [1.0, 0.0], reduction="none").data
    array([0.5, 9.5])
    """
    if not delta > 0:
        raise ValueError(located(f"huber_loss: delta is a positive number, not {delta!r}"))
    delta = number("huber_loss", "delta", delta)
    return reduce(_huber(sub(prediction, target_like(prediction, target, "huber_loss")), delta), reduction)


def smooth_l1_loss(prediction: Any, target: Any, reduction: Reduction = "mean", beta: float = 1.0) -> Any:
    """Half the squared error / ``beta`` up to ``beta``, from there on of slope 1. PyTorch: ``F.smooth_l1_loss``.

    It is ``huber_loss(delta=beta) / beta``, and ``l1_loss`` for beta = 0. Prediction and target have the same shape;
    ``ValueError`` if not, or if beta < 0.

    >>> from autograd_mini import Value
    >>> smooth_l1_loss(Value([0.0, 10.0]), [1.0, 0.0], reduction="none").data
    array([0.5, 9.5])
    """
    if not beta >= 0:
        raise ValueError(located(f"smooth_l1_loss: beta is a number of at least 0, not {beta!r}"))
    beta = number("smooth_l1_loss", "beta", beta)
    error = sub(prediction, target_like(prediction, target, "smooth_l1_loss"))
    if beta == 0:
        return reduce(absolute(error), reduction)
    return reduce(_huber(error, beta) / beta, reduction)


def _huber(error: Any, delta: float) -> Any:
    """Half the square up to ``delta``, then the straight line: both in one formula, without overflow."""
    clipped = clip(error, -delta, delta)
    return clipped * (error - 0.5 * clipped)
