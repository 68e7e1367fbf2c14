"""Runs one program in every way there is, and says what differs: eager, jitted, with a graph of gradients, PyTorch.

PyTorch computes in float64, from the very same numbers. What may differ is stated here once:

- By rounding. A difference within the gallery's tolerance is none. A larger one is, unless PyTorch's own answer moves
  as much when each of its steps, forward and backward, is rounded otherwise, at random and as coarsely as the program's
  coarsest dtype (Monte Carlo arithmetic, Parker 1997). In programs of ties equal numbers are rounded equally, and short
  ones, such as 0.5, not at all; gradients are always rounded, since no tie hangs on them.
- Where numbers are odd: nan, inf, or near the ends of the range. Then the gallery's twins, which are PyTorch's in their
  domain, need not be: eager and jit are compared, and PyTorch only where it has a function of the op's own. Its results
  must be ours (but for three ops that let a nan be seen), and its gradients where both are finite: one engine's 0 * inf
  is the other's 0. Not where numbers are too small for all of their bits, nor second derivatives: PyTorch's are not
  good enough near such numbers.
- Where numbers tie. Which of equal numbers a sort moves where is its own affair, and so is the second derivative at a
  kink; all else is PyTorch's. Tame numbers may come to a kink too, as the deviation of equal ones is 0: there PyTorch's
  nan of second order need not be ours.
- Beyond the range of float16, and of float32 where numbers are odd, which PyTorch's float64 does not leave; and where
  either adds up a thousand numbers.
- To second order of float16 and float32, whose terms may cancel within an op, where no rounding of steps shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch

from autograd_mini import Value, jit, ops
from autograd_mini.compiler import native
from autograd_mini.compiler.errors import JitError
from tests.fuzz.programs import LONG, ODD, TAME, TIES, Program, weights

TOLERANCE = {"float64": (1e-10, 1e-12), "float32": (1e-5, 2e-6), "float16": (1e-2, 5e-3)}  # relative, absolute
ROUNDING = {"float64": 1e-14, "float32": 5e-7, "float16": 4e-3}
AMPLIFIED = 30.0  # times what the random roundings came to: there are two of them, and one may be lucky
SORTING = {
    *("median", "nanmedian", "partition", "percentile", "nanpercentile", "quantile", "nanquantile", "sort"),
}
# Their zeros are not exactly 0, or not of PyTorch's sign.
APPROXIMATED = {
    *("digamma", "erf", "erfinv", "fmod", "lgamma", "logaddexp", "logaddexp2", "polygamma", "remainder", "sinc"),
}
# The gallery's twins of these, by recurrence, do not give equal numbers where they are equal: lgamma(1) and lgamma(2).
BY_RECURRENCE = {"digamma", "lgamma", "polygamma"}
NAN_STAYS_VISIBLE = {"abs", "elu", "sign"}  # see test_kinks.py
# PyTorch's backward takes logarithms of the positive and of the negative part of a gradient; a nan is in neither.
GRADIENT_LOSES_NAN = {"logcumsumexp"}
# In PyTorch's vectorised loop they are nan where the quotient overflows; in its loop over single numbers they are C's.
NAN_WHERE_VECTORISED = {"fmod", "remainder"}
MANY = 1000  # numbers of float16, whose sum may stand still, or of float32, whose sum may cancel

Numbers = dict[str, list[Any]]


@dataclass(frozen=True)
class Difference:
    """What differs, and between what."""

    ways: str
    kind: str  # of what differs: a result, a gradient, a second gradient
    place: int
    expected: Any
    actual: Any

    def __str__(self) -> str:
        with np.printoptions(threshold=LONG):
            texts = f"\n  expected {self.expected!r}\n  actual   {self.actual!r}"
        return f"{self.ways}: {self.kind} {self.place} differs{self._most()}{texts}"

    def _most(self) -> str:
        """Which element differs most, where one cannot see them all."""
        e, a = np.asarray(self.expected), np.asarray(self.actual)
        if e.size <= LONG or e.shape != a.shape:
            return ""
        far = np.where(np.isclose(a, e, 0, 0, equal_nan=True), 0.0, np.nan_to_num(np.abs(a - e), nan=np.inf))
        at = tuple(map(int, np.unravel_index(np.argmax(far), e.shape)))
        return f", most at {at}: {e[at]!r}, {a[at]!r}"


class Undefined(Exception):
    """This program has no answer to compare: a matrix was singular, say. The message is the error's."""


