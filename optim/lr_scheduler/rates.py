"""rates: what a schedule does, without a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import Value
from optim.lr_scheduler.scheduler import LRScheduler
from optim.optimizer import Optimizer
from optim.sgd import SGD


def rates(make: Callable[[Optimizer], LRScheduler], *, lr: float, epochs: int) -> np.ndarray[Any, Any]:
    """The learning rates of the first epochs under the schedule that ``make(optimizer)`` gives: to plot it, say.

    >>> from optim.lr_scheduler import ExponentialLR
    >>> rates(lambda optimizer: ExponentialLR(optimizer, gamma=0.5), lr=1.0, epochs=3)
    array([1.  , 0.5 , 0.25])
    """
    optimizer = SGD([Value(0.0)], lr, momentum=0.9)
    schedule = make(optimizer)
    found = np.empty(epochs)
    for epoch in range(epochs):
        found[epoch] = optimizer.lr
        optimizer.step()
        if epoch < epochs - 1:
            schedule.step()
    return found
