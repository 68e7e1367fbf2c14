"""A training step as the checks look at it: the graph of the loss, its gradients, and the parameters by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from autograd_mini import backward, modes
from autograd_mini.diagnosis import source
from autograd_mini.diagnosis.names import Names, module_of
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import data_of
from autograd_mini.value import Value


class Step(Names):
    """The graph below ``loss``, and what ``holder`` (a model, an optimizer, or a list of Values) trains.

    Raises what ``diagnose`` raises.
    """

    def __init__(self, loss: Value, holder: Any) -> None:
        super().__init__(loss, holder)
        self.loss = loss
        self.is_model = hasattr(holder, "named_parameters")
        self.parameters = self._named(holder)
        for name, parameter in self.parameters:
            if parameter in self.position:
                self.names[self.position[parameter]] = name

    def _named(self, holder: Any) -> list[tuple[str, Value]]:
        if hasattr(holder, "named_parameters"):
            named = list(holder.named_parameters())
        else:
            named = [(self._name_of(x, i), x) for i, x in enumerate(_members(holder))]
        if not named:
            raise ValueError(
                located(
                    f"diagnose: the {type(holder).__name__} has no parameters, so there is no training step to look at "
                    "(are its weights of type nn.Parameter?)"
                )
            )
        for name, x in named:
            if not isinstance(x, Value):
                raise TypeError(located(f"diagnose: {name} is a {type(x).__name__}; a parameter is a Value"))
        return named

    def _name_of(self, parameter: Any, i: int) -> str:
        if not isinstance(parameter, Value):
            return f"parameter {i}"
        if parameter in self.position:
            name = self.names[self.position[parameter]]
            is_own = name == parameter.label or not source.is_loop_variable(name)  # p, of a loop before, is any
            return name if is_own and name != f"v{self.position[parameter]}" else f"parameter {i}"
        name = parameter.label or self.variables.get(id(parameter), "")
        return f"parameter {i} ({name})" if name else f"parameter {i}"

    def line(self, value: Value) -> str:
        """The user's own forward that computed it, if it was computed in one."""
        part = module_of(value)
        return "" if part is None or isinstance(part, str) else source.forward_of(part)

    # ------------------------------------------------------------ gradients

    @property
    def is_after_backward(self) -> bool:
        """True if ``backward()`` has been through this graph."""
        return self.loss.has_grad

    @cached_property
    def gradients(self) -> dict[Value, Any]:
        """The gradient of this loss by each Value that has one.

        Once parameters were changed they can no longer be computed, and are read where ``backward()`` left them.
        """
        if self.is_after_backward and self.changed and not self.fresh:
            return {value: data_of(value.grad) for value in self.graph.values if value.has_grad}
        return backward.gradients(self.loss, self.upstream)  # type: ignore[return-value]  # every Node is a Value

    @property
    def upstream(self) -> Any:
        """What ``backward()`` began with, or begins with."""
        upstream = data_of(self.loss.grad) if self.is_after_backward else np.ones(self.loss.shape, self.loss.dtype)[()]
        return float(upstream) if isinstance(self.loss.data, float) else upstream

    def sent_by(self, value: Value, nudged: bool = False) -> dict[Value, Any]:
        """What its op adds to the gradient of each operand, or would add if the operands were a little changed."""
        operands = {x: Value(_nudged(x.data) if nudged else x.data) for x in value.inputs if x.requires_grad}
        op: Any = value.op
        with modes.recording(), np.errstate(all="ignore"):
            again = op(*[operands.get(x, x.data) for x in value.inputs])
        sent = backward.gradients(again, self.gradients[value])
        return {x: sent[twin] for x, twin in operands.items() if twin in sent}

    # ------------------------------------------------------------ were parameters changed since?

    @property
    def changed(self) -> dict[Value, list[Value]]:
        """The parameters whose data were changed since the graph was built, and the Values that have the old ones."""
        return self._by_age[0]

    @property
    def fresh(self) -> dict[Value, list[Value]]:
        """Of the parameters that were changed, those that were used afterwards too, and the Values made then."""
        return self._by_age[1]

    @cached_property
    def _by_age(self) -> tuple[dict[Value, list[Value]], dict[Value, list[Value]]]:
        with np.errstate(all="ignore"):
            return by_age(self.graph.values, [parameter for _, parameter in self.parameters])

    @cached_property
    def consumers(self) -> list[list[Value]]:
        """For each Value of the graph those that it is an operand of, each once."""
        consumers: list[list[Value]] = [[] for _ in self.graph.values]
        for value, operands in zip(self.graph.values, self.graph.operands, strict=True):
            for j in dict.fromkeys(operands):
                consumers[j].append(value)
        return consumers


def by_age(values: list[Value], parameters: list[Value]) -> tuple[dict[Value, list[Value]], dict[Value, list[Value]]]:
    """Of each parameter that was changed meanwhile the uses among ``values``: before its latest change, and after.

    A use whose result would be the same whatever the parameter was, as in 0 * w, is in neither.
    """
    leaves = {parameter for parameter in parameters if parameter.op is None}
    uses = [(x, value) for value in values for x in dict.fromkeys(value.inputs) if x in leaves]
    old: dict[Value, list[Value]] = {}
    new: dict[Value, list[Value]] = {}
    for x, value in uses:
        if not _same(_again(value), value.data):
            old.setdefault(x, []).append(value)
    for x, value in uses if old else ():
        if x in old and _same(_again(value), value.data) and not _same(_again(value, nudged=x), value.data):
            new.setdefault(x, []).append(value)
    return old, new


def _again(value: Value, nudged: Value | None = None) -> Any:
    """The op of ``value`` on the data that its operands have now, or with one of them a little changed."""
    op: Any = value.op
    return op(*[_nudged(x.data) if x is nudged else x.data for x in value.inputs])


def _nudged(data: Any) -> Any:
    return data * 1.001 + 0.001


def _same(x: Any, y: Any) -> bool:
    """Equal up to the last digits: the same computation on the same data."""
    if x.__class__ is float and y.__class__ is float:
        return x == y or abs(x - y) <= 1e-15 * abs(y) or (x != x and y != y)
    if np.shape(x) != np.shape(y):
        return False
    y = np.asarray(y)
    size = float(np.max(np.abs(y), initial=0.0, where=np.isfinite(y)))
    return bool(np.allclose(x, y, rtol=0, atol=8 * float(np.finfo(y.dtype).eps) * size, equal_nan=True))


def some(names: Iterable[str], most: int = 5) -> str:
    """The first few of ``names``, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _members(holder: Any) -> list[Any]:
    """The parameters of an optimizer, of a model as micrograd writes it, or of a list."""
    if hasattr(holder, "params"):
        return list(holder.params)
    parameters: Callable[[], Iterable[Any]] | None = getattr(holder, "parameters", None)
    if parameters is not None:
        return list(parameters())
    if isinstance(holder, Iterable) and not isinstance(holder, str | dict | Value | np.ndarray):
        return list(holder)
    raise TypeError(
        located(
            f"diagnose: the second argument is a model, an optimizer or a list of parameters, and a "
            f"{type(holder).__name__} is none; give what holds the parameters that this loss trains"
        )
    )
