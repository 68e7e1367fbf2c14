"""What ``print(model)`` shows: the modules as a tree, with the number of parameters of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol

from autograd_mini import Value


class Layered(Protocol):
    """What a module must tell of itself to be shown."""

    def parameters(self) -> Sequence[Value]: ...
    def named_children(self) -> Iterable[tuple[str, Any]]: ...
    def extra_repr(self) -> str: ...


def tree(module: Layered) -> str:
    """The repr of a module: PyTorch's nested one, and a column that counts parameters.

    >>> import nn
    >>> nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    Sequential(             65 parameters
      (0): Linear(2 -> 16)  48
      (1): ReLU()
      (2): Linear(16 -> 1)  17
    )
    """
    lines = _lines(module, ())
    width = max(len(text) for text, _ in lines)
    digits = max(len(f"{count:,}") for _, count in lines)
    shown = [f"{text:<{width}}  {count:>{digits},}" if count else text for text, count in lines]
    if lines[0][1]:
        shown[0] += " parameters"
    return "\n".join(shown)


def _lines(module: Layered, above: tuple[Layered, ...]) -> list[tuple[str, int]]:
    """Each line of the tree below ``module``, and the number of parameters to be shown behind it."""
    name = type(module).__name__
    if module in above:
        return [(f"{name}(...)", 0)]  # a cycle
    below: list[tuple[str, int]] = []
    children = [(path, _lines(child, (*above, module))) for path, child in module.named_children()]
    for lines, alike in groupby(children, key=lambda child: child[1]):  # neighbours that look the same share a line
        paths = [path for path, _ in alike]
        many = len(paths)
        label = f"({paths[0]}): " if many == 1 else f"({paths[0]}-{paths[-1].rpartition('.')[2]}): {many} x "
        below += [(label + lines[0][0], many * lines[0][1]), *lines[1:]]
    count = sum(parameter.size for parameter in module.parameters())
    extra = module.extra_repr()
    if not below:
        return [(f"{name}({extra})", count)]
    return [(f"{name}({extra}", count), *((f"  {text}", n) for text, n in below), (")", 0)]