# ---------------------------------------------------------------- running


def eager(program: Program, function: Any = None) -> Numbers:
    """The results and the leaves' gradients; of ``function``, by default the program itself on Values."""
    values = [Value(leaf.data) for leaf in program.leaves]
    total, *results = (function or _of_program(program))(*values)
    total.backward()
    numbers = {"result": [z.data for z in results], "gradient": [x.grad for x in values]}
    if results[-1].requires_grad:  # a jitted function has a backward for each of its outputs
        for x in values:
            x.zero_grad()
        results[-1].backward(weights(results[-1]))
        numbers["gradient of the last result"] = [x.grad for x in values]
    return numbers


def twice(program: Program) -> Numbers:
    """The gradients as graphs, and the gradients of their weighted sum."""
    values = [Value(leaf.data) for leaf in program.leaves]
    _of_program(program)(*values)[0].backward(create_graph=True)
    gradients = [x.grad for x in values]
    for x in values:
        x.zero_grad()
    second = sum([ops.sum(g * weights(g)) for g in gradients if isinstance(g, Value)])
    if isinstance(second, Value) and second.requires_grad:
        second.backward()
    plain = [g.data if isinstance(g, Value) else g for g in gradients]
    return {"gradient": plain, "second gradient": [x.grad for x in values]}


def _of_program(program: Program) -> Any:
    def f(*leaves: Any) -> list[Any]:
        results = program.run(leaves)
        return [program.total(results), *[results[i] for i in program.sinks]]

    return f


def pytorch(program: Program, second: bool, rounding: float = 0.0, key: float = 0.0, least: float = 0.0) -> Numbers:
    """The same of PyTorch in float64, where ``rounding`` is the relative size of an error at each step.

    ``least``, with the sign of ``key``, is the error of numbers too small for another.
    """
    leaves = [torch.tensor(np.array(leaf.data, "float64", order="C"), requires_grad=True) for leaf in program.leaves]
    has_ties = program.kind != TAME
    results = [_jolted(x, rounding, key, has_ties) for x in leaves]
    for step in program.steps:
        operands = [results[i] for i in step.operands]
        if rounding:  # each use is rounded by itself, but where ties hang on it only on the way back
            operands = [
                _rounded_on_the_way_back(
                    x.view_as(x) if has_ties else _jolted(x, rounding, key + k, has_ties), rounding, key + k
                )
                for k, x in enumerate(operands, 1)
            ]
        if step.call.op in NAN_WHERE_VECTORISED:
            operands = [torch.stack([x, x], -1)[..., 0] for x in operands]  # apart in memory
        z = step.call.twin(*operands).double()
        if step.call.op in APPROXIMATED:
            z = z + float(np.copysign(rounding, key))
        results.append(_jolted(z, rounding, key, has_ties, least))
    sinks = [results[i] for i in program.sinks]
    total = torch.stack([(z * _weights(z)).sum() for z in sinks]).sum()
    options = {"allow_unused": True, "materialize_grads": True}
    gradients = (
        torch.autograd.grad(total, leaves, create_graph=second, **options)
        if total.requires_grad
        else [torch.zeros_like(x) for x in leaves]
    )
    numbers = {"result": _plain(sinks), "gradient": _plain(gradients)}
    if second:
        again = torch.stack([(g * _weights(g)).sum() for g in gradients]).sum()
        seconds = (
            torch.autograd.grad(again, leaves, **options)
            if again.requires_grad
            else [torch.zeros_like(x) for x in leaves]
        )
        numbers["second gradient"] = _plain(seconds)
    return numbers


def _plain(tensors: Sequence[torch.Tensor]) -> list[Any]:
    return [x.numpy(force=True) for x in tensors]


