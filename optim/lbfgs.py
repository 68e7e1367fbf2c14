"""LBFGS: Newton's method with the curvature guessed from the last steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_mini import Value, located
from optim.line_search import Point, strong_wolfe
from optim.optimizer import Group, Optimizer, Params, State
from optim.options import Option, non_negative, whole


def _line_search(name: str, setting: str | None) -> str | None:
    if setting not in (None, "strong_wolfe"):
        raise ValueError(located(f'{name} is "strong_wolfe" or None, not {setting!r}'))
    return setting


class LBFGS(Optimizer):
    """Limited-memory BFGS: few steps, each with several evaluations (Nocedal, 1980). PyTorch: ``optim.LBFGS``.

    ``step`` takes a closure: a function that clears the gradients, computes the loss, calls ``backward`` and returns
    the loss. One step makes up to ``max_iter`` iterations with up to ``max_eval`` evaluations (1.25 times as many),
    until no element of the gradient is above ``tolerance_grad`` or nothing changes by more than
    ``tolerance_change``. The last ``history_size`` steps and changes of gradient stand for the curvature. With
    ``line_search_fn="strong_wolfe"`` ``lr`` is only the first length tried; without, it is the length of each step.
    It is for smooth functions of all the data: batches that differ confuse the curvature.

    >>> x = Value([-1.0, 1.0])
    >>> optimizer = LBFGS([x], line_search_fn="strong_wolfe", max_iter=100)
    >>> def rosenbrock():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(rosenbrock).item()
    4.0
    >>> x.data.round(3)
    array([1., 1.])

    Raises ``ValueError`` for a negative number or several parameter groups; ``TypeError`` for a step without closure.
    """

    max_iter = Option(whole)
    tolerance_grad = Option(non_negative)
    tolerance_change = Option(non_negative)
    history_size = Option(whole)
    max_eval = Option(whole)
    line_search_fn = Option(_line_search)
    needs_closure = True

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            max_iter=max_iter,
            max_eval=max(whole("max_iter", max_iter) * 5 // 4, 1) if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        if self.param_groups:
            raise ValueError(located("LBFGS has one parameter group: the curvature is that of all parameters together"))
        super().add_param_group(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Makes up to ``max_iter`` iterations and returns the loss before the first.

        An error on the way, in the closure too, leaves parameters and memory as they were.
        """
        if not callable(closure):
            raise TypeError(
                located("LBFGS: step takes a closure, which computes the gradients anew and returns the loss")
            )
        before, memory = [parameter.data for parameter in self.params], self.state[0]
        try:
            with np.errstate(all="ignore"):
                loss, self.state[0] = _Descent(self, closure).run(memory)
        except BaseException:
            self.state[0] = memory
            for parameter, data in zip(self.params, before, strict=True):
                parameter.data = data
            raise
        self._stepped = True
        return loss

    def loaded_state(self, i: int, entry: Any, group: Group) -> tuple[State, list[str]]:
        """What it remembers is that of all parameters, and stands with the first."""
        size = sum([parameter.size for parameter in self.params])
        if not isinstance(entry, dict) or (entry and i > 0):
            return {}, [f"state[{i}]: {{}} is expected: all that LBFGS remembers stands in state[0]"]
        if not entry:
            return {}, []
        problems = [f"state[{i}]: {key} is missing" for key in _MEMORY if key not in entry]
        problems += [f"state[{i}]: {key} is unexpected" for key in entry if key not in _MEMORY]
        if problems:
            return {}, problems
        lists = [entry["old_dirs"], entry["old_stps"], entry["ro"]]
        if not all([isinstance(one, list) and len(one) == len(entry["ro"]) for one in lists]):
            return {}, [f"state[{i}]: old_dirs, old_stps and ro are lists of one length"]
        counts, numbers = [entry["n_iter"], entry["func_evals"]], [entry[key] for key in ("t", "H_diag", "prev_loss")]
        if not all([isinstance(one, int) and one > 0 for one in counts]):
            return {}, [f"state[{i}]: n_iter and func_evals are positive whole numbers"]
        if not all([isinstance(one, int | float) for one in [*numbers, *entry["ro"]]]):
            return {}, [f"state[{i}]: t, H_diag, prev_loss and those in ro are numbers"]
        dtype = np.result_type(*[parameter.dtype for parameter in self.params])
        loaded: State = entry | {"ro": list(entry["ro"])}
        for key in ("d", "prev_flat_grad", "old_dirs", "old_stps"):
            part = entry[key]
            vectors = [np.array(one, dtype) for one in (part if key.startswith("old") else [part])]
            problems += [
                f"state[{i}]: {key} has shape {one.shape}, and there are {size} numbers in the parameters"
                for one in vectors
                if one.shape != (size,)
            ]
            loaded[key] = vectors if key.startswith("old") else vectors[0]
        return loaded, problems


