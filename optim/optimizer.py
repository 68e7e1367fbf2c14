"""Optimizer: applies one formula to every parameter that has a gradient, to all of them or to none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from autograd_mini import Value, located

State = dict[str, Any]


class Optimizer:
    """The base of the update rules: a subclass defines ``update``, the formula. PyTorch: ``optim.Optimizer``.

    ``params`` are leaf Values, such as ``model.parameters()``. Those that no gradient has reached are passed
    over. ``lr``, the learning rate, may be set at any time.

    >>> class SignSGD(Optimizer):
    ...     def update(self, w, g, state):
    ...         return w - self.lr * np.sign(g), state
    >>> w = Value([1.0, -2.0])
    >>> optimizer = SignSGD([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 0.5, -1.5])

    Raises ``ValueError`` for no parameters, one that is listed twice or was computed from others, or if none
    requires a gradient; ``TypeError`` for what is not an iterable of Values.
    """

    def __init__(self, params: Iterable[Value], lr: float) -> None:
        self.params = _checked(params, type(self).__name__)
        self.state: list[State] = [{} for _ in self.params]
        self.lr = lr

    @property
    def lr(self) -> float:
        """The learning rate: finite and not negative, or ``ValueError``."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self._lr = non_negative("lr", lr)

    def update(self, w: Any, g: Any, state: State) -> tuple[Any, State]:
        """The parameter's new data, and its new state, from its data, its gradient and its state ({} at first).

        Floats and arrays alike; nothing that is given may be changed.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update: define update(self, w, g, state)")

    def step(self) -> None:
        """Takes one step with the gradients as they are; an error on the way changes no parameter and no state."""
        updates = []
        with np.errstate(all="ignore"):  # an inf or a nan is an answer, as everywhere
            for i, (parameter, state) in enumerate(zip(self.params, self.state, strict=True)):
                if not parameter.has_grad:
                    continue
                w, g = parameter.data, parameter.grad
                if w.__class__ is not float or g.__class__ is not float:
                    g = _like_data(g, w, i)
                try:
                    new, state = self.update(w, g, state)
                except ZeroDivisionError:  # Python's floats raise where NumPy's are inf or nan
                    new, state = self.update(np.float64(w), np.float64(g), state)
                updates.append((i, parameter, new if new.__class__ is w.__class__ else _as(w, new), state))
        for i, parameter, new, state in updates:
            parameter.data = new
            self.state[i] = state

    def zero_grad(self) -> None:
        """Forgets the gradient of every parameter."""
        for parameter in self.params:
            parameter.zero_grad()


def _checked(params: Iterable[Value], optimizer: str) -> list[Value]:
    """The parameters as a list, if that is what they are."""
    if hasattr(params, "parameters"):
        raise TypeError(located(f"{optimizer}: pass model.parameters(), not the {type(params).__name__} itself"))
    if isinstance(params, Value):
        raise TypeError(located(f"{optimizer}: pass a list of parameters; a single Value goes into one: [value]"))
    if isinstance(params, dict) or not isinstance(params, Iterable):
        raise TypeError(
            located(f"{optimizer}: pass a list of parameters (model.parameters()), not {type(params).__name__}")
        )
    checked = list(params)
    if not checked:
        raise ValueError(
            located(
                f"{optimizer}: the list of parameters is empty "
                "(was an iterator used before? are the model's weights of type nn.Parameter?)"
            )
        )
    seen: dict[int, int] = {}
    for i, value in enumerate(checked):
        if not isinstance(value, Value):
            raise TypeError(located(f"{optimizer}: parameter {i} is a {type(value).__name__}, not a Value"))
        if value.op is not None:
            raise ValueError(
                located(
                    f"{optimizer}: parameter {i} is the result of {value.op.name}; only a leaf can be optimized, "
                    "a Value that was not computed from others"
                )
            )
        if seen.setdefault(id(value), i) != i:
            raise ValueError(located(f"{optimizer}: parameter {i} is parameter {seen[id(value)]} again; list it once"))
    if not any(value.requires_grad for value in checked):
        raise ValueError(
            located(f"{optimizer}: none of the parameters requires a gradient, so none would ever be changed")
        )
    return checked


def _like_data(g: Any, w: Any, i: int) -> Any:
    """The gradient ``g`` of parameter number ``i`` as plain data of the same shape and dtype as ``w``."""
    g = g.data if isinstance(g, Value) else g
    here, there = getattr(w, "shape", ()), getattr(g, "shape", ())  # np.shape would take a third of a small step
    if here != there:
        raise ValueError(
            located(
                f"step: parameter {i} has shape {here} and its gradient {there}; nothing was changed "
                "(was its data replaced after backward?)"
            )
        )
    return float(g) if w.__class__ is float else np.asarray(g, w.dtype)


def _as(w: Any, new: Any) -> Any:
    """``new`` as a float if ``w`` is one, else as an array: NumPy makes scalars of arrays without axes."""
    return float(new) if w.__class__ is float else np.asarray(new)


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
