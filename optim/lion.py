"""Lion: the sign of the momentum, so that every weight takes a step of the same length."""

from __future__ import annotations

from typing import Any

from autograd_mini import sign
from optim.optimizer import Group, Optimizer, Params, State
from optim.options import Option, non_negative, two_fractions


class Lion(Optimizer):
    """w -= lr * (sign(b1 * m + (1 - b1) * g) + weight_decay * w), then m = b2 * m + (1 - b2) * g (Chen et al., 2023).

    PyTorch has none. ``betas`` are b1 and b2. Steps are larger than Adam's: the paper advises a learning rate 3 to 10
    times smaller, and a weight decay 3 to 10 times larger. ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value([3.0, -0.25])
    >>> optimizer = Lion([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([2.5 , 0.25])

    Raises ``ValueError`` for a negative number or a beta of 1 or more.
    """

    betas = Option(two_fractions)
    weight_decay = Option(non_negative)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        beta1, beta2 = group["betas"]
        mean = state.get("exp_avg", 0.0)
        step = sign(beta1 * mean + (1 - beta1) * g)
        if group["weight_decay"]:
            step = step + group["weight_decay"] * w
        return -group["lr"] * step + w, {"exp_avg": beta2 * mean + (1 - beta2) * g}
