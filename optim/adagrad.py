"""Adagrad and Adadelta: steps that shrink where the gradients have been large."""

from __future__ import annotations

from typing import Any

from autograd_mini import sqrt
from optim.optimizer import Group, Optimizer, Params, State, decayed
from optim.options import Option, fraction, non_negative


class Adagrad(Optimizer):
    """w -= lr * g / (sqrt(sum(g**2)) + eps), over all steps so far (Duchi et al., 2011). PyTorch: ``optim.Adagrad``.

    ``lr_decay`` divides the learning rate by 1 + lr_decay * steps; the sum starts at ``initial_accumulator_value``;
    ``weight_decay`` adds that multiple of w to the gradient; ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value([3.0, -0.1])
    >>> optimizer = Adagrad([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([2.5, 0.4])

    Raises ``ValueError`` for a negative number.
    """

    lr_decay = Option(non_negative)
    weight_decay = Option(non_negative)
    initial_accumulator_value = Option(non_negative)
    eps = Option(non_negative)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        w, g = decayed(w, g, group)
        step = state.get("step", 0) + 1
        total = g * g + state.get("sum", group["initial_accumulator_value"])
        rate = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        return -rate * g / (sqrt(total) + group["eps"]) + w, {"step": step, "sum": total}


class Adadelta(Optimizer):
    """w -= lr * g * rms(steps) / rms(g), which has the units of w (Zeiler, 2012). PyTorch: ``optim.Adadelta``.

    ``rho`` is the decay rate of both running means, and ``eps`` is added under both roots, so that it sets out at
    all. ``weight_decay`` adds that multiple of w to the gradient; ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value(3.0)
    >>> optimizer = Adadelta([w])
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.996838

    Raises ``ValueError`` for a negative number or a rho of 1 or more.
    """

    rho = Option(fraction)
    eps = Option(non_negative)
    weight_decay = Option(non_negative)

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        rho, eps = group["rho"], group["eps"]
        w, g = decayed(w, g, group)
        square = (1 - rho) * g * g + rho * state.get("square_avg", 0.0)
        steps = state.get("acc_delta", 0.0)
        step = sqrt((steps + eps) / (square + eps)) * g
        steps = (1 - rho) * step * step + rho * steps
        return -group["lr"] * step + w, {"square_avg": square, "acc_delta": steps}
