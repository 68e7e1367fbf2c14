"""The options of an optimizer: what each may be, and the groups of parameters that have options of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import numpy as np

from autograd_mini import Value, located


class Option:
    """An option in every group of an optimizer, checked when it is set; as an attribute, that of all groups at once.

    ``check(name, setting)`` gives the setting, or raises what is wrong with it.
    """

    def __init__(self, check: Callable[[str, Any], Any]) -> None:
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Any, owner: type) -> Any:
        if optimizer is None:
            return self
        first, *others = [group[self.name] for group in optimizer.param_groups]
        if any([other != first for other in others]):
            raise ValueError(
                located(
                    f"{self.name} differs between the parameter groups: {[first, *others]}; "
                    f"read optimizer.param_groups[0]['{self.name}']"
                )
            )
        return first

    def __set__(self, optimizer: Any, setting: Any) -> None:
        for group in optimizer.param_groups:
            group[self.name] = setting


class ParamGroup(dict[str, Any]):
    """Parameters and their options, by name: as in PyTorch a dict, but its items are checked when they are set."""

    def __init__(self, owner: Any, params: Iterable[Value], options: dict[str, Any]) -> None:
        self._owner = owner
        super().__init__(params=tuple(params))
        for name, setting in options.items():
            super().__setitem__(name, self.checked(name, setting))

    def checked(self, name: str, setting: Any) -> Any:
        """The setting as it will stand in the group; ``ValueError`` if the option cannot be that."""
        option = self._owner.lr if name == "initial_lr" else getattr(self._owner, name, None)
        return option.check(name, setting) if isinstance(option, Option) else setting

    def __setitem__(self, name: str, setting: Any) -> None:
        if name == "params":
            raise ValueError(located("the parameters of a group stay; optimizer.add_param_group adds a further group"))
        if name not in self and name != "initial_lr":
            raise ValueError(located(unknown(self._owner.__name__, name, self)))
        super().__setitem__(name, self.checked(name, setting))

    @property
    def options(self) -> dict[str, Any]:
        """All but the parameters."""
        return {name: setting for name, setting in self.items() if name != "params"}

    def __reduce__(self) -> tuple[Any, ...]:
        return ParamGroup, (self._owner, self["params"], self.options)


def unknown(optimizer: str, name: Any, known: Iterable[str]) -> str:
    """What is said of an option that the optimizer does not have."""
    names = ", ".join([name for name in known if name not in ("params", "initial_lr")])
    return f"{optimizer} has no option {name!r}; it has {names}"


# ------------------------------------------------------------ what an option may be


def non_negative(name: str, number: float) -> float:
    """``number`` as a float; ``ValueError`` unless it is finite and not negative."""
    if not isinstance(number, Real) or not 0 <= number < math.inf:
        raise ValueError(located(f"{name} is a finite number that is not negative, and {number!r} is not one"))
    return float(number)


def fraction(name: str, number: float) -> float:
    """``number`` as a float; ``ValueError`` unless 0 <= number < 1."""
    if not isinstance(number, Real) or not 0 <= number < 1:
        raise ValueError(located(f"{name} is at least 0 and below 1, and {number!r} is not"))
    return float(number)


def two_fractions(name: str, pair: tuple[float, float]) -> tuple[float, float]:
    """The decay rates of two running means, each at least 0 and below 1."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(located(f"{name} is a pair such as (0.9, 0.999), not {pair!r}"))
    return fraction(f"{name}[0]", pair[0]), fraction(f"{name}[1]", pair[1])


def flag(name: str, setting: bool) -> bool:
    """``setting`` as a bool; ``ValueError`` unless it is True or False."""
    if not isinstance(setting, bool | np.bool_):
        raise ValueError(located(f"{name} is True or False, not {setting!r}"))
    return bool(setting)


def whole(name: str, number: int, least: int = 1) -> int:
    """``number`` as an int; ``ValueError`` unless it is a whole number from ``least`` on."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        kind = {0: "a whole number that is not negative", 1: "a positive whole number"}[least]
        raise ValueError(located(f"{name} is {kind}, not {number!r}"))
    return int(number)
