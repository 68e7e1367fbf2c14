"""RMSprop: the gradient divided by its own root mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_mini import Value, sqrt
from optim.optimizer import Optimizer, State, non_negative


class RMSprop(Optimizer):
    """w -= lr * g / (sqrt(mean(g**2)) + eps), with a running mean (Hinton, 2012). PyTorch: ``optim.RMSprop``.

    ``alpha`` is the decay rate of the mean. ``centered`` divides by the standard deviation instead; ``momentum``
    adds up the quotients; ``weight_decay`` adds that multiple of w to the gradient.

    >>> w = Value(3.0)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.0)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.9

    Raises ``ValueError`` for a negative number.
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.alpha = non_negative("alpha", alpha)
        self.eps = non_negative("eps", eps)
        self.weight_decay = non_negative("weight_decay", weight_decay)
        self.momentum = non_negative("momentum", momentum)
        self.centered = centered

    def update(self, w: Any, g: Any, state: State) -> tuple[Any, State]:
        alpha = self.alpha
        if self.weight_decay:
            g = g + self.weight_decay * w
        square = (1 - alpha) * g * g + alpha * state.get("square_avg", 0.0)
        new = {"square_avg": square}
        if self.centered:
            mean = new["grad_avg"] = (1 - alpha) * g + alpha * state.get("grad_avg", 0.0)
            square = square - mean * mean
        step = g / (sqrt(square) + self.eps)
        if self.momentum:
            step = new["momentum_buffer"] = step + self.momentum * state.get("momentum_buffer", 0.0)
        return -self.lr * step + w, new
