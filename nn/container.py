"""Sequential: modules that are called one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self, overload

from autograd_mini import located
from nn.module import Module


class Sequential(Module):
    """Calls its modules in order, each on what the one before gave. PyTorch: ``nn.Sequential``.

    Its parameters are called ``0.weight``, ``0.bias``, ..., or by the names that a dict of modules gives them, which
    are attributes too. An index gives a module, or puts another in its place; a slice gives a Sequential of the same
    modules.

    >>> from nn import Linear, Tanh
    >>> model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    >>> model([[1.0, 2.0]]).shape
    (1, 1)
    >>> len(model), model[1]
    (3, Tanh())
    >>> list(Sequential({"head": Linear(3, 1)}).state_dict())
    ['head.weight', 'head.bias']

    Raises ``TypeError`` for anything that is not a module, ``ValueError`` for a name that cannot be one.
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        self._names: list[str] = []  # in order; the modules are the attributes of these names
        given: Any = modules[0] if len(modules) == 1 else None
        for name, module in given.items() if isinstance(given, Mapping) else enumerate(modules):
            self._add(str(name), module)

    def append(self, module: Module) -> Self:
        """Calls ``module`` last from now on; ``TypeError`` if it is none.

        >>> from nn import Linear, ReLU
        >>> len(Sequential(Linear(2, 3)).append(ReLU()))
        2
        """
        self._add(str(len(self)), module)
        return self

    def _add(self, name: str, module: Any) -> None:
        _check(len(self), module)
        if not name or "." in name or hasattr(self, name):
            raise ValueError(
                located(
                    f"Sequential: a module cannot be called {name!r}; it needs a name without dots that is not taken"
                )
            )
        setattr(self, name, module)
        self._names.append(name)

    def forward(self, x: Any) -> Any:
        for name in self._names:
            x = getattr(self, name)(x)
        return x

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Module]:
        return iter([getattr(self, name) for name in self._names])

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module | Sequential:
        if not isinstance(index, slice):
            module: Module = getattr(self, self._names[index])
            return module
        if self._names == [str(i) for i in range(len(self))]:
            return Sequential(*list(self)[index])
        return Sequential({name: getattr(self, name) for name in self._names[index]})

    def __setitem__(self, index: int, module: Module) -> None:
        if isinstance(index, slice):
            raise TypeError(located("Sequential: one module is put in at a time; write model[i] = module"))
        i = range(len(self))[index]
        _check(i, module)
        setattr(self, self._names[i], module)


def _check(i: int, module: Any) -> None:
    if not isinstance(module, Module):
        raise TypeError(
            located(f"Sequential: number {i} is {module!r}, not a module (nn.ReLU(), for instance, is one)")
        )
