"""A training as plain numbers and arrays, and back: all of it, or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini import located
from optim.state_dict import copied
from optim.training import Training


def state_of(training: Training) -> dict[str, Any]:
    """Everything, as plain numbers and arrays."""
    history = training.history
    return {
        "batches": [len(training.batches.arrays[0]), training.batches.batch_size, training.batches.drop_last],
        "now": training.numbers_of_the_model(),
        "best": training.best,
        "optimizer": training.optimizer.state_dict(),
        "scheduler": None if training.scheduler is None else training.scheduler.state_dict(),
        "rng": [copied(generator.bit_generator.state) for generator in training.generators],
        "order": training.order,
        "batch": training.batch,
        "batch_losses": np.array(history.batch_losses),
        "losses": list(history.losses),
        "validations": list(history.validations),
        "learning_rates": list(history.learning_rates),
    }


def restore(training: Training, state: Any, path: str) -> None:
    """Puts everything in its place if all of it fits; else changes nothing."""
    problem = _problem(training, state)
    if problem:
        raise ValueError(located(f"fit: {path} is the checkpoint of another training: {problem}; nothing was loaded"))
    before = state_of(training)
    try:
        _put(training, state)
    except Exception as error:
        _put(training, before)
        raise ValueError(
            located(f"fit: {path} is the checkpoint of another training; nothing was loaded: {error}")
        ) from error


def _problem(training: Training, state: Any) -> str:
    expected = state_of(training)
    if not isinstance(state, dict) or set(state) != set(expected):
        return "its parts are others"
    if state["batches"] != expected["batches"]:
        now, then = expected["batches"], state["batches"]
        return f"(samples, batch size, drop last) were {then}, and are {now}"
    for name in ("scheduler", "rng"):
        if np.size(state[name]) != np.size(expected[name]) or (state[name] is None) != (expected[name] is None):
            return f"it has {name} {'without' if expected[name] is None else 'unlike'} this one"
    shapes = [[np.shape(x) for x in one["now"]["parameters"]] for one in (state, expected)]
    if shapes[0] != shapes[1]:
        return f"its parameters have shapes {shapes[0]}, and these {shapes[1]}"
    if state["losses"] and bool(state["validations"]) != (training.validation is not None):
        return "one of them has a validation, and the other has none"
    if (state["now"]["model"] is None) != (training.model is None):
        return "one of them has a model, and the other has none"
    return ""


def _put(training: Training, state: dict[str, Any]) -> None:
    training.put_back(state["now"])
    training.optimizer.load_state_dict(state["optimizer"])
    if training.scheduler is not None:
        training.scheduler.load_state_dict(state["scheduler"])
    for generator, saved in zip(training.generators, state["rng"], strict=True):
        generator.bit_generator.state = saved
    training.best, training.order, training.batch = state["best"], state["order"], state["batch"]
    training.history.batch_losses[:] = np.asarray(state["batch_losses"]).tolist()
    for name in ("losses", "validations", "learning_rates"):
        getattr(training.history, name)[:] = state[name]
