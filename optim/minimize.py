"""minimize: gradient descent on any function, until the gradient is very small."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini import Value, located, map_leaves
from optim.optimizer import Optimizer
from optim.options import non_negative, whole
from optim.sgd import SGD

_EXPLODED = 1e10  # times the gradient of the start: long before numbers overflow, and far from any descent
_STUCK = 10  # steps without any change: momentum that turns back stands still for one


@dataclass
class Minimum:
    """Where ``minimize`` ended, how it came there, and why it stopped.

    ``x`` has the form of ``x0``, ``value`` is f there and ``gradient_norm`` the length of the gradient; ``steps``
    were taken. ``path`` has every x from x0 to the last one, ``values`` what f was at each, and ``gradient_norms``
    likewise. ``converged`` is True if the gradient became smaller than the tolerance, and ``message`` says in words
    what happened. After a divergence x is the point with the lowest value.

    >>> result = minimize(lambda x: (x - 3.0) ** 2, 0.0, lr=0.5)
    >>> result.x, result.steps, result.path
    (3.0, 1, [0.0, 3.0])
    >>> result
    Minimum(x=3.0, value=0.0, gradient_norm=0.0, steps=1, converged=True)
    """

    x: Any
    value: float
    gradient_norm: float
    steps: int
    converged: bool
    message: str = field(repr=False)
    path: list[Any] = field(repr=False)
    values: list[float] = field(repr=False)
    gradient_norms: list[float] = field(repr=False)


def minimize(
    f: Callable[[Any], Any],
    x0: Any,
    optimizer: Callable[..., Optimizer] | None = None,
    *,
    lr: float | None = None,
    tol: float = 1e-6,
    max_steps: int = 10_000,
    callback: Callable[[int, Any, float], Any] | None = None,
) -> Minimum:
    """Looks for a minimum of ``f`` by gradient descent from ``x0``, until the gradient's norm is below ``tol``.

    ``f`` takes what x0 is, a number, an array, or lists, tuples, dicts and dataclasses of them, as Values, and gives
    a single number. ``optimizer`` is a class of optim, or any function that makes one of a list of parameters
    (``lambda params: SGD(params, lr=0.1, momentum=0.9)``); left out it is plain gradient descent, x -= lr * gradient,
    with lr = 0.1. ``lr`` is passed on to it. ``LBFGS`` needs the fewest steps where the function is smooth and no
    learning rate is right everywhere. After ``max_steps`` steps it gives up.

    ``callback(step, x, value)`` is called at x0 (step 0) and after every step; if it returns True, the search stops.
    A search that diverges stops as soon as that is certain, and says so: see ``Minimum``. SciPy: ``optimize.minimize``.

    >>> minimize(lambda x: 2 * x**2, 1.0).message
    'converged: after 30 steps the gradient has norm 8.84e-07, below the tolerance 1e-06'
    >>> minimize(lambda x: 2 * x**2, 1.0, lr=0.6).message.split("; ")[1]
    'the steps overshoot: try a learning rate of 0.06'

    Raises ``TypeError`` if ``f`` is no function, if x0 holds something else than numbers, or if ``optimizer`` was made
    already; ``ValueError`` if f does not give a single number.
    """
    if not callable(f):
        raise TypeError(located(f"minimize: the first argument is the function, not a {type(f).__name__}"))
    tol, max_steps = non_negative("tol", tol), whole("max_steps", max_steps, least=0)
    parameters: list[Value] = []
    x = map_leaves(lambda leaf: _variable(leaf, parameters), x0)
    descent = _made(optimizer, parameters, lr)

    def evaluate() -> Any:
        descent.zero_grad()
        value = f(map_leaves(lambda parameter: parameter, x))  # containers of its own, which it may change
        _check_number(value)
        if isinstance(value, Value) and value.requires_grad:  # else it does not depend on x, and the gradient is 0
            value.backward()
        return value

    path: list[Any] = []
    values: list[float] = []
    norms: list[float] = []
    outcome = ""
    while not outcome:
        with np.errstate(all="ignore"):
            value = float(evaluate())
            norm = math.sqrt(sum([float(np.sum(np.square(p.grad))) for p in parameters]))
        path.append(map_leaves(lambda parameter: parameter.data, x))  # a later step makes new numbers
        values.append(value)
        norms.append(norm)
        steps = len(path) - 1
        stop = callback is not None and callback(steps, path[-1], value) is True
        if not (math.isfinite(value) and math.isfinite(norm)) or norm > _EXPLODED * max(1.0, norms[0]):
            outcome = _divergence(values, norms, descent)
        elif norm < tol or norm == 0:
            outcome = f"converged: after {steps} steps the gradient has norm {norm:.3g}, below the tolerance {tol:g}"
        elif stop:
            outcome = f"stopped by the callback: after {steps} steps the gradient has norm {norm:.3g}"
        elif steps == max_steps:
            outcome = _given_up(values, norm, tol)
        elif steps >= _STUCK and _same(path[-1 - _STUCK :]):
            outcome = f"stuck: the gradient has norm {norm:.3g}, and steps as small as these do not change x any more"
        else:
            descent.step(evaluate if descent.needs_closure else None)
    best = len(path) - 1
    if outcome.startswith("diverged"):
        best = min(range(len(values)), key=lambda i: values[i] if math.isfinite(values[i]) else math.inf)
    converged = outcome.startswith("converged")
    return Minimum(path[best], values[best], norms[best], len(path) - 1, converged, outcome, path, values, norms)


# ------------------------------------------------------------ why it stopped


def _divergence(values: list[float], norms: list[float], optimizer: Optimizer) -> str:
    steps = len(values) - 1
    if steps == 0:
        return f"diverged: at x0 f is {values[0]:.3g} and the gradient has norm {norms[0]:.3g}; start elsewhere"
    story = f"in {steps} steps the value went from {values[0]:.3g} to {values[-1]:.3g}, the gradient from "
    story += f"{norms[0]:.3g} to {norms[-1]:.3g}"
    if values[-1] < values[0] or all([later < earlier for earlier, later in pairwise(values[:-1])]):
        return f"diverged: {story}; f seems to have no minimum there"
    return f"diverged: {story}; the steps overshoot: try a learning rate of {optimizer.param_groups[0]['lr'] / 10:.3g}"


def _given_up(values: list[float], norm: float, tol: float) -> str:
    steps = len(values) - 1
    message = f"not converged: after {steps} steps the gradient has norm {norm:.3g}, above the tolerance {tol:g}"
    before = values[-1 - min(steps, 10)]
    falling = "the value still falls: take more steps, or a higher learning rate"
    return f"{message}; {falling if values[-1] < before else 'the value does not fall: try a lower learning rate'}"


def _same(xs: list[Any]) -> bool:
    """True if all of them are equal, number by number."""
    flat: list[list[Any]] = []
    for x in xs:
        leaves: list[Any] = []
        map_leaves(leaves.append, x)
        flat.append(leaves)
    return all([np.array_equal(a, b) for other in flat[1:] for a, b in zip(flat[0], other, strict=True)])


# ------------------------------------------------------------ what it is given


def _made(optimizer: Any, parameters: list[Value], lr: float | None) -> Optimizer:
    """The optimizer of the parameters."""
    if isinstance(optimizer, Optimizer) or (optimizer is not None and not callable(optimizer)):
        raise TypeError(
            located(
                "minimize: it makes the optimizer itself, of its own parameters; give the class (optim.Adam), or "
                f"lambda params: optim.Adam(params, lr=0.1), not a {type(optimizer).__name__}"
            )
        )
    if optimizer is None:
        return SGD(parameters, 0.1 if lr is None else lr)
    made = optimizer(parameters) if lr is None else optimizer(parameters, lr=lr)
    if not isinstance(made, Optimizer):
        raise TypeError(located(f"minimize: optimizer gave a {type(made).__name__}, which is no optimizer"))
    return made


def _variable(leaf: Any, parameters: list[Value]) -> Value:
    """A Value of its own for a number of x0, which joins the parameters."""
    data = leaf.data if isinstance(leaf, Value) else leaf
    if isinstance(data, bool | str | bytes) or data is None:
        raise TypeError(located(f"minimize: x0 holds numbers and arrays, and {data!r} is neither"))
    parameters.append(Value(data))
    return parameters[-1]


def _check_number(value: Any) -> None:
    number = value.data if isinstance(value, Value) else value
    if not isinstance(number, int | float | np.generic | np.ndarray) or np.shape(number) != ():
        what = f"has shape {np.shape(number)}" if isinstance(number, np.ndarray) else f"is a {type(number).__name__}"
        raise ValueError(
            located(f"minimize: the result of f {what}, and only a single number has a minimum; reduce it (.sum())")
        )
