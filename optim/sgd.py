"""SGD: down the gradient, with or without momentum."""

from __future__ import annotations

from typing import Any

from autograd_mini import located
from optim.optimizer import Group, Optimizer, Params, State, decayed
from optim.options import Option, flag, non_negative


class SGD(Optimizer):
    """w -= lr * g, where g is the gradient, or with ``momentum`` a velocity instead of it. PyTorch: ``optim.SGD``.

    Momentum is written in two ways, and ``dampening`` turns one into the other:

    - the heavy ball (Polyak, 1964), dampening 0: ``velocity = momentum * velocity + g``, a decaying sum of gradients.
      Down a steady slope it grows to g / (1 - momentum): at 0.9 the steps get ten times as long.
    - a moving average of the gradients, dampening = momentum: ``velocity = momentum * velocity + (1 - momentum) * g``.
      Down a steady slope it is g: the steps are as long as without.

    They take the same path if the average has a learning rate 1 / (1 - momentum) times as high, but for the start: as
    in PyTorch the first velocity is all of the first gradient. ``nesterov`` looks one step of momentum ahead;
    ``weight_decay`` adds that multiple of w to the gradient; ``maximize`` goes up.

    >>> from autograd_mini import Value
    >>> w = Value(3.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    2.4

    Raises ``ValueError`` for a negative number, and for nesterov without momentum or with dampening.
    """

    momentum = Option(non_negative)
    dampening = Option(non_negative)
    weight_decay = Option(non_negative)
    nesterov = Option(flag)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def check_group(self, group: Group) -> None:
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ValueError(located("nesterov needs a momentum above 0 and a dampening of 0"))

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        w, g = decayed(w, g, group)
        momentum = group["momentum"]
        if momentum:
            # the first is a copy: the gradient is the user's, to clip in place
            velocity = momentum * state["momentum_buffer"] + (1 - group["dampening"]) * g if state else +g
            state = {"momentum_buffer": velocity}
            g = g + momentum * velocity if group["nesterov"] else velocity
        return -group["lr"] * g + w, state  # in this order NumPy adds in place
