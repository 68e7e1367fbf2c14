"""SGD: down the gradient, with or without momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_mini import Value, located
from optim.optimizer import Optimizer, State, non_negative


class SGD(Optimizer):
    """w -= lr * g, where g is the gradient, or with ``momentum`` a decaying sum of gradients. PyTorch: ``optim.SGD``.

    ``weight_decay`` adds that multiple of w to the gradient; ``dampening`` takes that fraction off each gradient
    after the first; ``nesterov`` looks one step of momentum ahead.

    >>> w = Value(3.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.4

    Raises ``ValueError`` for a negative number, and for nesterov without momentum or with dampening.
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.momentum = non_negative("momentum", momentum)
        self.dampening = non_negative("dampening", dampening)
        self.weight_decay = non_negative("weight_decay", weight_decay)
        if nesterov and (not momentum or dampening):
            raise ValueError(located("nesterov needs a momentum above 0 and a dampening of 0"))
        self.nesterov = nesterov

    def update(self, w: Any, g: Any, state: State) -> tuple[Any, State]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        if self.momentum:
            # the first is a copy: the gradient is the user's, to clip in place
            velocity = self.momentum * state["momentum_buffer"] + (1 - self.dampening) * g if state else +g
            state = {"momentum_buffer": velocity}
            g = g + self.momentum * velocity if self.nesterov else velocity
        return -self.lr * g + w, state  # in this order NumPy adds in place