_MEMORY = ("n_iter", "func_evals", "d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")


class _Descent:
    """The iterations of one step, over all parameters written out as one vector."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.params = optimizer.params
        self.group = optimizer.param_groups[0]
        self.closure = closure
        self.sign = -1.0 if self.group["maximize"] else 1.0

    def evaluate(self) -> tuple[Any, float, Any]:
        """What the closure returned, the loss as a number, and the gradient."""
        returned = self.closure()
        try:
            loss = float(returned)
        except (TypeError, ValueError):
            raise TypeError(
                located(f"LBFGS: the closure returns the loss, a single number, not {type(returned).__name__}")
            ) from None
        gradients = [p.grad.data if isinstance(p.grad, Value) else p.grad for p in self.params]
        return returned, self.sign * loss, self.sign * np.concatenate([np.ravel(g) for g in gradients])

    def move(self, origin: list[Any], t: float, direction: Any) -> None:
        """Puts the parameters ``t`` times the direction away from the origin."""
        first = 0
        for parameter, start in zip(self.params, origin, strict=True):
            part = direction[first : first + parameter.size]
            first += parameter.size
            if start.__class__ is float:
                parameter.data = start + t * float(part[0])
            else:
                parameter.data = np.asarray(start + t * part.reshape(start.shape), start.dtype)

    def run(self, memory: State) -> tuple[Any, State]:
        """The loss of the start, and what is to be remembered."""
        group = self.group
        m: State = {"n_iter": 0, "func_evals": 0} | memory
        returned, loss, g = self.evaluate()
        m["func_evals"] += 1
        evaluations = 1
        if np.abs(g).max() <= group["tolerance_grad"]:
            return returned, (m if memory else {})
        for iteration in range(1, group["max_iter"] + 1):
            m["n_iter"] += 1
            m = self.with_direction(m, g)
            d = m["d"]
            m["prev_flat_grad"], m["prev_loss"] = g, loss
            m["t"] = group["lr"] * (min(1.0, 1.0 / float(np.abs(g).sum())) if m["n_iter"] == 1 else 1.0)
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            origin = [parameter.data for parameter in self.params]
            used = 0
            if group["line_search_fn"] is not None:

                def at(t: float, origin: list[Any] = origin, d: Any = d) -> Point:
                    self.move(origin, t, d)
                    _, value, gradient = self.evaluate()
                    return Point(t, value, gradient, float(gradient @ d))

                most, tolerance = group["max_eval"] - evaluations, group["tolerance_change"]
                start = Point(0.0, loss, g, slope)
                found, used = strong_wolfe(at, start, m["t"], float(np.abs(d).max()), most, tolerance)
                loss, g, m["t"] = found.value, found.gradient, found.t
                self.move(origin, m["t"], d)
            else:
                self.move(origin, m["t"], d)
                if iteration < group["max_iter"]:  # what is evaluated after the last one would not be used
                    _, loss, g = self.evaluate()
                    used = 1
            evaluations += used
            m["func_evals"] += used
            if evaluations >= group["max_eval"] or np.abs(g).max() <= group["tolerance_grad"]:
                break
            if np.abs(d * m["t"]).max() <= group["tolerance_change"]:
                break
            if abs(loss - m["prev_loss"]) < group["tolerance_change"]:
                break
        return returned, m

    def with_direction(self, m: State, g: Any) -> State:
        """The memory with the last step taken up, and the direction to go: -g times the guessed inverse Hessian."""
        if m["n_iter"] == 1:
            return m | {"d": -g, "old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
        dirs, steps, ro, scale = list(m["old_dirs"]), list(m["old_stps"]), list(m["ro"]), m["H_diag"]
        y, s = g - m["prev_flat_grad"], m["d"] * m["t"]
        ys = float(y @ s)
        if ys > 1e-10:
            if len(dirs) == self.group["history_size"]:
                del dirs[0], steps[0], ro[0]
            dirs.append(y)
            steps.append(s)
            ro.append(1.0 / ys)
            scale = ys / float(y @ y)
        q = -g
        along = [0.0] * len(dirs)
        for i in reversed(range(len(dirs))):
            along[i] = float(steps[i] @ q) * ro[i]
            q = q - along[i] * dirs[i]
        d = q * scale
        for i in range(len(dirs)):
            d = d + (along[i] - float(dirs[i] @ d) * ro[i]) * steps[i]
        return m | {"d": d, "old_dirs": dirs, "old_stps": steps, "ro": ro, "H_diag": scale}