def _weights(z: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(weights(z), dtype=torch.float64)


def _jolted(z: torch.Tensor, rounding: float, key: float, has_ties: bool, least: float = 0.0) -> torch.Tensor:
    """``z``, rounded otherwise: by its own digits, so that equal numbers stay so; short ones not if it ``has_ties``."""
    if not rounding:
        return z
    x = z.detach()
    kept = (torch.frac(x * 64) == 0) & has_ties
    too_small = torch.where(kept | (x == 0), 0.0, float(np.copysign(least, key)))
    return z * (1 + rounding * torch.where(kept, 0.0, _error(x, key))) + too_small


def _rounded_on_the_way_back(z: torch.Tensor, rounding: float, key: float) -> torch.Tensor:
    """``z``, whose gradient is rounded otherwise, so that contributions that cancel leave what rounding leaves."""
    if z.requires_grad:  # and a gradient that PyTorch leaves out, as that of a sign, is None
        z.register_hook(lambda g: g if g is None else g * (1 + rounding * _error(g.detach(), key)))
    return z


def _error(x: torch.Tensor, key: float) -> torch.Tensor:
    """Numbers between -1 and 1, by the digits of ``x``."""
    return torch.where(torch.isfinite(x), torch.sin(torch.frexp(x)[0] * key), 0.0)


# ---------------------------------------------------------------- judging


def difference(program: Program, *, second: bool = True, on_numba: bool = False) -> Difference | None:
    """The first difference between the ways to run ``program``. Raises ``Undefined`` if it has no answer."""
    second = second and all(step.call.second_order for step in program.steps)
    with np.errstate(all="ignore"):
        try:
            return _first_difference(program, second, on_numba)
        except (np.linalg.LinAlgError, ZeroDivisionError) as error:
            raise Undefined(str(error)) from error


def _first_difference(program: Program, second: bool, on_numba: bool) -> Difference | None:
    expected = eager(program)
    judge = _Judge(program, second)
    return (
        _of_another_kind(program, expected)
        or judge.first("Values and plain numbers", _of_plain_numbers(program), lambda: expected)
        or judge.first("jit and eager", expected, lambda: _jitted(program, on_numba))
        or (judge.first("create_graph and eager", expected, lambda: judge.second) if second else None)
        or judge.first("PyTorch and this engine", judge.promised(), lambda: {**judge.second, **expected}, torch=True)
    )


def _of_plain_numbers(program: Program) -> Numbers:
    """Of arrays as they lie in memory. Odd ones lie as a Value's copy does: a sum that overflows on its way is inf or
    nan by the order in which it is added up, and BLAS has another one than NumPy's loop over what is strided.
    """
    if _has_a_stronger_number(program):
        return {}
    results = program.run([Value(leaf.data).data if program.kind == ODD else leaf.data for leaf in program.leaves])
    return {"result": [results[i] for i in program.sinks]}


def _has_a_stronger_number(program: Program) -> bool:
    """True if Python's operators see a float64 array without axes beside smaller floats, as ``-y`` in ``x % -y`` may.

    NumPy's result is an np.float64, which makes float64 of the other operand. A Value's is a Python float, which takes
    the dtype of the other, as numbers do.
    """
    datas = [leaf.data for leaf in program.leaves]
    strong = {i for i, x in enumerate(datas) if not np.ndim(x) and getattr(x, "dtype", None) == np.float64}
    return any(getattr(x, "dtype", np.float64) != np.float64 for x in datas) and any(
        step.call.ours_text.startswith("CALLS") and not strong.isdisjoint(step.operands) for step in program.steps
    )


def _jitted(program: Program, on_numba: bool) -> Numbers:
    """Of a replay: the first call, which traces, sees other numbers of the same shapes."""
    with nullcontext() if on_numba else mock.patch.object(native, "is_installed", return_value=False):
        replayed = jit(_of_program(program))
        try:
            with suppress(np.linalg.LinAlgError):  # those may be out of an op's domain
                halves = [leaf.data * 0.5 for leaf in program.leaves]
                replayed(
                    *[
                        Value(x if isinstance(leaf.data, float) else np.asarray(x))  # one without axes stays an array
                        for leaf, x in zip(program.leaves, halves, strict=True)
                    ]
                )
            return eager(program, replayed)
        except JitError:
            return {}


def _of_another_kind(program: Program, numbers: Numbers) -> Difference | None:
    """A gradient has the shape and the dtype of its leaf."""
    for i, (leaf, g) in enumerate(zip(program.leaves, numbers["gradient"], strict=True)):
        x = leaf.data
        if type(g) is not type(x) or np.shape(g) != np.shape(x) or np.asarray(g).dtype != np.asarray(x).dtype:
            return Difference("a leaf and its gradient", "the type of gradient", i, x, g)
    return None


def _has_few_bits(x: Any) -> bool:
    """True if there are numbers below the normal ones of float64: a product rounds them by as much as they are."""
    return bool(np.any((x != 0) & (np.abs(x) < np.finfo("float64").tiny)))


class _Judge:
    """Compares, and asks PyTorch for what rounding may do only where something differs."""

    def __init__(self, program: Program, second: bool) -> None:
        self.program, self.with_second = program, second
        datas = [np.asarray(leaf.data).dtype for leaf in program.leaves]
        names = [step.call.dtype for step in program.steps]
        self.dtype = min([*datas, *[np.dtype(n) for n in names if n]], key=lambda dtype: dtype.itemsize).name
        self.second = twice(program) if second else {}
        self.torch = self._pytorch()
        self.noisy: list[Numbers] | None = None

    def _pytorch(self, *rounding: float) -> Numbers:
        try:
            return pytorch(self.program, self.with_second, *rounding)
        except RuntimeError as error:
            raise Undefined(f"PyTorch: {str(error).splitlines()[0]}") from error

    def promised(self) -> Numbers:
        """What PyTorch says that must be the same here."""
        steps, kind, numbers = self.program.steps, self.program.kind, dict(self.torch)
        if self.dtype != "float64" and max([np.size(x) for x in self.torch["result"]]) > MANY:
            return {}
        if kind == ODD and (
            self.dtype != "float64"
            or any(step.call.twin_text.startswith("CALLS") or step.call.op in NAN_STAYS_VISIBLE for step in steps)
        ):
            return {}
        if kind != TAME or self.dtype != "float64":
            numbers.pop("second gradient", None)
        is_loose = kind == TIES and any(step.call.op in SORTING | BY_RECURRENCE for step in steps)
        if is_loose or any(_has_few_bits(np.asarray(leaf.data)) for leaf in self.program.leaves):
            numbers.pop("gradient")
        return numbers

    def first(self, ways: str, expected: Numbers, run: Any, torch: bool = False) -> Difference | None:
        actual = run()
        for what in expected.keys() & actual.keys():
            for i, (e, a) in enumerate(zip(expected[what], actual[what], strict=True)):
                if not self._agree(e, a, what, i, torch):
                    return Difference(ways, what, i, e, a)
        return None

    def _agree(self, expected: Any, actual: Any, what: str, i: int, torch: bool) -> bool:
        if np.shape(expected) != np.shape(actual):
            return False
        if not torch and getattr(expected, "dtype", float) != getattr(actual, "dtype", float):
            return False
        e, a = (np.asarray(x, "float64") for x in (expected, actual))
        relative, absolute = TOLERANCE[self.dtype]
        if torch and (self.dtype == "float16" or (self.program.kind == ODD and what != "result")):
            both = np.isfinite(e) & np.isfinite(a)
            e, a = np.where(both, e, 0), np.where(both, a, 0)
        wrong = ~np.isclose(a, e, relative, absolute, equal_nan=True)
        if self.program.kind == ODD and what != "result":
            wrong &= ~(np.isnan(e) & (a == 0))  # a program leaves out what nothing comes of, and with it 0 * inf
        if torch and what != "result" and not GRADIENT_LOSES_NAN.isdisjoint(self.program.ops):
            wrong &= ~(np.isnan(a) & np.isfinite(e))
        if torch and what == "second gradient":
            wrong &= ~(np.isnan(e) & np.isfinite(a))  # at a kink: 0 * inf, where PyTorch's first gradient hides the inf
        if not wrong.any():
            return True
        if self.noisy is None:
            least = float(np.finfo(self.dtype).smallest_subnormal)
            self.noisy = [self._pytorch(ROUNDING[self.dtype], key, least) for key in (12345.678, -98765.43)]
        known = what if what in self.torch else "gradient"  # of the total, whose part the last result's is
        moved = [np.abs(noisy[known][i] - self.torch[known][i]) for noisy in self.noisy]
        most = np.max([np.where(np.isfinite(m), m, np.inf) for m in moved], initial=0.0)
        return bool(np.all(np.abs(a - e)[wrong] <= AMPLIFIED * most))
