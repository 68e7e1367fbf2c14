"""Adam, AdamW and NAdam: each weight's step in units of its own gradient's usual size."""

from __future__ import annotations

from typing import Any

from autograd_mini import maximum
from optim.optimizer import Group, Optimizer, Params, State, decayed
from optim.options import Option, flag, non_negative, two_fractions


class Adam(Optimizer):
    """w -= lr * mean(g) / (sqrt(mean(g**2)) + eps), with running means (Kingma and Ba, 2015). PyTorch: ``optim.Adam``.

    ``betas`` are the decay rates of the two means, which are corrected for having started at zero. ``weight_decay``
    adds that multiple of w to the gradient, or with ``decoupled_weight_decay`` shrinks w itself, as AdamW does.
    ``amsgrad`` divides by the largest mean(g**2) so far (Reddi et al., 2018). ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value([3.0, -0.001])
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([2.9  , 0.099])

    Raises ``ValueError`` for a negative number or a beta of 1 or more.
    """

    betas = Option(two_fractions)
    eps = Option(non_negative)
    weight_decay = Option(non_negative)
    amsgrad = Option(flag)
    decoupled_weight_decay = Option(flag)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        w, g = decayed(w, g, group)
        beta1, beta2 = group["betas"]
        step = state.get("step", 0) + 1
        mean = (1 - beta1) * g + beta1 * state.get("exp_avg", 0.0)
        square = (1 - beta2) * g * g + beta2 * state.get("exp_avg_sq", 0.0)
        new = {"step": step, "exp_avg": mean, "exp_avg_sq": square}
        if group["amsgrad"]:
            square = new["max_exp_avg_sq"] = maximum(square, state.get("max_exp_avg_sq", 0.0))
        size = square**0.5 / (1 - beta2**step) ** 0.5 + group["eps"]
        return -group["lr"] / (1 - beta1**step) * mean / size + w, new


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves (Loshchilov and Hutter, 2019). PyTorch: ``optim.AdamW``.

    >>> from autograd_mini import Value
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
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)


class NAdam(Optimizer):
    """Adam that looks one step of its momentum ahead, as Nesterov does (Dozat, 2016). PyTorch: ``optim.NAdam``.

    The first of ``betas`` grows towards its value as ``momentum_decay`` says; the other options are Adam's.

    >>> from autograd_mini import Value
    >>> w = Value([3.0, -0.001])
    >>> optimizer = NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([2.8944, 0.1046])

    Raises what Adam raises.
    """

    betas = Option(two_fractions)
    eps = Option(non_negative)
    weight_decay = Option(non_negative)
    momentum_decay = Option(non_negative)
    decoupled_weight_decay = Option(flag)

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        w, g = decayed(w, g, group)
        beta1, beta2 = group["betas"]
        step = state.get("step", 0) + 1
        now, ahead = [beta1 * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (step, step + 1)]
        product = now * state.get("mu_product", 1.0)
        mean = (1 - beta1) * g + beta1 * state.get("exp_avg", 0.0)
        square = (1 - beta2) * g * g + beta2 * state.get("exp_avg_sq", 0.0)
        size = square**0.5 / (1 - beta2**step) ** 0.5 + group["eps"]
        nesterov = (1 - now) / (1 - product) * g + ahead / (1 - product * ahead) * mean
        new = {"step": step, "mu_product": product, "exp_avg": mean, "exp_avg_sq": square}
        return -group["lr"] * nesterov / size + w, new
