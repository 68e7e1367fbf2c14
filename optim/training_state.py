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
    try:
        problem = _problem(training, state)
    except (AttributeError, LookupError, TypeError, ValueError):  # a part is of another kind than all that fit writes
        problem = "its parts are of other kinds"
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
    if (state["now"]["model"] is None) != (training.model is None):
        return "one of them has a model, and the other has none"
    for numbers in [state["now"]] if state["best"] is None else [state["now"], state["best"]]:
        shapes = [[np.shape(x) for x in one["parameters"]] for one in (numbers, expected["now"])]
        if shapes[0] != shapes[1]:
            return f"its parameters have shapes {shapes[0]}, and these {shapes[1]}"
        if numbers["model"] is not None and not all([isinstance(x, np.ndarray) for x in numbers["model"].values()]):
            return "its model has parts that are no arrays"
    if state["losses"] and bool(state["validations"]) != (training.validation is not None):
        return "one of them has a validation, and the other has none"
    for generator, now in zip(state["rng"], expected["rng"], strict=True):
        if _form(generator) != _form(now) or not _in_range(generator):
            return "its rng is of another kind, or broken"
    return _problem_of_the_place(training, state)


def _problem_of_the_place(training: Training, state: Any) -> str:
    """What is wrong with how far it says it is."""
    batch, order, samples = state["batch"], state["order"], len(training.batches.arrays[0])
    if type(batch) is not int or not 0 <= batch <= len(training.batches):
        return f"it stands at batch {batch} of {len(training.batches)}"
    if order is not None and (order.dtype.kind not in "iu" or not np.array_equal(np.sort(order), np.arange(samples))):
        return f"its order of the samples is none of {samples}"
    if batch and (order is None) == training.batches.shuffle:
        return "one of them shuffles the samples, and the other does not"
    losses, validations, rates = [state[name] for name in ("losses", "validations", "learning_rates")]
    for numbers in (losses, validations, rates):
        if not isinstance(numbers, list) or not all([type(number) in (int, float) for number in numbers]):
            return "its history is none of numbers"
    if not len(losses) == len(rates) == (len(validations) if training.validation is not None else len(losses)):
        return "its history has parts of several lengths"
    if np.shape(state["batch_losses"]) != (len(losses) * len(training.batches) + batch,):
        return f"it has {np.shape(state['batch_losses'])} losses of batches, after {len(losses)} epochs and {batch}"
    if (state["best"] is None) != (not losses):
        return "it has epochs without a best one, or a best one without epochs"
    return ""


def _form(tree: Any) -> Any:
    """What a state of a random generator has in common with another one of the same kind."""
    if isinstance(tree, dict):
        return {key: _form(part) for key, part in tree.items()}
    return (tree.shape, tree.dtype.kind) if isinstance(tree, np.ndarray) else type(tree)


def _in_range(generator: Any) -> bool:
    """False where NumPy, which does not look, would read numbers from beyond the generator's buffer."""
    is_twister = generator["bit_generator"] == "MT19937"
    position, last = (generator["state"]["pos"], 624) if is_twister else (generator.get("buffer_pos", 0), 4)
    return bool(0 <= position <= last)


def _put(training: Training, state: dict[str, Any]) -> None:
    if state["best"] is not None:
        training.put_back(state["best"])  # so that it is known to fit before the end of the training
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
