"""What the Values of a loss are called, and which Value a user means by a name."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from autograd_mini.graph import is_plain_number, names_of_loss, paths_of_parameters, refuse_programs, walk
from autograd_mini.ops.caller import located
from autograd_mini.value import Value


class Names(Mapping[Value, str]):
    """The names in the graph of a loss: ``names[value]`` is a name, ``names.differentiable("a")`` the Value.

    ``who`` asks, which errors say. ``variables`` has the caller's variables by ``id``.

    >>> a = Value(2.0, label="a")
    >>> names = Names(a * a, {}, "explain")
    >>> names[a], names.differentiable("a", {a: 4.0}) is a
    ('a', True)

    Raises ``TypeError`` if ``loss`` is not a Value, and ``ValueError`` if it is not a single number or depends on
    nothing that requires a gradient; ``JitError`` for what a jitted function returned, which has no graph inside.
    """

    def __init__(self, loss: Value, variables: Mapping[int, str], who: str) -> None:
        if not isinstance(loss, Value):
            raise TypeError(located(f"{who}: give the Value to differentiate, the loss, not a {type(loss).__name__}"))
        if loss.size != 1:
            raise ValueError(
                located(
                    f"{who}: the loss has shape {loss.shape}; only a single number has one gradient, so reduce it "
                    "first (.sum() or .mean())"
                )
            )
        if not loss.requires_grad:
            raise ValueError(located(f"{who}: the loss depends on nothing that requires a gradient"))
        self.who = who
        self.loss = loss
        self.graph = walk(loss)
        refuse_programs(self.graph)
        self._variables = variables
        self._paths = paths_of_parameters(self.graph)
        self._names = dict(zip(self.graph.values, names_of_loss(self.graph, variables), strict=True))

    def __getitem__(self, value: Any) -> str:
        return self._names[value]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def differentiable(self, name: Any, gradients: Container[Value]) -> Value:
        """The Value that ``name`` means: itself, or the only one with this label, name, variable or path.

        Raises ``ValueError`` if there is none in the graph, more than one with this label, or if it is not among
        ``gradients``, and ``TypeError`` if ``name`` is neither a Value nor a string.
        """
        value = self._value(name)
        if value not in gradients:
            raise ValueError(located(f"{self.who}: {self[value]} requires no gradient in this graph; leave it out"))
        return value

    def _value(self, name: Any) -> Value:
        if isinstance(name, Value):
            if name not in self._names:
                called = name.label or self._variables.get(id(name), "")
                called = repr(called) if called else "the Value given"
                raise ValueError(
                    located(
                        f"{self.who}: {called} is not in the graph of {self[self.loss]}; was the name given to another "
                        "Value after that was computed?"
                    )
                )
            return name
        if not isinstance(name, str):
            raise TypeError(located(f"{self.who}: a node is given by its Value or by its name, not by {name!r}"))
        labelled = [value for value in self.graph.values if value.label == name]
        if len(labelled) > 1:
            others = ", ".join([repr(self[value]) for value in labelled[:4] if self[value] != name])
            raise ValueError(
                located(
                    f"{self.who}: {len(labelled)} Values have the label {name!r}; give the Value itself instead of its "
                    f"label, set other labels, or take a name such as {others}"
                )
            )
        found = labelled or [
            value
            for value, its_name in self._names.items()
            if name in (its_name, self._variables.get(id(value)), self._paths.get(id(value)))
        ]
        if not found or is_plain_number(found[0]):
            raise ValueError(located(f"{self.who}: no Value is called {name!r} here; {self._known(name)}"))
        return found[0]

    def on_the_way_to(self, wrt: Any, gradients: Container[Value]) -> set[Value]:
        """The Values whose gradients the gradients of ``wrt`` are made of, those of ``wrt`` included."""
        if wrt is None:
            return set(self._names)
        several = isinstance(wrt, Iterable) and not isinstance(wrt, str | Value)
        wanted: set[Any] = {self.differentiable(name, gradients) for name in (wrt if several else [wrt])}
        for value, operands in zip(self.graph.values, self.graph.operands, strict=True):
            if any([self.graph.values[i] in wanted for i in operands]):
                wanted.add(value)
        return wanted

    def _known(self, name: str) -> str:
        known = [its_name for value, its_name in self._names.items() if not is_plain_number(value)]
        near = difflib.get_close_matches(name, known, n=3)
        if near:
            return f"did you mean {' or '.join(map(repr, near))}?"
        some = f"{', '.join(known[:12])}{' ...' if len(known) > 12 else ''}"
        return (
            f"there are {some}. A name is a label, a path in a module or a variable of the function that calls "
            f"{self.who}; for one of another function give the Value itself, or set its label"
        )
