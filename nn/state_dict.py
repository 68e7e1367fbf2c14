"""A network's parameters and buffers as plain arrays by name, and back: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini import Value, located

Named = Sequence[tuple[str, Value]]

_SHOWN = 40  # problems: enough to see what kind of other network it is


def copy_of(named: Named) -> dict[str, np.ndarray[Any, Any]]:
    """The data of each parameter, copied. Two of one name, as keys 1 and "1" of a dict make, are an error."""
    state = {path: np.array(parameter.data) for path, parameter in named}
    if len(state) < len(named):
        paths = [path for path, _ in named]
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ValueError(
            located(f"state_dict: two parameters are called {twice}; rename one of the keys that lead to them")
        )
    return state


def load(owner: str, named: Named, state: Mapping[str, Any], strict: bool) -> None:
    """Puts ``state`` into the parameters if every entry fits; else says what does not, and changes nothing."""
    if not isinstance(state, Mapping):
        raise TypeError(
            located(
                f"load_state_dict: a state dict maps names to arrays; this is {type(state).__name__} "
                "(give model.state_dict())"
            )
        )
    problems: list[str] = []
    loaded: list[tuple[Value, Any]] = []
    given = {id(parameter) for path, parameter in named if path in state}
    for path, parameter in named:
        if path in state:
            try:
                loaded.append((parameter, _in_the_form_of(parameter, state[path])))
            except (TypeError, ValueError) as problem:
                problems.append(f"{path}: {problem}")
        elif strict and id(parameter) not in given:  # safetensors saves one that is shared under one of its names
            problems.append(f"{path}: missing; the parameter has shape {parameter.shape}")
    if strict:
        known = {path for path, _ in named}
        foreign = [str(path)[:200] for path in state if path not in known]
        problems += [
            f"{path if path.isprintable() else ascii(path)}: unexpected; there is no such parameter" for path in foreign
        ]
    if len(problems) > _SHOWN:
        problems[_SHOWN:] = [f"and {len(problems) - _SHOWN} more"]
    if problems:
        raise ValueError(
            located(
                "\n  ".join([f"load_state_dict: this is not the state of this {owner}; nothing was loaded", *problems])
            )
        )
    for parameter, data in loaded:
        parameter.data = data


def _in_the_form_of(parameter: Value, entry: Any) -> Any:
    """The entry as new data for the parameter: a float or an array of its own, in the parameter's dtype."""
    array = np.asarray(entry)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"dtype {array.dtype}; a parameter holds real numbers")
    if array.shape != parameter.shape:
        raise ValueError(f"shape {array.shape}; the parameter has shape {parameter.shape}")
    return float(array) if parameter.data.__class__ is float else np.array(array, parameter.dtype)
