"""The schedules that are one formula: in steps, exponential, linear, polynomial, cosine, or of one's own."""

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


class ConstantLR(LRScheduler):
    """``factor`` times the learning rate for ``total_iters`` epochs, and all of it after. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: ConstantLR(optimizer, factor=0.5, total_iters=2), lr=0.8, epochs=4)
    array([0.4, 0.4, 0.8, 0.8])
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor = non_negative("factor", factor)
        if not 0 < factor <= 1:
            raise ValueError(located(f"ConstantLR: factor is above 0 and at most 1, not {factor}"))
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def first_lr(self, lr: float, initial_lr: float) -> float:
        return lr * self.factor

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        return lr / self.factor if epoch == self.total_iters else lr


class PolynomialLR(LRScheduler):
    """The learning rate times ``(1 - epoch / total_iters) ** power``, and 0 after that. PyTorch: the same name.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: PolynomialLR(optimizer, total_iters=2, power=2.0), lr=0.8, epochs=4)
    array([0.8, 0.2, 0. , 0. ])
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters = whole("total_iters", total_iters)
        self.power = non_negative("power", power)
        super().__init__(optimizer)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        if epoch > self.total_iters:
            return lr
        here, before = [1 - n / self.total_iters for n in (epoch, epoch - 1)]
        return float(lr * (here / before) ** self.power)


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


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down half a cosine to ``eta_min``, again and again from the top (Loshchilov and Hutter, 2017): SGDR.

    The first time in ``T_0`` epochs, then each time in ``T_mult`` times as many. It does not go on from the current
    learning rate, but is one formula of the first. PyTorch: the same name; its ``step`` takes fractions of epochs too.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: CosineAnnealingWarmRestarts(optimizer, T_0=2), lr=0.8, epochs=5)
    array([0.8, 0.4, 0.8, 0.4, 0.8])
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        self.T_0 = whole("T_0", T_0)
        self.T_mult = whole("T_mult", T_mult)
        self.eta_min = non_negative("eta_min", eta_min)
        super().__init__(optimizer)

    def first_lr(self, lr: float, initial_lr: float) -> float:
        return self.next_lr(0, lr, initial_lr)

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        since, length = epoch, self.T_0
        if self.T_mult == 1:
            since %= length
        while since >= length:
            since -= length
            length *= self.T_mult
        return self.eta_min + (initial_lr - self.eta_min) * (1 + math.cos(math.pi * since / length)) / 2


class LambdaLR(LRScheduler):
    """The learning rate of the beginning times a function of the epoch. PyTorch: the same name.

    ``lr_lambda`` is the function, or a list with one for each parameter group.

    >>> from optim.lr_scheduler import rates
    >>> rates(lambda optimizer: LambdaLR(optimizer, lambda epoch: 1 - epoch / 4), lr=0.8, epochs=5)
    array([0.8, 0.6, 0.4, 0.2, 0. ])
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        self.lr_lambda = lr_lambda
        for f in lr_lambda if isinstance(lr_lambda, Sequence) else [lr_lambda]:
            if not callable(f):
                raise TypeError(located(f"LambdaLR: lr_lambda is a function of the epoch, not {f!r}"))
        super().__init__(optimizer)

    def _begin(self) -> None:
        self._go_to(0)

    def _go_to(self, epoch: int) -> None:
        groups, f = self.optimizer.param_groups, self.lr_lambda
        each = f if isinstance(f, Sequence) else [f] * len(groups)
        if len(each) != len(groups):
            raise ValueError(
                located(f"LambdaLR: lr_lambda has {len(each)} functions, and there are {len(groups)} parameter groups")
            )
        first = [group.setdefault("initial_lr", group["lr"]) for group in groups]  # one may have joined late
        self._set([lr * f(epoch) for lr, f in zip(first, each, strict=True)])
