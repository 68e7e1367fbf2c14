"""The schedules that are one formula: in steps, exponential, linear, cosine, or of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from autograd_mini import located
from optim.lr_scheduler.scheduler import LRScheduler
from optim.optimizer import Optimizer
from optim.options import non_negative, whole


class StepLR(LRScheduler):
    """Every ``step_size`` epochs the learning rate times ``gamma``. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: StepLR(optimizer, step_size=2, gamma=0.5), lr=0.8, epochs=5)
    array([0.8, 0.8, 0.4, 0.4, 0.2])
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = whole("step_size", step_size)
        self.gamma = non_negative("gamma", gamma)
        super().__init__(optimizer)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        return lr * self.gamma if epoch % self.step_size == 0 else lr


class MultiStepLR(LRScheduler):
    """At each epoch of ``milestones`` the learning rate times ``gamma``. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: MultiStepLR(optimizer, milestones=[1, 4], gamma=0.5), lr=0.8, epochs=5)
    array([0.8, 0.4, 0.4, 0.4, 0.2])
    """

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones = [whole("a milestone", epoch, least=0) for epoch in milestones]
        self.gamma = non_negative("gamma", gamma)
        super().__init__(optimizer)

    def first_lr(self, lr: float, initial_lr: float) -> float:
        return self.next_lr(0, lr, initial_lr)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        return float(lr * self.gamma ** self.milestones.count(epoch))


class ExponentialLR(LRScheduler):
    """At each epoch the learning rate times ``gamma``. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: ExponentialLR(optimizer, gamma=0.5), lr=0.8, epochs=4)
    array([0.8, 0.4, 0.2, 0.1])
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = non_negative("gamma", gamma)
        super().__init__(optimizer)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        return lr * self.gamma


class LinearLR(LRScheduler):
    """From ``start_factor`` times the learning rate along a line to ``end_factor`` times it. PyTorch: the same name.

    It takes ``total_iters`` epochs, and stays there. From small to 1 it is a warm-up.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: LinearLR(optimizer, start_factor=0.25, total_iters=3), lr=0.8, epochs=5)
    array([0.2, 0.4, 0.6, 0.8, 0.8])
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor = non_negative("start_factor", start_factor)
        self.end_factor = non_negative("end_factor", end_factor)
        if not 0 < start_factor <= 1 or end_factor > 1:
            raise ValueError(
                located(
                    f"LinearLR: start_factor is above 0 and at most 1, end_factor at most 1, not {start_factor} "
                    f"and {end_factor}"
                )
            )
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def first_lr(self, lr: float, initial_lr: float) -> float:
        return lr * self.start_factor

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        if epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        factor = 1 + rise / (self.total_iters * self.start_factor + (epoch - 1) * rise)
        return max(lr * factor, 0.0)  # rounding must not send it below


class CosineAnnealingLR(LRScheduler):
    """Down half a cosine to ``eta_min`` in ``T_max`` epochs, and up again after (Loshchilov and Hutter, 2017).

    PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: CosineAnnealingLR(optimizer, T_max=4), lr=0.8, epochs=5).round(4)
    array([0.8   , 0.6828, 0.4   , 0.1172, 0.    ])
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = whole("T_max", T_max)
        self.eta_min = non_negative("eta_min", eta_min)
        super().__init__(optimizer)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # it was at the bottom, where the ratio would be 0 / 0
            return lr + (initial_lr - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        here, before = [1 + math.cos(math.pi * n / self.T_max) for n in (epoch, epoch - 1)]
        return max(here / before * (lr - self.eta_min) + self.eta_min, 0.0)  # rounding must not send it below


class LambdaLR(LRScheduler):
    """The learning rate of the beginning times a function of the epoch. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: LambdaLR(optimizer, lambda epoch: 1 - epoch / 4), lr=0.8, epochs=5)
    array([0.8, 0.6, 0.4, 0.2, 0. ])
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        if not callable(lr_lambda):
            raise TypeError(located(f"LambdaLR: lr_lambda is a function of the epoch, not {lr_lambda!r}"))
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def first_lr(self, lr: float, initial_lr: float) -> float:
        return self.next_lr(0, lr, initial_lr)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        return initial_lr * self.lr_lambda(epoch)
