"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from autograd_mini import located
from optim.lr_scheduler.plateau import ReduceLROnPlateau
from optim.lr_scheduler.scheduler import LRScheduler, check_optimizer
from optim.optimizer import Optimizer
from optim.options import whole


class SequentialLR(LRScheduler):
    """One schedule after the other: the next begins, at its own epoch 0, at each of the milestones.

    PyTorch: the same name.

    >>> from optim.lr_scheduler import ExponentialLR, LinearLR, rates
    >>> def warm_up_then_fall(optimizer):
    ...     warm_up = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    ...     return SequentialLR(optimizer, [warm_up, ExponentialLR(optimizer, gamma=0.5)], milestones=[3])
    >>> rates(warm_up_then_fall, lr=0.8, epochs=6)
    array([0.2, 0.4, 0.6, 0.8, 0.4, 0.2])

    Raises ``ValueError`` if there is not one milestone less than schedules, or a schedule is another optimizer's.
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        check_optimizer(optimizer, "SequentialLR")
        self.schedulers = _parts("SequentialLR", optimizer, schedulers)
        self.milestones = [whole("a milestone", epoch, least=0) for epoch in milestones]
        if len(self.milestones) != len(self.schedulers) - 1 or self.milestones != sorted(self.milestones):
            raise ValueError(
                located(
                    f"SequentialLR: {len(self.schedulers)} schedules have {len(self.schedulers) - 1} milestones, in "
                    f"order, not {self.milestones}"
                )
            )
        super().__init__(optimizer)

    def _begin(self) -> None:
        for group in self.optimizer.param_groups:  # each of the schedules has set its own
            group["lr"] = group["initial_lr"]
        self.schedulers[bisect_right(self.milestones, 0)].restart()

    def _go_to(self, epoch: int) -> None:
        scheduler = self.schedulers[bisect_right(self.milestones, epoch)]
        if epoch in self.milestones:
            scheduler.restart()
        else:
            scheduler.step()


class ChainedScheduler(LRScheduler):
    """Several schedules at once: their factors are multiplied. PyTorch: the same name.

    >>> from optim.lr_scheduler import ExponentialLR, LinearLR, rates
    >>> def both(optimizer):
    ...     return ChainedScheduler([LinearLR(optimizer, 0.25, total_iters=3), ExponentialLR(optimizer, gamma=0.5)])
    >>> rates(both, lr=0.8, epochs=5)
    array([0.2 , 0.2 , 0.15, 0.1 , 0.05])

    Raises ``ValueError`` for no schedules, and for those of several optimizers.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if optimizer is None and schedulers:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self.schedulers = _parts("ChainedScheduler", optimizer, schedulers)
        assert optimizer is not None  # _parts found it in every one
        super().__init__(optimizer)

    def _begin(self) -> None:
        """Each of the schedules has set its own already."""

    def restart(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self.schedulers:
            scheduler.last_epoch = 0
            scheduler._begin()
        self.last_epoch = 0

    def _go_to(self, epoch: int) -> None:
        rates, before = self.get_last_lr(), [scheduler.state_dict() for scheduler in self.schedulers]
        try:
            for scheduler in self.schedulers:
                scheduler.step()
        except Exception:  # one that has no more steps, say: then none has taken this one
            self._set(rates)
            for scheduler, state in zip(self.schedulers, before, strict=True):
                scheduler.load_state_dict(state)
            raise


def _parts(who: str, optimizer: Any, schedulers: Any) -> list[LRScheduler]:
    """The schedules, if they are of one optimizer and need not be told a number."""
    parts = list(schedulers)
    if not parts:
        raise ValueError(located(f"{who}: the list of schedules is empty"))
    for i, part in enumerate(parts):
        if not isinstance(part, LRScheduler):
            raise TypeError(located(f"{who}: schedule {i} is a {type(part).__name__}"))
        if isinstance(part, ReduceLROnPlateau):
            raise ValueError(
                located(f"{who}: schedule {i} is ReduceLROnPlateau, which has to be told a number; step it beside")
            )
        if part.optimizer is not optimizer:
            raise ValueError(located(f"{who}: schedule {i} is that of another optimizer"))
    return parts
