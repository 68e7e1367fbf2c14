"""Adam and AdamW: each weight's step in units of its own gradient's usual size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_mini import Value, located, maximum
from optim.optimizer import Optimizer, State, fraction, non_negative


class Adam(Optimizer):
    """w -= lr * mean(g) / (sqrt(mean(g**2)) + eps), with running means (Kingma and Ba, 2015). PyTorch: ``optim.Adam``.

    ``betas`` are the decay rates of the two means, which are corrected for having started at zero. ``weight_decay``
    adds that multiple of w to the gradient. ``amsgrad`` divides by the largest mean(g**2) so far (Reddi et al., 2018).

    >>> w = Value([3.0, -0.001])
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([2.9  , 0.099])

    Raises ``ValueError`` for a negative number or a beta of 1 or more.
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(located(f"betas is a pair such as (0.9, 0.999), not {betas!r}"))
        beta1, beta2 = betas
        self.betas = fraction("betas[0]", beta1), fraction("betas[1]", beta2)
        self.eps = non_negative("eps", eps)
        self.weight_decay = non_negative("weight_decay", weight_decay)
        self.amsgrad = amsgrad

    def decay(self, w: Any, g: Any) -> tuple[Any, Any]:
        """The weight and the gradient after weight decay, which here is a penalty in the loss."""
        return w, g + self.weight_decay * w

    def update(self, w: Any, g: Any, state: State) -> tuple[Any, State]:
        if self.weight_decay:
            w, g = self.decay(w, g)
        beta1, beta2 = self.betas
        step = state.get("step", 0) + 1
        mean = (1 - beta1) * g + beta1 * state.get("exp_avg", 0.0)
        square = (1 - beta2) * g * g + beta2 * state.get("exp_avg_sq", 0.0)
        new = {"step": step, "exp_avg": mean, "exp_avg_sq": square}
        if self.amsgrad:
            square = new["max_exp_avg_sq"] = maximum(square, state.get("max_exp_avg_sq", 0.0))
        size = square**0.5 / (1 - beta2**step) ** 0.5 + self.eps
        return -self.lr / (1 - beta1**step) * mean / size + w, new


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves (Loshchilov and Hutter, 2019). PyTorch: ``optim.AdamW``.

    >>> w = Value(1.0)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (0.0 * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.95

    Raises what Adam raises.
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)

    def decay(self, w: Any, g: Any) -> tuple[Any, Any]:
        """The weight and the gradient after weight decay, which here is no part of the gradient."""
        return (1 - self.lr * self.weight_decay) * w, g
