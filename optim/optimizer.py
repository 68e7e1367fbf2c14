"""Optimizer: applies one formula to every parameter that has a gradient, to all of them or to none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd_mini import Value, located
from optim import jitted, state_dict
from optim.options import Option, ParamGroup, flag, non_negative, unknown

State = dict[str, Any]
Group = Mapping[str, Any]
Params = Iterable[Value] | Iterable[tuple[str, Value]] | Iterable[dict[str, Any]]


class Optimizer:
    """The base of the update rules: a subclass defines ``update``, the formula. PyTorch: ``optim.Optimizer``.

    ``params`` are leaf Values, such as ``model.parameters()``, or groups of them with options of their own:
    ``[{"params": body, "lr": 0.1}, {"params": head}]``. Names beside them, as ``model.named_parameters()`` has, are
    left out. Those that no gradient has reached are passed over.
    ``lr``, the learning rate, may be set at any time: for all, or for one group as ``param_groups[1]["lr"]``, and
    so may the other options. ``maximize`` goes up the gradient.

    >>> class SignSGD(Optimizer):
    ...     def update(self, w, g, state, group):
    ...         return w - group["lr"] * np.sign(g), state
    >>> w = Value([1.0, -2.0])
    >>> optimizer = SignSGD([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 0.5, -1.5])

    Raises ``ValueError`` for no parameters, one that is listed twice or was computed from others, or if none
    requires a gradient, and for an option that there is not; ``TypeError`` for what is not an iterable of Values.
    """

    lr = Option(non_negative)
    maximize = Option(flag)
    needs_closure = False  # True where ``step`` has to compute the loss itself
    carried_by_jit = ("state", "defaults", "param_groups", "_groups", "_stepped")  # see ``jitted.py``

    def __init__(self, params: Params, lr: float, *, maximize: bool = False, **options: Any) -> None:
        self.defaults = {"lr": lr, **options, "maximize": maximize}
        self.param_groups: list[ParamGroup] = []
        self.params: list[Value] = []  # of all groups, in order
        self.state: list[State] = []  # of each of them
        self._groups: list[ParamGroup] = []  # of each of them
        self._stepped = False
        for group in self._as_groups(params):
            self.add_param_group(group)
        if not any(value.requires_grad for value in self.params):
            raise ValueError(
                located(
                    f"{type(self).__name__}: none of the parameters requires a gradient, so none would ever be changed"
                )
            )

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        """The parameter's new data and its new state, from its data, its gradient, its state ({} at first) and group.

        Floats and arrays alike; nothing that is given may be changed.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update: define update(self, w, g, state, group)")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step with the gradients as they are; an error on the way changes no parameter and no state.

        Ctrl-C comes before all of the step or after it. With ``closure``, a function that computes the gradients anew
        and returns the loss, it is called first and its result returned.
        """
        if closure is not None and not callable(closure):
            raise TypeError(
                located(
                    f"{type(self).__name__}: step takes nothing, or a function that computes the loss, and not a "
                    f"{type(closure).__name__}; call loss.backward(), then step()"
                )
            )
        loss = None if closure is None else closure()
        if jitted.step(self):
            return loss
        updates = self._updates()
        try:
            self._take(updates)
        except BaseException:  # Ctrl-C in the middle of it
            self._take(updates)
            raise
        return loss

    def _take(self, updates: list[tuple[int, Value, Any, State]]) -> None:
        """Puts the new data and states in their places."""
        self._stepped = True
        for i, parameter, new, state in updates:
            parameter.data = new
            self.state[i] = state

    @np.errstate(all="ignore")  # an inf or a nan is an answer, as everywhere
    def _updates(self) -> list[tuple[int, Value, Any, State]]:
        """The new data and state of each parameter that a gradient has reached; nothing is changed yet."""
        updates = []
        for i, (parameter, state, group) in enumerate(zip(self.params, self.state, self._groups, strict=True)):
            if not parameter.has_grad:
                continue
            w, g = parameter.data, parameter.grad
            if not _is_like(g, w):
                g = _like_data(g, w, i)
            try:
                new, state = self._signed_update(w, g, state, group)
            except ZeroDivisionError:  # Python's floats raise where NumPy's are inf or nan
                new, state = self._signed_update(np.float64(w), np.float64(g), state, group)
            updates.append((i, parameter, new if new.__class__ is w.__class__ else _as(w, new), state))
        return updates

    def _signed_update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        """``update``, down the gradient or with ``maximize`` up."""
        return self.update(w, -g if group["maximize"] else g, state, group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradient of every parameter, so that ``step`` passes it over until it has a new one.

        With ``set_to_none=False`` those that are there become zeros, and ``step`` goes on with momentum and decay.
        PyTorch: the same.
        """
        for parameter in self.params:
            parameter.zero_grad(set_to_none)

    def __repr__(self) -> str:
        """What is optimized, and by which options: a line for each group.

        >>> import optim
        >>> optim.Lion([Value([1.0, 2.0])], lr=0.1)
        Lion(1 parameter, 2 numbers: lr=0.1, betas=(0.9, 0.99), weight_decay=0.0, maximize=False)
        """
        lines = []
        for group in self.param_groups:
            count, size = len(group["params"]), sum([x.size for x in group["params"]])
            options = ", ".join([f"{name}={setting!r}" for name, setting in group.options.items()])
            lines.append(f"{count:,} parameter{'s' * (count != 1)}, {size:,} number{'s' * (size != 1)}: {options}")
        name = type(self).__name__
        return f"{name}({lines[0]})" if len(lines) == 1 else "\n  ".join([f"{name}(", *lines]) + "\n)"

    # ------------------------------------------------------------ groups

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimizes further parameters too: ``{"params": [...]}``, and any options that they have of their own.

        >>> import optim
        >>> body, head = Value(1.0), Value(1.0)
        >>> optimizer = optim.SGD([body], lr=0.1)
        >>> optimizer.add_param_group({"params": [head], "lr": 0.5})
        >>> (body + head).backward()
        >>> optimizer.step()
        >>> body.data, head.data
        (0.9, 0.5)
        """
        name = type(self).__name__
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                located(f"{name}: a parameter group is a dict such as {{'params': [...], 'lr': 0.1}}, not {group!r}")
            )
        options = {key: setting for key, setting in group.items() if key != "params"}
        for key in options:
            if key not in self.defaults and key != "initial_lr":
                raise ValueError(
                    located(f"parameter group {len(self.param_groups)}: {unknown(name, key, self.defaults)}")
                )
        params = [group["params"]] if isinstance(group["params"], Value) else group["params"]
        checked = _checked(params, name, self.params)
        new = ParamGroup(type(self), checked, self.defaults | options)
        self.check_group(new)
        self.param_groups.append(new)
        self.params += checked
        self.state += [{} for _ in checked]
        self._groups += [new for _ in checked]

    def check_group(self, group: Group) -> None:
        """Raises ``ValueError`` if options of a group do not go together; a subclass knows which."""

    def _as_groups(self, params: Any) -> list[Any]:
        """What the user gave, as a list of groups."""
        if isinstance(params, Value):
            raise TypeError(
                located(f"{type(self).__name__}: pass a list of parameters; a single Value goes into one: [value]")
            )
        if isinstance(params, Iterable) and not isinstance(params, dict) and not hasattr(params, "parameters"):
            groups: list[Any] = list(params)  # it may be an iterator
            if groups and all([isinstance(group, dict) for group in groups]):
                return groups
            params = groups
        return [{"params": params}]

    # ------------------------------------------------------------ saving

    def state_dict(self) -> dict[str, Any]:
        """A copy of the options and of all that was gathered on the way: plain numbers, strings and arrays.

        Parameters are known by their place in order. The numbers of the parameters are not in it.
        """
        return state_dict.copy_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where the optimizer that ``state`` comes from stood, over parameters of the same shapes.

        ``ValueError`` lists all that does not fit, such as the state of another optimizer, and then nothing was
        loaded. PyTorch's optimizers keep another state, which cannot be converted.
        """
        state_dict.load(self, state)

    def loaded_state(self, i: int, entry: Any, group: Group) -> tuple[State, list[str]]:
        """The saved state of parameter number ``i`` as this optimizer keeps it, and all that is wrong with it."""
        return state_dict.state_of(self, i, entry, group)


