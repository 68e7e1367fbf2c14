"""An optimizer's options and memory as plain numbers and arrays, and back: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini import located
from optim.options import ParamGroup

_PARTS = {"optimizer", "state", "param_groups"}


def copy_of(optimizer: Any) -> dict[str, Any]:
    """The options of each group, which parameters are in it, and the state of each parameter."""
    place = {id(parameter): i for i, parameter in enumerate(optimizer.params)}
    return {
        "optimizer": type(optimizer).__name__,
        "state": copied(optimizer.state),
        "param_groups": [
            group.options | {"params": [place[id(parameter)] for parameter in group["params"]]}
            for group in optimizer.param_groups
        ],
    }


def copied(tree: Any) -> Any:
    """Lists and dicts of numbers and arrays, with arrays of their own."""
    if isinstance(tree, dict):
        return {key: copied(part) for key, part in tree.items()}
    if isinstance(tree, list):
        return [copied(part) for part in tree]
    if isinstance(tree, np.generic):  # what NumPy makes of an array without axes
        return tree.item()
    return np.array(tree) if isinstance(tree, np.ndarray) else tree


def load(optimizer: Any, state: Mapping[str, Any]) -> None:
    """Puts ``state`` into the optimizer if all of it fits; else says all that does not, and changes nothing."""
    name = type(optimizer).__name__
    if isinstance(state, Mapping) and set(state) == {"state", "param_groups"}:
        raise ValueError(
            located(
                "load_state_dict: this is the state of an optimizer of PyTorch, which keeps other things under other "
                "names, and it cannot be converted; load the weights into the model and begin with a fresh optimizer"
            )
        )
    if not isinstance(state, Mapping) or set(state) != _PARTS:
        found = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise ValueError(
            located(f"load_state_dict: this is no state of an optimizer (give optimizer.state_dict()), but {found}")
        )
    if state["optimizer"] != name:
        raise ValueError(
            located(f"load_state_dict: this is the state of {state['optimizer']}, and this optimizer is {name}")
        )
    problems: list[str] = []
    groups = _groups(optimizer, state["param_groups"], problems)
    states: list[Any] = []
    if not problems:  # else it is not known which options the states belong to
        of_each = [group for group in groups for _ in group["params"]]
        if not isinstance(state["state"], list) or len(state["state"]) != len(optimizer.params):
            problems.append(f"state: a list of {len(optimizer.params)} is expected, one for each parameter")
        else:
            for i, entry in enumerate(state["state"]):
                loaded, wrong = optimizer.loaded_state(i, entry, of_each[i])
                states.append(loaded)
                problems += wrong
    if problems:
        raise ValueError(
            located(
                "\n  ".join([f"load_state_dict: this is not the state of this {name}; nothing was loaded", *problems])
            )
        )
    for group, new in zip(optimizer.param_groups, groups, strict=True):
        group.pop("initial_lr", None)
        for option, setting in new.options.items():
            group[option] = setting
    optimizer.state[:] = states
    optimizer._stepped = True


def _groups(optimizer: Any, entries: Any, problems: list[str]) -> list[ParamGroup]:
    """The groups as they will be; what is wrong goes to ``problems``."""
    ours = optimizer.param_groups
    if not isinstance(entries, list) or len(entries) != len(ours):
        problems.append(f"param_groups: a list of {len(ours)} is expected, one for each group")
        return []
    groups = []
    first = 0
    for i, (group, entry) in enumerate(zip(ours, entries, strict=True)):
        expected = list(range(first, first + len(group["params"])))
        first += len(expected)
        if not isinstance(entry, dict) or entry.get("params") != expected:
            problems.append(f"param_groups[{i}]: the parameters {expected} are expected")
            continue
        missing = (group.keys() - entry.keys()) - {"initial_lr"}
        unexpected = (entry.keys() - group.keys()) - {"initial_lr"}
        problems += [f"param_groups[{i}]: {key} is missing" for key in sorted(missing)]
        problems += [f"param_groups[{i}]: {key} is unexpected" for key in sorted(unexpected)]
        try:
            options = {key: setting for key, setting in entry.items() if key != "params"}
            groups.append(type(group)(type(optimizer), group["params"], options))
            optimizer.check_group(groups[-1] | {key: group[key] for key in missing})
        except (TypeError, ValueError) as problem:
            problems.append(f"param_groups[{i}]: {str(problem).splitlines()[0]}")
    return groups


def state_of(optimizer: Any, i: int, entry: Any, group: Any) -> tuple[dict[str, Any], list[str]]:
    """The state of one parameter in its dtype, and what is wrong with it.

    What belongs to a state, the formula says itself: it is asked for a step.
    """
    if not isinstance(entry, dict):
        return {}, [f"state[{i}]: a dict is expected, not {type(entry).__name__}"]
    if not entry:  # no gradient has reached it yet
        return {}, []
    w = optimizer.params[i].data
    with np.errstate(all="ignore"):
        _, model = optimizer.update(w, 1.0 if w.__class__ is float else np.ones_like(w), {}, group)
    problems = [f"state[{i}]: {key} is missing" for key in model if key not in entry]
    loaded = {}
    for key, part in entry.items():
        like = model.get(key, w)
        array, shape = np.asarray(part), np.shape(like)
        if array.dtype.kind not in "fiu" or array.shape != shape:
            problems.append(f"state[{i}]: {key} has shape {array.shape} and dtype {array.dtype}, not shape {shape}")
        elif isinstance(like, int) and not array >= 0:
            problems.append(f"state[{i}]: {key} counts, and cannot be {array}")
        elif isinstance(like, np.ndarray):
            loaded[key] = np.array(array, like.dtype)
        else:
            loaded[key] = type(like)(array)
    return loaded, problems
