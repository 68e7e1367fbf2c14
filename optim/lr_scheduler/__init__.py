"""Learning rates that change while one trains, under PyTorch's names.

>>> from autograd_mini import Value
>>> from optim import SGD, lr_scheduler
>>> optimizer = SGD([Value(1.0)], lr=0.5)
>>> schedule = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
>>> optimizer.step()
>>> schedule.step()
>>> optimizer.lr
0.25
"""

from optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from optim.lr_scheduler.one_cycle import OneCycleLR
from optim.lr_scheduler.plateau import ReduceLROnPlateau
from optim.lr_scheduler.rates import rates
from optim.lr_scheduler.scheduler import LRScheduler
from optim.lr_scheduler.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "rates",
]