def decayed(w: Any, g: Any, group: Group) -> tuple[Any, Any]:
    """The weight and the gradient after weight decay: a penalty in the loss or, decoupled, no part of the gradient."""
    decay = group["weight_decay"]
    if not decay:
        return w, g
    return ((1 - group["lr"] * decay) * w, g) if group.get("decoupled_weight_decay") else (w, g + decay * w)


def _checked(params: Any, optimizer: str, others: list[Value]) -> list[Value]:
    """The parameters as a list, if that is what they are, and none of them is among the others."""
    if hasattr(params, "parameters"):
        raise TypeError(located(f"{optimizer}: pass model.parameters(), not the {type(params).__name__} itself"))
    if isinstance(params, dict) or not isinstance(params, Iterable):
        raise TypeError(
            located(f"{optimizer}: pass a list of parameters (model.parameters()), not {type(params).__name__}")
        )
    checked = [x[1] if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], str) else x for x in params]
    if not checked:
        raise ValueError(
            located(
                f"{optimizer}: the list of parameters is empty "
                "(was an iterator used before? are the model's weights of type nn.Parameter?)"
            )
        )
    seen = {id(value): i for i, value in enumerate(others)}
    for i, value in enumerate(checked, len(others)):
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
    return checked


def _is_like(g: Any, w: Any) -> bool:
    """True for two floats, and for two plain arrays of one shape and dtype."""
    if g.__class__ is not w.__class__:
        return False
    return g.__class__ is float or (g.__class__ is np.ndarray and g.dtype is w.dtype and g.shape == w.shape)


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
