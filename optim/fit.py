"""fit: the training loop, with validation, early stopping, and checkpoints that resume to the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini import located
from optim import checkpoint as files
from optim.history import History
from optim.lr_scheduler import LRScheduler
from optim.optimizer import Optimizer
from optim.options import non_negative, whole
from optim.progress import Progress
from optim.training import Training
from optim.training_state import restore, state_of


def fit(
    loss: Callable[..., Any],
    data: Any,
    optimizer: Optimizer,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    validation: Any = None,
    patience: int | None = None,
    scheduler: LRScheduler | None = None,
    scheduler_step: str = "epoch",
    max_grad_norm: float | None = None,
    model: Any = None,
    callback: Callable[[History], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None,
    progress: bool = True,
) -> History:
    """Trains: for each batch of each epoch ``loss(*batch)``, its gradient, and a step of the optimizer.

    - ``data``: an array or a tuple of arrays, cut along their first axes into batches of ``batch_size`` in random
      order, or ``minibatches``. ``loss`` takes as many arguments as there are arrays, and gives their mean loss.
    - ``validation``: such data, on which the mean loss is computed after every epoch, or a function without
      arguments that gives a number which should fall. Of a network with dropout or batch norm give ``model`` too: else
      they act there as in training, and ``fit`` warns where it sees it.
    - ``patience``: training stops after so many epochs in a row without a new lowest validation (training loss, if
      there is none), and at the end the parameters are those of the best epoch.
    - ``scheduler``: steps after every "epoch" or every "batch", as ``scheduler_step`` says. ``max_grad_norm``: see
      ``clip_grad_norm``.
    - ``model``: what has ``state_dict`` and ``load_state_dict``, for what it holds beside the optimizer's parameters,
      such as running means, and ``train``, which is called with False around the validation.
    - ``callback(history)`` is called after every epoch; if it returns True, training stops.
    - ``checkpoint``: a file (.npz) with everything, written after every epoch and every ``checkpoint_every`` batches.
      With ``resume``, training goes on from there, if the file exists, to the same bits as without a stop. ``rng``
      orders the samples; what the loss draws from besides must be listed too, ``rng=[shuffle, noise]``, unless
      ``model.generators()`` has it, as that of a network with dropout does. At every moment the file is the old
      checkpoint or the new one, whole, whatever kills the process; one from anywhere is loaded without risk: nothing
      in it is run, and all of it is put back, or nothing.
    - ``progress``: a bar on stderr (of tqdm, which the extra ``demos`` brings), or else a line for every epoch.

    >>> from autograd_mini import Value
    >>> from optim import SGD
    >>> x = np.linspace(-1, 1, 64)
    >>> w = Value(0.0)
    >>> rng = np.random.default_rng(0)
    >>> history = fit(lambda x, y: ((w * x - y) ** 2).mean(), (x, 3 * x), SGD([w], lr=0.5), rng=rng, progress=False)
    >>> round(w.data, 2), history.message
    (3.0, 'finished 10 epochs')

    Raises ``FloatingPointError`` as soon as the loss is nan or inf, before a step is taken with it; ``ValueError``
    for a checkpoint of another training, and then nothing is loaded.
    """
    training = Training(loss, data, optimizer, batch_size, validation, scheduler, scheduler_step, model, rng)
    training.max_grad_norm = None if max_grad_norm is None else non_negative("max_grad_norm", max_grad_norm)
    epochs = whole("epochs", epochs, least=0)
    patience = None if patience is None else whole("patience", patience)
    every = None if checkpoint_every is None else whole("checkpoint_every", checkpoint_every)
    if checkpoint is None and (resume or every is not None):
        raise ValueError(located("fit: resume and checkpoint_every need a checkpoint, the path of a file"))
    if checkpoint is not None and files.check_folder(checkpoint).exists() and resume:
        restore(training, files.load(checkpoint), os.fspath(checkpoint))

    def save() -> None:
        if checkpoint is not None:
            files.save(checkpoint, state_of(training))

    history = training.history
    batches = len(training.batches)
    done = len(history.losses)
    with Progress(progress, epochs * batches, done * batches + training.batch) as shown:
        history.message = f"finished {done} epochs"
        while done < epochs and not _out_of_patience(history, patience):
            for _ in training.rest_of_the_epoch():
                shown.batch()
                if every is not None and len(history.batch_losses) % every == 0 and training.batch < batches:
                    save()
            training.end_epoch()
            done += 1
            history.message = f"finished {done} epochs"
            shown.epoch(training.numbers())
            stop = callback is not None and callback(history) is True
            save()
            if stop:
                history.message = f"stopped by the callback after {done} epochs"
                break
    if _out_of_patience(history, patience):
        best = history.best_epoch
        lowest = f"the lowest is {history.watched[best]:.4g}, of epoch {best}"
        history.message = f"stopped early after {done} epochs: {lowest}"
    if patience is not None and history.losses:
        training.put_back_the_best()
    return history


def _out_of_patience(history: History, patience: int | None) -> bool:
    return patience is not None and bool(history.losses) and len(history.losses) - 1 - history.best_epoch >= patience
