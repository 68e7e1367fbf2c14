"""kl_div: how far one distribution is from another."""

from __future__ import annotations

from typing import Any, Literal

from autograd_mini import exp, located, log, where
from autograd_mini import sum as add_up
from nn.checks import as_input
from nn.losses.reduction import Reduction, reduce, shape_of, target_like


def kl_div(
    log_probabilities: Any,
    target: Any,
    reduction: Reduction | Literal["batchmean"] = "mean",
    log_target: bool = False,
) -> Any:
    """target * (log(target) - log_probabilities), the Kullback-Leibler divergence. PyTorch: ``F.kl_div``.

    ``target`` is probabilities, or with ``log_target`` their logarithms, in the same shape. The divergence of a batch
    is the sum divided by its size, ``reduction="batchmean"``; the default, as in PyTorch, divides by the number of
    elements. A target of 0 adds nothing, and its own slope is -log_probabilities (PyTorch's is nan).

    >>> kl_div([[-1.0, 0.0]], [[0.0, 1.0]], reduction="batchmean")
    0.0

    Raises ``ValueError`` for shapes that do not match.
    """
    log_probabilities = as_input(log_probabilities)
    target = target_like(log_probabilities, target, "kl_div")
    if log_target:
        losses = exp(target) * (target - log_probabilities)
    else:
        is_zero = target <= 0
        losses = target * (where(is_zero, 0.0, log(where(is_zero, 1.0, target))) - log_probabilities)
    if reduction == "batchmean":
        shape = shape_of(log_probabilities)
        if not shape:
            raise ValueError(located("kl_div: a single number is no batch; take reduction='sum'"))
        return add_up(losses) / shape[0]
    return reduce(losses, reduction)
