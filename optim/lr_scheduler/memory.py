"""What a schedule knows as plain numbers, and back: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_mini import located


def copy_of(scheduler: Any) -> dict[str, Any]:
    """The attributes of a schedule by name, and those of the schedules that it is made of."""
    state: dict[str, Any] = {"scheduler": type(scheduler).__name__}
    for name, setting in vars(scheduler).items():
        if name == "schedulers":
            state[name] = [copy_of(part) for part in setting]
        elif _is_plain(setting):
            state[name] = list(setting) if isinstance(setting, list) else setting
    return state


def load(scheduler: Any, state: Mapping[str, Any]) -> None:
    """Puts ``state`` into the schedule if all of it fits; else says all that does not, and changes nothing."""
    name = type(scheduler).__name__
    problems = _problems(scheduler, state, "")
    if problems:
        raise ValueError(
            located(
                "\n  ".join([f"load_state_dict: this is not the state of this {name}; nothing was loaded", *problems])
            )
        )
    _put(scheduler, state)


def _put(scheduler: Any, state: Mapping[str, Any]) -> None:
    for name, setting in state.items():
        if name == "schedulers":
            for part, its_state in zip(scheduler.schedulers, setting, strict=True):
                _put(part, its_state)
        elif name != "scheduler":
            setattr(scheduler, name, list(setting) if isinstance(setting, list) else setting)


def _problems(scheduler: Any, state: Any, path: str) -> list[str]:
    name = type(scheduler).__name__
    if not isinstance(state, Mapping) or "scheduler" not in state:
        return [f"{path or 'it'} is no state of a schedule (give scheduler.state_dict())"]
    if state["scheduler"] != name:
        return [f"{path or 'it'} is the state of {state['scheduler']}, and this is {name}"]
    expected = copy_of(scheduler)
    problems = [f"{path}{key} is missing" for key in expected if key not in state]
    for key, setting in state.items():
        if key not in expected:
            problems.append(f"{path}{key} is unexpected")
        elif key == "schedulers":
            if not isinstance(setting, list) or len(setting) != len(scheduler.schedulers):
                problems.append(f"{path}schedulers: a list of {len(scheduler.schedulers)} is expected")
                continue
            for i, (part, its_state) in enumerate(zip(scheduler.schedulers, setting, strict=True)):
                problems += _problems(part, its_state, f"{path}schedulers[{i}].")
        elif _kind(setting) != _kind(expected[key]):
            problems.append(f"{path}{key} is {setting!r}, where one like {expected[key]!r} is expected")
    return problems


def _is_plain(setting: Any) -> bool:
    if isinstance(setting, list):
        return all([_is_plain(part) for part in setting])
    return isinstance(setting, bool | int | float | str)


def _kind(setting: Any) -> Any:
    if isinstance(setting, list):
        return [_kind(part) for part in setting]
    return float if isinstance(setting, int) and not isinstance(setting, bool) else type(setting)
