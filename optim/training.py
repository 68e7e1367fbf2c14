"""Training: what ``fit`` goes through, one batch after the other. How it is saved stands in ``training_state``."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini import Value, located, no_grad
from optim.clip import clip_grad_norm
from optim.history import History
from optim.lr_scheduler import ReduceLROnPlateau
from optim.minibatches import minibatches
from optim.optimizer import Optimizer


class Training:
    """A training between two batches: everything that has to be known to go on."""

    def __init__(
        self,
        loss: Any,
        data: Any,
        optimizer: Any,
        batch_size: int,
        validation: Any,
        scheduler: Any,
        scheduler_step: str,
        model: Any,
        rng: Any,
    ) -> None:
        if not callable(loss):
            raise TypeError(located(f"fit: loss is a function of a batch, not a {type(loss).__name__}"))
        if not isinstance(optimizer, Optimizer):
            raise TypeError(located(f"fit: the third argument is an optimizer, not {type(optimizer).__name__}"))
        if scheduler is not None and getattr(scheduler, "optimizer", None) is not optimizer:
            raise ValueError(located("fit: scheduler is not a schedule of this optimizer"))
        if scheduler_step not in ("epoch", "batch"):
            raise ValueError(located(f'fit: scheduler_step is "epoch" or "batch", not {scheduler_step!r}'))
        if scheduler_step == "batch" and isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(located("fit: ReduceLROnPlateau is told the validation, so it steps by epoch"))
        if model is not None and not (hasattr(model, "state_dict") and hasattr(model, "load_state_dict")):
            raise TypeError(located(f"fit: model has state_dict and load_state_dict; a {type(model).__name__} has not"))
        generators = _generators(rng)
        if isinstance(data, minibatches):
            self.batches = data
        else:
            first = generators.pop(0) if generators else None
            self.batches = minibatches(*_arrays(data), batch_size=batch_size, rng=first)
        if not len(self.batches):
            raise ValueError(located("fit: there is not a single batch in the data"))
        of_model = model.generators() if hasattr(model, "generators") else []
        self.generators = list({id(one): one for one in [self.batches.rng, *generators, *of_model]}.values())
        self.loss, self.optimizer, self.model = loss, optimizer, model
        self.scheduler, self.scheduler_step = scheduler, scheduler_step
        self.validation: Any = validation
        if validation is not None and not callable(validation) and not isinstance(validation, minibatches):
            size = self.batches.batch_size
            self.validation = minibatches(*_arrays(validation), batch_size=size, shuffle=False)
        self.max_grad_norm: float | None = None
        self.history = History()
        self.order: Any = None  # of the samples in this epoch
        self.batch = 0  # how many of them are done
        self.best: Any = None  # the numbers of the best epoch
        self.acting_otherwise: list[Any] | None = None  # what the loss went through and a validation should not

    # ------------------------------------------------------------ one epoch

    def rest_of_the_epoch(self) -> Iterator[None]:
        """Takes the steps of the batches that are left; stops after each of them."""
        if self.batch == 0:
            self.order = self.batches.draw_order()
        while self.batch < len(self.batches):
            self.history.batch_losses.append(self.take_step(self.batches.batch(self.batch, self.order)))
            if self.scheduler is not None and self.scheduler_step == "batch":
                self.scheduler.step()
            self.batch += 1
            yield

    def take_step(self, batch: Any) -> float:
        """One step of the optimizer, and the loss before it."""
        losses: list[float] = []

        def closure() -> Any:
            self.optimizer.zero_grad()
            value = self.loss(*batch) if isinstance(batch, tuple) else self.loss(batch)
            if not hasattr(value, "backward") or np.shape(value.data) not in ((), (1,), (1, 1)):
                kind = f"of shape {value.shape}" if hasattr(value, "shape") else f"a {type(value).__name__}"
                raise ValueError(located(f"fit: the loss of a batch is a Value that is a single number, not {kind}"))
            losses.append(float(value))
            if self.acting_otherwise is None and self.model is None and isinstance(self.validation, minibatches):
                self.acting_otherwise = _acting_otherwise(value)
            if len(losses) == 1 and not math.isfinite(losses[0]):  # later ones are those of a line search
                why = "is the learning rate too high?" if self.history.batch_losses else "do the data have nan or inf?"
                raise FloatingPointError(
                    located(
                        f"fit: the loss is {losses[0]} in epoch {len(self.history.losses)}, batch {self.batch}; "
                        f"no step was taken with it; {why}"
                    )
                )
            value.backward()
            if self.max_grad_norm is not None:
                clip_grad_norm(self.optimizer.params, self.max_grad_norm)
            return value

        self.optimizer.step(closure)
        return losses[0]

    def end_epoch(self) -> None:
        """The mean loss, the validation, the schedule, and whether it was the best epoch so far."""
        history = self.history
        sizes = self._sizes()
        losses = history.batch_losses[-len(sizes) :]
        mean = sum([loss * size for loss, size in zip(losses, sizes, strict=True)]) / sum(sizes)
        validation = None if self.validation is None else self.validate()
        rate = self.optimizer.param_groups[0]["lr"]
        if self.scheduler is not None and self.scheduler_step == "epoch":
            if isinstance(self.scheduler, ReduceLROnPlateau):
                self.scheduler.step(mean if validation is None else validation)
            else:
                self.scheduler.step()
        history.losses.append(mean)
        history.learning_rates.append(rate)
        if validation is not None:
            history.validations.append(validation)
        self.batch, self.order = 0, None
        if history.best_epoch == len(history.losses) - 1:
            self.best = self.numbers_of_the_model()

    def _sizes(self) -> list[int]:
        """How many samples each batch of an epoch has."""
        samples, size = len(self.batches.arrays[0]), self.batches.batch_size
        return [min(size, samples - start) for start in range(0, len(self.batches) * size, size)]

    def validate(self) -> float:
        """The validation's number, for the model as it is used."""
        mode = getattr(self.model, "training", None)
        if mode is not None:
            self.model.train(False)
        try:
            with no_grad():
                if not isinstance(self.validation, minibatches):
                    return float(self.validation())
                total, count = 0.0, 0
                for batch in self.validation:
                    parts = batch if isinstance(batch, tuple) else (batch,)
                    total += float(self.loss(*parts)) * len(parts[0])
                    count += len(parts[0])
                self._warn_of_training_mode()
                return total / count
        finally:
            if mode is not None:
                self.model.train(mode)

    def _warn_of_training_mode(self) -> None:
        """Warns, once, of what acted in the validation as it does in training: only ``model`` says how to stop it."""
        names = sorted({type(module).__name__ for module in self.acting_otherwise or () if module.training})
        self.acting_otherwise = []
        if names:
            warnings.warn(
                located(
                    f"fit: the validation ran with {' and '.join(names)} in training mode, so its number is not that "
                    "of the network as it is used; give fit the network too, model=..., and it validates in eval mode"
                ),
                stacklevel=5,  # of whoever called fit
            )

    def numbers(self) -> str:
        """The latest ones, in words."""
        parts = [f"epoch {len(self.history.losses)}", f"loss {self.history.losses[-1]:.4g}"]
        return ", ".join(parts + [f"validation {one:.4g}" for one in self.history.validations[-1:]])

    # ------------------------------------------------------------ its numbers

    def numbers_of_the_model(self) -> dict[str, Any]:
        """A copy of the parameters, and of all that the model holds."""
        return {
            "parameters": [np.array(parameter.data) for parameter in self.optimizer.params],
            "model": None if self.model is None else {key: np.array(x) for key, x in self.model.state_dict().items()},
        }

    def put_back(self, numbers: dict[str, Any]) -> None:
        if self.model is not None:
            self.model.load_state_dict(numbers["model"])
        for parameter, data in zip(self.optimizer.params, numbers["parameters"], strict=True):
            parameter.data = float(data) if parameter.data.__class__ is float else np.array(data, parameter.dtype)

    def put_back_the_best(self) -> None:
        """The parameters of the best epoch."""
        self.put_back(self.best)


