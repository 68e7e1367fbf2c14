"""LRScheduler: sets the learning rates of an optimizer anew after every epoch, by one formula."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

from autograd_mini import located, refuse_in_jit
from optim.lr_scheduler import memory
from optim.optimizer import Optimizer
from optim.options import non_negative


class LRScheduler:
    """The base of the schedules: a subclass defines ``next_lr``, the formula. PyTorch: ``lr_scheduler.LRScheduler``.

    ``step()`` comes after ``optimizer.step()``: once per epoch, or once per batch if the schedule counts batches.
    Every parameter group has its own learning rate, and as ``initial_lr`` the one that it began with. The formula
    goes on from the current learning rate, so that several schedules of one optimizer multiply.

    >>> from autograd_mini import Value
    >>> from optim import SGD
    >>> class Halving(LRScheduler):
    ...     def next_lr(self, epoch, lr, initial_lr):
    ...         return lr / 2
    >>> optimizer = SGD([Value(1.0)], lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> optimizer.step()
    >>> schedule.step()
    >>> optimizer.lr
    0.4

    Raises ``TypeError`` for what is no optimizer. Warns if the optimizer has taken no step when the schedule first
    does, since then the first learning rate is never used.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = check_optimizer(optimizer, type(self).__name__)
        self.last_epoch = 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self._begin()

    def first_lr(self, lr: float, initial_lr: float) -> float:
        """The learning rate of epoch 0, from the one that is set and the one that its group began with."""
        return lr

    def next_lr(self, epoch: int, lr: float, initial_lr: float) -> float:
        """The learning rate of ``epoch``, 1 at first, from the one before and the one that its group began with."""
        name = type(self).__name__
        raise NotImplementedError(f"{name} has no next_lr: define next_lr(self, epoch, lr, initial_lr)")

    def __repr__(self) -> str:
        """Where it stands, and by which numbers it goes on.

        >>> from autograd_mini import Value
        >>> from optim import SGD, lr_scheduler
        >>> lr_scheduler.StepLR(SGD([Value(1.0)], lr=0.8), step_size=2)
        StepLR(epoch 0, lr=0.8, step_size=2, gamma=0.1)
        """
        rates = ", ".join([f"{group['lr']:g}" for group in self.optimizer.param_groups])
        given = inspect.signature(type(self)).parameters.keys() - {"optimizer"}
        own = [f"{name}={setting!r}" for name, setting in vars(self).items() if name in given]
        return f"{type(self).__name__}({', '.join([f'epoch {self.last_epoch}', f'lr={rates}', *own])})"

    def step(self) -> None:
        """Goes on to the next epoch; an error on the way changes nothing."""
        check_outside_of_jit()
        if self.last_epoch == 0:
            warn_if_first(self.optimizer, type(self).__name__)
        self._go_to(self.last_epoch + 1)
        self.last_epoch += 1

    def restart(self) -> None:
        """Goes back to epoch 0 and to the learning rates that the groups began with."""
        for group in self.optimizer.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"])
        self._begin()
        self.last_epoch = 0

    def _begin(self) -> None:
        """Sets what belongs to epoch 0."""
        self._set([self.first_lr(group["lr"], group["initial_lr"]) for group in self.optimizer.param_groups])

    def _go_to(self, epoch: int) -> None:
        """Sets what belongs to ``epoch``, which follows on the one before."""
        groups = self.optimizer.param_groups
        for group in groups:
            group.setdefault("initial_lr", group["lr"])  # it may have joined late
        self._set([self.next_lr(epoch, group["lr"], group["initial_lr"]) for group in groups])

    def _set(self, rates: list[float]) -> None:
        rates = [non_negative("lr", lr) for lr in rates]  # of all, before the first is set
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr

    def get_last_lr(self) -> list[float]:
        """The learning rate of each parameter group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    # ------------------------------------------------------------ saving

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule knows, as plain numbers and strings; functions, as LambdaLR has, are not in it.

        The learning rates themselves are in the optimizer's.
        """
        return memory.copy_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where the schedule that ``state`` comes from stood; ``ValueError`` if it was another kind.

        Load the optimizer's state too: the learning rates are there.
        """
        memory.load(self, state)


def check_optimizer(optimizer: Optimizer, scheduler: str) -> Optimizer:
    """``optimizer``, if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(located(f"{scheduler}: the first argument is an optimizer, not {type(optimizer).__name__}"))
    return optimizer


def warn_if_first(optimizer: Optimizer, scheduler: str) -> None:
    """Warns if the optimizer has taken no step yet."""
    if not optimizer._stepped:
        warnings.warn(
            located(
                f"{scheduler}.step() was called before optimizer.step(), so the first learning rate was never used; "
                "call it after"
            ),
            stacklevel=3,
        )


def check_outside_of_jit() -> None:
    """An error in a jitted function: a replay would not count the epochs."""
    refuse_in_jit(
        "a schedule takes its step in the function",
        "take it after the call; the optimizer reads its learning rate at each call",
    )
