"""Module: something with parameters and a ``forward``, that may hold other modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

import numpy as np

from autograd_mini import Value, located, named_scope
from nn import state_dict, tree
from nn.absent import Absent

V = TypeVar("V", bound=Value)


class Parameter(Value):
    """A Value that a Module counts among its parameters. PyTorch: ``nn.Parameter``.

    >>> Parameter([1.0, 2.0]).shape
    (2,)
    """

    __slots__ = ()


class Buffer(Value):
    """A Value that a Module saves with its parameters and does not train. PyTorch: ``nn.Buffer``.

    It requires no gradient. A jitted function reads it at each call, as it does parameters.

    >>> Buffer([1.0, 2.0]).requires_grad
    False
    """

    __slots__ = ()

    def __init__(self, data: Any, *, label: str = "") -> None:
        super().__init__(data, requires_grad=False, label=label)


class Module(Absent):
    """A layer or a network: subclass it, assign parameters and modules, define ``forward``. PyTorch: ``nn.Module``.

    Parameters and modules are found in attributes, and in lists, tuples and dicts there, in the order of
    assignment. ``super().__init__()`` need not be called.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Parameter(2.0)
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> Scale()(3.0).data
    6.0
    """

    training: bool = True

    def __setattr__(self, name: str, value: Any) -> None:
        held = self.__dict__.get(name)
        if isinstance(held, _KEPT) and value is not None:
            is_parameter = isinstance(held, Parameter)
            if not isinstance(value, Parameter if is_parameter else Buffer):
                kind, lost = ("parameter", "trained") if is_parameter else ("buffer", "saved")
                raise TypeError(
                    located(
                        f"{type(self).__name__}.{name} is a {kind}, and a {type(value).__name__} in its place would "
                        f"not be {lost}; set its numbers with .{name}.data = ..., or assign a {kind.capitalize()}"
                    )
                )
        super().__setattr__(name, value)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """``forward``, whose errors say which module they come from."""
        scope = named_scope(self)
        try:
            with scope:
                return self.forward(*inputs, **options)
        except BaseException as error:
            scope.__exit__(None, None, None)  # once more: Ctrl-C may have come before its own
            if isinstance(error, Exception):
                self._name_the_place(error)
            raise

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; a subclass defines it, with whatever inputs it needs."""
        name = type(self).__name__
        raise NotImplementedError(f"{name} has no forward: define forward(self, x) in class {name}")

    # ------------------------------------------------------------ what it holds

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module, as "", and every module below it once, by dotted path."""
        return ((path, x) for path, x in self._walk() if isinstance(x, Module))

    def modules(self) -> Iterator[Module]:
        """This module and every module below it, each once."""
        return (module for _, module in self.named_modules())

    def generators(self) -> list[np.random.Generator]:
        """What its modules draw random numbers from as they run, each once: their attributes ``rng``, as of Dropout.

        Their state belongs into a checkpoint beside ``state_dict()``; ``optim.fit`` puts it there.

        >>> import nn
        >>> rng = np.random.default_rng(0)
        >>> nn.Sequential(nn.Dropout(rng=rng), nn.Linear(2, 1), nn.Dropout(rng=rng)).generators() == [rng]
        True
        """
        drawn_from = [getattr(module, "rng", None) for module in self.modules()]
        return list({id(rng): rng for rng in drawn_from if isinstance(rng, np.random.Generator)}.values())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that this one holds itself, by path."""
        return ((path, x) for path, x in self._held() if isinstance(x, Module))

    def children(self) -> Iterator[Module]:
        """The modules that this one holds itself, each once.

        >>> import nn
        >>> list(nn.Sequential(nn.ReLU(), nn.Tanh()).children())
        [ReLU(), Tanh()]
        """
        return iter(dict.fromkeys([module for _, module in self.named_children()]))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, by dotted path such as ``layers.0.weight``."""
        return self._each_once(Parameter)

    def parameters(self) -> list[Parameter]:
        """Every parameter once, in the order of assignment: a list, as in micrograd (PyTorch: an iterator)."""
        return [parameter for _, parameter in self.named_parameters()]

    def register_buffer(self, name: str, data: Any) -> None:
        """Sets the attribute ``name`` to numbers that are saved and not trained: ``self.name = nn.Buffer(data)``.

        ``None`` makes the attribute None. PyTorch: ``Module.register_buffer``.
        """
        setattr(self, name, None if data is None else Buffer(data, label=name))

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Every buffer once, by dotted path such as ``layers.1.running_mean``."""
        return self._each_once(Buffer)

    def buffers(self) -> list[Buffer]:
        """Every buffer once: what is saved and not trained, such as the running mean of a batch norm."""
        return [buffer for _, buffer in self.named_buffers()]

    def _each_once(self, kind: type[V]) -> Iterator[tuple[str, V]]:
        """The Values of one kind, each under the first of its names."""
        seen: set[int] = set()
        for path, x in self._walk():
            if isinstance(x, kind) and id(x) not in seen:
                seen.add(id(x))
                yield path, x

    def _walk(self) -> Iterator[tuple[str, Module | Parameter | Buffer]]:
        """This module and all below it, depth first: a module once, a parameter under each of its names."""
        seen: set[int] = set()
        stack: list[tuple[str, Module | Parameter | Buffer]] = [("", self)]
        while stack:
            path, x = stack.pop()
            if isinstance(x, Module):
                if id(x) in seen:
                    continue
                seen.add(id(x))
                stack.extend(reversed([(f"{path}.{name}" if path else name, part) for name, part in x._held()]))
            yield path, x

    def _held(self) -> Iterator[tuple[str, Module | Parameter | Buffer]]:
        """What this module holds itself, with the path through lists, tuples and dicts."""
        entered: set[int] = set()
        stack = list(reversed([(str(name), part) for name, part in self._members() if isinstance(part, _HOLDERS)]))
        while stack:
            path, x = stack.pop()
            if isinstance(x, Module | Parameter | Buffer):
                yield path, x
            elif id(x) not in entered:
                entered.add(id(x))
                parts = x.items() if isinstance(x, dict) else enumerate(x)
                stack.extend(reversed([(f"{path}.{name}", part) for name, part in parts if isinstance(part, _HOLDERS)]))

    def _members(self) -> Iterable[tuple[object, Any]]:
        """The attributes by name; a container says under which names it wants its modules known."""
        return vars(self).items()

    # ------------------------------------------------------------ training

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradient of every parameter, which then reads as 0. PyTorch: ``Module.zero_grad``.

        With ``set_to_none=False`` those that are there become zeros, and an optimizer that has a momentum, say, goes on
        moving their parameters.
        """
        for parameter in self.parameters():
            parameter.zero_grad(set_to_none)

    def train(self, mode: bool = True) -> Self:
        """Sets ``training`` here and in every module below, for layers that act differently then."""
        for module in self.modules():
            if module.training != mode:
                if type(module).training == mode:
                    del module.training  # nothing is left behind that a jitted function would take for a change
                else:
                    module.training = mode
        return self

    def eval(self) -> Self:
        """``train(False)``: the network as it is used."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets ``requires_grad`` of every parameter: with False they are frozen, and backprop does not compute theirs.

        >>> import nn
        >>> body = nn.Linear(2, 3).requires_grad_(False)
        >>> body.weight.requires_grad
        False
        """
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def apply(self, f: Callable[[Module], object]) -> Self:
        """Calls ``f`` on every module below and then on this one, to set their weights for instance.

        >>> import nn
        >>> def begin(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.xavier_uniform_(module.weight)
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU()).apply(begin)
        """
        for child in self.children():
            child.apply(f)
        f(self)
        return self

    # ------------------------------------------------------------ saving

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """A copy of every parameter and buffer as a plain array, by dotted path, as PyTorch names it.

        A parameter that two modules share stands under both names, a module that is held twice under the first.
        ``nn.save(model, path)`` writes it to a file. PyTorch's modules load it once its arrays are tensors:
        ``torch_model.load_state_dict({k: torch.as_tensor(v) for k, v in model.state_dict().items()})``.
        """
        return state_dict.copy_of(self._named_every_way())

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Gives every parameter and buffer the numbers that ``state`` has under its path, in its own dtype.

        ``ValueError`` lists what is missing, unexpected, misshapen or not a number, and then nothing was
        loaded. ``strict=False`` lets missing and unexpected entries pass. The entries are anything that
        ``np.asarray`` takes, so PyTorch's own state dict will do. A parameter that two modules share may stand
        under one of its names only.
        """
        state_dict.load(type(self).__name__, self._named_every_way(), state, strict)

    def _named_every_way(self) -> list[tuple[str, Value]]:
        return [(path, x) for path, x in self._walk() if isinstance(x, _KEPT)]

    # ------------------------------------------------------------ what it is called

    def extra_repr(self) -> str:
        """What stands in the brackets of the repr, such as ``16 -> 1``; a subclass defines it."""
        return ""

    def __repr__(self) -> str:
        return tree.tree(self)

    def _name_the_place(self, error: Exception) -> None:
        """Adds the innermost module to the message of ``error``, under its path from here.

        Each call on the way out says it anew, so that the outermost has the last word.
        """
        if len(error.args) != 1 or not isinstance(error.args[0], str) or isinstance(error, KeyError):
            return  # not a message
        culprit, message = getattr(error, "_raised_in", (self, error.args[0]))
        path = next((path for path, module in self.named_modules() if module is culprit), None)
        if path is not None:
            error._raised_in = culprit, message  # type: ignore[attr-defined]  # a note to the calls further out
            name = f"{type(culprit).__name__} {culprit.extra_repr()}".rstrip()
            error.args = (f"{message}\n  in {f'{path} ({name})' if path else name}",)


_KEPT = (Parameter, Buffer)
_HOLDERS = (*_KEPT, Module, list, tuple, dict)
