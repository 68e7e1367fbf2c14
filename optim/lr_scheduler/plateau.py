"""ReduceLROnPlateau: a smaller learning rate when a measured number gets no better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd_mini import located
from optim.lr_scheduler.scheduler import LRScheduler, check_outside_of_jit
from optim.optimizer import Optimizer
from optim.options import non_negative, whole


class ReduceLROnPlateau(LRScheduler):
    """The learning rate times ``factor`` after more than ``patience`` epochs without progress. PyTorch: the same name.

    ``step`` is given the number to watch, such as the validation loss, which is to fall (``mode`` "min") or rise
    ("max"). Progress is more than ``threshold``, relative ("rel") to the best so far or absolute ("abs"). After a
    reduction it does not count for ``cooldown`` epochs. No learning rate falls below ``min_lr`` (a number, or one for
    each parameter group), and none changes by less than ``eps``.

    >>> from autograd_mini import Value
    >>> from optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.8)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [1.0, 0.9, 0.9, 0.9]:
    ...     optimizer.step()
    ...     schedule.step(loss)
    >>> optimizer.lr
    0.4
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                located(
                    'ReduceLROnPlateau: mode is "min" or "max", threshold_mode "rel" or "abs", '
                    f"not {mode!r} and {threshold_mode!r}"
                )
            )
        self.mode, self.threshold_mode = mode, threshold_mode
        self.factor = non_negative("factor", factor)
        if factor >= 1:
            raise ValueError(located(f"ReduceLROnPlateau: factor is below 1, not {factor}"))
        self.patience = whole("patience", patience, least=0)
        self.threshold = non_negative("threshold", threshold)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.eps = non_negative("eps", eps)
        if isinstance(min_lr, list | tuple):
            self.min_lr: Any = [non_negative("min_lr", lr) for lr in min_lr]
        else:
            self.min_lr = non_negative("min_lr", min_lr)  # type: ignore[arg-type]  # which says what is wrong
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        super().__init__(optimizer)
        self._min_lrs()

    def step(self, metrics: float) -> None:  # type: ignore[override]  # it alone has to be told
        """Goes on to the next epoch, in which ``metrics`` was measured: a number, or a Value that is one."""
        check_outside_of_jit()
        try:
            current = float(metrics)
        except (TypeError, ValueError):
            raise TypeError(located(f"ReduceLROnPlateau: step is given the number to watch, not {metrics!r}")) from None
        lowest = self._min_lrs()
        better = self._is_better(current)
        bad = 0 if better or self.cooldown_counter > 0 else self.num_bad_epochs + 1
        cooldown = max(self.cooldown_counter - 1, 0)
        if bad > self.patience:
            self._reduce(lowest)
            bad, cooldown = 0, self.cooldown
        self.best = current if better else self.best
        self.num_bad_epochs, self.cooldown_counter = bad, cooldown
        self.last_epoch += 1

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * current < sign * self.best * (1 - sign * self.threshold)
        return sign * current < sign * self.best - self.threshold

    def _reduce(self, lowest: list[float]) -> None:
        for group, least in zip(self.optimizer.param_groups, lowest, strict=True):
            lr = max(group["lr"] * self.factor, least)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr

    def _min_lrs(self) -> list[float]:
        """The lowest learning rate of each group."""
        count = len(self.optimizer.param_groups)
        each: list[float] = self.min_lr if isinstance(self.min_lr, list) else [self.min_lr] * count
        if len(each) != count:
            raise ValueError(
                located(f"ReduceLROnPlateau: min_lr has {len(each)} numbers, and there are {count} parameter groups")
            )
        return each
