"""RMSprop: the gradient divided by its own root mean square."""

from __future__ import annotations

from typing import Any

from autograd_mini import sqrt
from optim.optimizer import Group, Optimizer, Params, State, decayed
from optim.options import Option, flag, non_negative


class RMSprop(Optimizer):
    """w -= lr * g / (sqrt(mean(g**2)) + eps), with a running mean (Hinton, 2012). PyTorch: ``optim.RMSprop``.

    ``alpha`` is the decay rate of the mean. ``centered`` divides by the standard deviation instead; ``momentum``
    adds up the quotients; ``weight_decay`` adds that multiple of w to the gradient; ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value(3.0)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.0)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.9

    Raises ``ValueError`` for a negative number.
    """

    alpha = Option(non_negative)
    eps = Option(non_negative)
    weight_decay = Option(non_negative)
    momentum = Option(non_negative)
    centered = Option(flag)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        alpha = group["alpha"]
        w, g = decayed(w, g, group)
        square = (1 - alpha) * g * g + alpha * state.get("square_avg", 0.0)
        new = {"square_avg": square}
        if group["centered"]:
            mean = new["grad_avg"] = (1 - alpha) * g + alpha * state.get("grad_avg", 0.0)
            square = square - mean * mean
        step = g / (sqrt(square) + group["eps"])
        if group["momentum"]:
            step = new["momentum_buffer"] = step + group["momentum"] * state.get("momentum_buffer", 0.0)
        return -group["lr"] * step + w, new
