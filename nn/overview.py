"""summary: what each layer of a network makes of an input, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini import Value, no_grad
from nn.module import Module


@dataclass(frozen=True)
class Row:
    """A module that was called: its path, what it is, the shape of its output, and how many parameters it holds."""

    path: str
    layer: str
    shape: Any
    parameters: int


@dataclass(frozen=True)
class Summary:
    """The rows in the order of the calls, the network itself first; ``print`` shows the table."""

    rows: tuple[Row, ...]
    parameters: int
    trained: int

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters")]
        for row in self.rows:
            above = [other.path for other in self.rows if row.path.startswith(f"{other.path}.")]
            own = row.path.removeprefix(f"{max(above, key=len)}." if above else "")
            depth = len(above) + 1 if row.path else 0
            name = f"{own}: {row.layer}" if own else row.layer
            table.append(("  " * depth + name, _text(row.shape), f"{row.parameters:,}" if row.parameters else "-"))
        widths = [max(len(line[i]) for line in table) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in table]
        frozen = "" if self.trained == self.parameters else f", {self.trained:,} of them trained"
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], f"{self.parameters:,} parameters{frozen}"])

    __repr__ = __str__


def summary(model: Module, *inputs: Any) -> Summary:
    """A table of the layers of ``model``, each with the shape of its output and its number of parameters.

    The model is called once with ``inputs``, as ``eval()`` and ``no_grad()`` have it, so that nothing changes. A
    parameter counts in each module that holds it, and once in the total; modules stand in the order in which they are
    first called. Keras: ``model.summary()``; PyTorch: the package torchinfo.

    >>> import nn
    >>> summary(nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1)), np.zeros((5, 2)))
    layer                 output shape  parameters
    ----------------------------------------------
    Sequential            (5, 1)                65
      0: Linear(2 -> 16)  (5, 16)               48
      1: ReLU()           (5, 16)                -
      2: Linear(16 -> 1)  (5, 1)                17
    65 parameters

    Raises what the model raises for an input of the wrong shape.
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: this is {type(model).__name__}, not a module; call summary(model, input)")
    paths = list(model.named_modules())
    called: dict[int, Any] = {}
    with _in_eval(model), _watched(paths, called), no_grad():
        model(*inputs)
    by_id = {id(module): (path, module) for path, module in paths}
    rows = []
    for key, shape in called.items():
        path, module = by_id[key]
        inside = next(module.named_children(), None)
        extra = module.extra_repr()
        layer = type(module).__name__ + (f"({extra})" if extra or not inside else "")
        rows.append(Row(path, layer, shape, sum(p.size for p in module.parameters())))
    sizes = [(p.size, p.requires_grad) for p in model.parameters()]
    return Summary(tuple(rows), sum(n for n, _ in sizes), sum(n for n, is_trained in sizes if is_trained))


@contextmanager
def _in_eval(model: Module) -> Iterator[None]:
    """The model in eval mode, and each module as it was afterwards."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


@contextmanager
def _watched(paths: list[tuple[str, Module]], called: dict[int, Any]) -> Iterator[None]:
    """For a while each module has a ``forward`` of its own, which writes down the shape of what the real one gives."""
    before = [(vars(module), vars(module).get("forward")) for _, module in paths]
    try:
        for _, module in paths:
            vars(module)["forward"] = _noting(module.forward, id(module), called)
        yield
    finally:
        for attributes, forward in before:
            if forward is None:
                attributes.pop("forward", None)
            else:
                attributes["forward"] = forward


def _noting(forward: Callable[..., Any], key: int, called: dict[int, Any]) -> Callable[..., Any]:
    def noting(*inputs: Any, **options: Any) -> Any:
        called.setdefault(key, None)  # now, so that a module stands above those that it calls
        output = forward(*inputs, **options)
        if called[key] is None:
            called[key] = _shapes(output)
        return output

    return noting


def _shapes(output: Any) -> Any:
    """The shape of an output; of several a list of them."""
    if isinstance(output, list | tuple):
        return [_shapes(part) for part in output]
    return output.shape if isinstance(output, Value) else None if output is None else np.shape(output)


def _text(shape: Any) -> str:
    return ", ".join(map(_text, shape)) if isinstance(shape, list) else "-" if shape is None else str(shape)
