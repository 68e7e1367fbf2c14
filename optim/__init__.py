"""Optimizers, under PyTorch's names and taking its exact steps, and minibatches to train on.

>>> import optim
>>> from autograd_mini import Value
>>> w = Value(1.0)
>>> optimizer = optim.SGD([w], lr=0.25)
>>> for _ in range(3):
...     optimizer.zero_grad()
...     (w * w).backward()
...     optimizer.step()
>>> w.data
0.125
"""

from typing import Any

from autograd_mini import no_such_name
from optim import lr_scheduler
from optim.adagrad import Adadelta, Adagrad
from optim.adam import Adam, AdamW, NAdam
from optim.clip import clip_grad_norm, clip_grad_value
from optim.data_parallel import data_parallel
from optim.fit import fit
from optim.history import History
from optim.lbfgs import LBFGS
from optim.lion import Lion
from optim.minibatches import minibatches
from optim.minimize import Minimum, minimize
from optim.optimizer import Optimizer
from optim.rmsprop import RMSprop
from optim.sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "History",
    "Lion",
    "Minimum",
    "NAdam",
    "Optimizer",
    "RMSprop",
    "clip_grad_norm",
    "clip_grad_value",
    "data_parallel",
    "fit",
    "lr_scheduler",
    "minibatches",
    "minimize",
]


def __getattr__(name: str) -> Any:
    missing = f"module 'optim' has no attribute {name!r}"
    if name in lr_scheduler.__all__:
        raise no_such_name(f"{missing}; write optim.lr_scheduler.{name}")
    if name == "DataLoader":
        raise no_such_name(f"{missing}; write optim.minibatches(x, y, batch_size=32)")
    raise AttributeError(missing)