def _acting_otherwise(loss: Any) -> list[Any]:
    """The modules in the graph of ``loss`` that draw random numbers or follow a running mean, as long as they train."""
    modules: dict[int, Any] = {}
    seen, stack = {loss}, [loss] if isinstance(loss, Value) else []
    while stack:
        value = stack.pop()
        module = value.scope.part if value.scope is not None else None
        draws = isinstance(getattr(module, "rng", None), np.random.Generator)
        if getattr(module, "training", False) and (draws or getattr(module, "running_mean", None) is not None):
            modules[id(module)] = module
        below = [x for x in value.inputs if x.requires_grad and x not in seen]
        seen.update(below)
        stack.extend(below)
    return list(modules.values())


def _generators(rng: Any) -> list[np.random.Generator]:
    """The random generators that the user gave: none, one, or several."""
    given = [] if rng is None else [rng] if isinstance(rng, np.random.Generator) or not np.iterable(rng) else list(rng)
    for one in given:
        if not isinstance(one, np.random.Generator):
            raise TypeError(
                located(f"fit: rng is a numpy.random.Generator, or a list of them, not {type(one).__name__}")
            )
    return given


def _arrays(data: Any) -> tuple[Any, ...]:
    return tuple(data) if isinstance(data, tuple | list) else (data,)
