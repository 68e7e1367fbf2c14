"""Sequential: modules that are called one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self, overload

from autograd_mini import located
from nn.module import Module


class Sequential(Module):
    """Calls its modules in order, each on what the one before gave. PyTorch: ``nn.Sequential``.

    Its parameters are called ``0.weight``, ``0.bias``, ... An index gives a module, a slice a Sequential of the
    same modules.

    >>> from nn import Linear, Tanh
    >>> model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    >>> model([[1.0, 2.0]]).shape
    (1, 1)
    >>> len(model), model[1]
    (3, Tanh())

    Raises ``TypeError`` for anything that is not a module.
    """

    def __init__(self, *modules: Module) -> None:
        self._modules: list[Module] = []
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> Self:
        """Calls ``module`` last from now on; ``TypeError`` if it is none.

        >>> from nn import Linear, ReLU
        >>> len(Sequential(Linear(2, 3)).append(ReLU()))
        2
        """
        if not isinstance(module, Module):
            raise TypeError(
                located(f"Sequential: number {len(self)} is {module!r}, not a module (nn.ReLU(), for instance, is one)")
            )
        self._modules.append(module)
        return self

    def forward(self, x: Any) -> Any:
        for module in self._modules:
            x = module(x)
        return x

    def _members(self) -> Iterable[tuple[object, Any]]:
        others = ((name, x) for name, x in super()._members() if x is not self._modules)
        return [*enumerate(self._modules), *others]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module | Sequential:
        return Sequential(*self._modules[index]) if isinstance(index, slice) else self._modules[index]
