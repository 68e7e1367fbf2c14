"""OneCycleLR: one long rise and fall of the learning rate, while the momentum does the opposite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd_mini import located
from optim.lr_scheduler.scheduler import LRScheduler, check_optimizer
from optim.optimizer import Optimizer
from optim.options import flag, fraction, non_negative, whole


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down to almost nothing in ``total_steps`` steps, one per batch (Smith and Topin, 2018).

    It starts at ``max_lr / div_factor``, is at the top after the fraction ``pct_start`` of the steps, and ends at the
    start's ``1 / final_div_factor``; ``three_phase`` comes back to the start first, and then goes down to there.
    ``anneal_strategy`` is "cos" or "linear". Unless ``cycle_momentum`` is False, the momentum (Adam: the first of the
    betas) goes from ``max_momentum`` to ``base_momentum`` and back. ``max_lr`` and the momenta may be lists, with one
    number for each parameter group; ``epochs`` times ``steps_per_epoch`` stands for total_steps. PyTorch: the same
    name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: OneCycleLR(optimizer, 1.0, total_steps=10), lr=0.1, epochs=10).round(2)
    array([0.04, 0.52, 1.  , 0.95, 0.81, 0.61, 0.39, 0.19, 0.05, 0.  ])

    Raises ``ValueError`` for a step more than total_steps, and for momenta to cycle in an optimizer without.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        groups = check_optimizer(optimizer, "OneCycleLR").param_groups
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError(located("OneCycleLR: give total_steps, or epochs and steps_per_epoch"))
            total_steps = whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
        self.total_steps = whole("total_steps", total_steps)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(located(f'anneal_strategy is "cos" or "linear", not {anneal_strategy!r}'))
        self.anneal_strategy = anneal_strategy
        pct_start = non_negative("pct_start", pct_start)
        if pct_start > 1:
            raise ValueError(located(f"pct_start is a fraction of the steps, at most 1, not {pct_start}"))
        div_factor, final_div_factor = (
            _positive("div_factor", div_factor),
            _positive("final_div_factor", final_div_factor),
        )
        last, rise = float(self.total_steps - 1), pct_start * self.total_steps - 1
        # each phase: the step that it ends at, and from which to which of (start, top, end) it goes
        self.ends = [rise, 2 * rise, last] if flag("three_phase", three_phase) else [rise, last]
        self.legs = [[0, 1], [1, 0], [0, 2]] if three_phase else [[0, 1], [1, 2]]
        tops = _each("max_lr", max_lr, len(groups), non_negative)
        self.corners = [[top / div_factor, top, top / div_factor / final_div_factor] for top in tops]
        self.cycle_momentum = flag("cycle_momentum", cycle_momentum)
        if cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            raise ValueError(
                located(f"OneCycleLR: {type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False")
            )
        low = _each("base_momentum", base_momentum, len(groups), fraction)
        high = _each("max_momentum", max_momentum, len(groups), fraction)
        self.momenta = [[top, bottom, top] for top, bottom in zip(high, low, strict=True)]
        for group, (start, *_) in zip(groups, self.corners, strict=True):
            group["initial_lr"] = start
        super().__init__(optimizer)

    def _begin(self) -> None:
        self._go_to(0)

    def _go_to(self, epoch: int) -> None:
        if epoch > self.total_steps:
            raise ValueError(
                located(f"OneCycleLR: this is step {epoch}, and total_steps is {self.total_steps}; nothing was changed")
            )
        groups = self.optimizer.param_groups
        if len(groups) != len(self.corners):
            raise ValueError(
                located(f"OneCycleLR: was made for {len(self.corners)} parameter groups, and there are {len(groups)}")
            )
        i = next((i for i, end in enumerate(self.ends) if epoch <= end), len(self.ends) - 1)
        start, end = (self.ends[i - 1] if i else 0.0), self.ends[i]
        share = min((epoch - start) / (end - start), 1.0) if end > start else 1.0  # after the last one it stays
        here, there = self.legs[i]
        for group, rates, momenta in zip(groups, self.corners, self.momenta, strict=True):
            group["lr"] = self._between(rates[here], rates[there], share)
            if self.cycle_momentum:
                momentum = self._between(momenta[here], momenta[there], share)
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                else:
                    group["momentum"] = momentum

    def _between(self, start: float, end: float, share: float) -> float:
        """Where one is after that share of the way from start to end."""
        if self.anneal_strategy == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def _positive(name: str, number: float) -> float:
    if not non_negative(name, number):
        raise ValueError(located(f"{name} is above 0, not {number!r}"))
    return float(number)


def _each(name: str, setting: Any, count: int, check: Any) -> list[float]:
    """A number for each parameter group, of a number or a list of them."""
    each = list(setting) if isinstance(setting, list | tuple) else [setting] * count
    if len(each) != count:
        raise ValueError(located(f"{name} has {len(each)} numbers, and there are {count} parameter groups"))
    return [check(name, one) for one in each]
