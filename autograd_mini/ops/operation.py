"""What a row of the op table is: a forward function and one derivative rule per operand.

A row knows nothing of ``Value``. It is called with operands of any carrier: floats and arrays are
computed at once, and anything else is asked to ``record`` the operation instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import index
from types import FunctionType
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located

Carrier = Any  # a float, an array, or an object with a ``record`` method (Value, Symbol)
Rule = Callable[..., Carrier]

TABLE: dict[str, Operation] = {}
MOST_BOUND = 4096  # rows with parameters that are kept, each row of the table; more are made anew


class Operation:
    """One row: ``forward`` computes it, ``rules[i](g, z, *operands)`` is its derivative.

    A rule gives the contribution to operand ``i`` of the upstream gradient ``g``, where ``z`` is the
    output (PyTorch and JAX call it the vector-Jacobian product). It is ordinary arithmetic, so it
    runs on floats, arrays, Values and Symbols alike; broadcasting is undone by whoever calls it.

    ``ufunc`` is NumPy's function that computes the same, if it is not ``forward`` itself.
    ``scalar`` is ``forward`` for Python floats. It may raise where IEEE arithmetic would not, as
    ``math`` does: ``at_the_limit`` then repeats the computation the IEEE way.
    ``rule_for_each(i, g, z, operands)``, for an op of any number of operands, takes them as one tuple: to hand over a
    million of them a million times, one by one, would cost their square.
    ``params`` names the static parameters (axis, shape, index), which ``bind`` fills in.
    """

    in_table = True  # not so a row of the user's, which others must not come upon by its name

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *rules: Any,  # a Rule each; None for an operand that has no derivative
        scalar: Callable[..., Any] | None = None,
        ufunc: np.ufunc | None = None,
        rule_for_each: Rule | None = None,
        symbol: str | None = None,
        doc: str | None = None,
        params: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.forward = forward
        self.rules = rules
        self.scalar = scalar or forward
        wrapped = getattr(forward, "__wrapped__", forward)
        self.ufunc = ufunc or (wrapped if isinstance(wrapped, np.ufunc) else None)
        self.rule_for_each = rule_for_each
        self.most = math.inf if rule_for_each else len(rules)  # so many operands
        self.symbol = symbol or name
        self.param_names = params
        self.params: dict[str, Any] = {}  # of a bound row: their values
        self.__doc__ = doc
        self._bound: dict[tuple[Any, ...], Operation] = {}
        if self.in_table:
            TABLE[name] = self

    def __call__(self, *operands: Carrier) -> Carrier:
        """The result for plain floats and arrays, a float for floats; or whatever another carrier records."""
        if len(operands) > self.most:  # NumPy's functions would write into one more
            raise too_many(self, len(operands))
        all_floats, floating, foreign = True, True, False
        for operand in operands:
            kind = operand.__class__
            if kind is float:
                continue
            all_floats = False  # the arithmetic of floats would lose the dtype
            if kind is np.ndarray:
                floating = floating and operand.dtype.kind == "f"
            elif kind in PLAIN:
                floating = floating and kind in SMALL_FLOATS
            elif hasattr(operand, "record"):
                if self.rule_for_each or len(operands) > 2:
                    return operand.record(self, operands)
                if operands[0].__class__ is tuple:  # which ``record`` takes for all of the operands
                    operands = (list(operands[0]), *operands[1:])
                return operand.record(self, *operands)
            elif is_foreign(operand):
                foreign = True
                floating = floating and operand.dtype.kind == "f"
            else:
                floating = False
        if not floating:
            return self(*as_carriers(*operands))
        if all_floats:
            try:
                return as_data(self.scalar(*operands))
            except (ArithmeticError, ValueError):
                return self.at_the_limit(*operands)
        return as_data(guarded(self.name, self.forward, *operands) if foreign else self.forward(*operands))

    def at_the_limit(self, *operands: float) -> float:
        """What IEEE arithmetic says where ``math`` raises: 1/0 is inf, log(-1) is nan."""
        with np.errstate(all="ignore"):
            return float(self.forward(*map(np.float64, operands)))

    def on(self, x: Carrier, *params: Any) -> Carrier:
        """This row on one operand, with static parameters."""
        kind = x.__class__
        if not (x.dtype.char in "efd" if kind is np.ndarray else kind is float or kind in SMALL_FLOATS):
            if hasattr(x, "record"):
                return x.record(self.bind(*params), x)
            x = as_floating(x)
            if is_foreign(x):
                return as_data(
                    guarded(self.name, partial(self.forward, **dict(zip(self.param_names, params, strict=True))), x)
                )
        return as_data(self.forward(x, *params))

    def bind(self, *params: Any) -> Operation:
        """This row with its static parameters filled in, made once for the same ones."""
        try:
            bound = self._bound.get(params)
        except TypeError:  # an index array cannot be a key, nor a slice before Python 3.12
            return self._filled_in(params)
        if bound is None:
            if len(self._bound) >= MOST_BOUND:
                self._bound.clear()
            bound = self._bound[params] = self._filled_in(params)
        return bound

    def _filled_in(self, params: tuple[Any, ...]) -> Operation:
        bound = object.__new__(type(self))  # copy() would give this row itself, as __reduce__ says
        vars(bound).update(vars(self))
        bound.params = dict(zip(self.param_names, params, strict=True))
        bound.forward = _with_params(self.forward, bound.params)
        bound.scalar = _with_params(self.scalar, bound.params)
        bound.rules = tuple(rule and _with_params(rule, bound.params) for rule in self.rules)
        bound.rule_for_each = self.rule_for_each and _with_params(self.rule_for_each, bound.params)
        return bound

    def rule(self, i: int) -> Any:
        """The derivative with respect to operand ``i``."""
        rule = self.rule_for_each
        return (lambda g, z, *operands: rule(i, g, z, operands)) if rule else self.rules[i]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.params.items())})" if self.params else self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return _look_up, (self.name, self.params)

    def __deepcopy__(self, memo: Any) -> Operation:
        return self  # nothing changes a row


def _with_params(f: Callable[..., Any], params: dict[str, Any]) -> Callable[..., Any]:
    """``f`` with its last arguments filled in, as their defaults: a call takes 0.04 us, and that of a partial 0.4."""
    if isinstance(f, FunctionType) and not (f.__defaults__ or f.__kwdefaults__):
        code = f.__code__
        if code.co_varnames[: code.co_argcount][-len(params) :] == tuple(params):
            return FunctionType(code, f.__globals__, f.__name__, tuple(params.values()), f.__closure__)
    return partial(f, **params)


class Pointwise(Operation):
    """A row that acts on each element by itself: its Jacobian is diagonal."""


class Linear(Operation):
    """A row that is linear in each operand: its derivative is its transpose."""


def passed_on(g: Carrier, z: Carrier, x: Carrier, y: Carrier) -> Carrier:
    """The rule of an operand that the upstream gradient is passed on to as it is; backward.py need not call it."""
    return g


def _look_up(name: str, params: dict[str, Any]) -> Operation:
    return TABLE[name].bind(*params.values()) if params else TABLE[name]


SMALL_FLOATS = frozenset({np.float32, np.float16})


def too_many(op: Operation, given: int) -> TypeError:
    """The error for more operands than ``op`` has."""
    takes = f"{op.most} operand{'s' * (op.most > 1)}"
    return TypeError(located(f"{op.name} takes {takes}, and {given} are given"))


DATA = frozenset({np.ndarray, float, *SMALL_FLOATS})  # what a Value holds, but for the arrays of other libraries
PLAIN = frozenset({float, int, bool, np.ndarray, np.float64, np.float32, np.float16, np.bool_})


def as_data(z: Any) -> Any:
    """A result in the form that graphs hold: a Python float, an array, or a NumPy scalar of a smaller float.

    NumPy makes scalars of what has no axes. A float64 is as good as a float, and slower; a float32 keeps its dtype.
    """
    if z.__class__ in DATA:
        return z
    if z.__class__ is np.float64:
        return float(z)
    if isinstance(z, np.floating):
        return z
    return float(z) if isinstance(z, int | np.number) else as_array(z)


def is_foreign(x: Any) -> bool:
    """True for an array of another library that follows NumPy's protocols, such as Dask's or CuPy's."""
    return hasattr(x, "__array_function__") and not isinstance(x, np.ndarray) and not hasattr(x, "record")


class ForeignArrayError(TypeError):
    """What another library, such as Dask, cannot do with its arrays."""


def guarded(op: str, f: Callable[..., Any], *operands: Any) -> Any:
    """``f`` of operands of which some may be another library's: what that library lacks is said, with its own word.

    It raises it from deep inside of it, in any class of errors.
    """
    try:
        return f(*operands)
    except (ArithmeticError, IndexError, np.linalg.LinAlgError):  # of the numbers, not of the library
        raise
    except Exception as cause:
        libraries = {type(x).__module__.partition(".")[0] for x in operands if is_foreign(x)}
        if not libraries:
            raise
        shapes = " and ".join(str(shape_of(x)) for x in operands)
        word = (str(cause).strip() or type(cause).__name__).split("\n")[0]
        raise ForeignArrayError(
            located(
                f"{op} of {shapes}: the arrays of {libraries.pop()} cannot do this ({word}); "
                "give NumPy's, such as x.compute() of Dask and x.get() of CuPy, or use another op"
            )
        ) from cause


def as_array(x: Any) -> Any:
    """Any array as it is, since another library's may be lazy or on a device; all else as NumPy's array."""
    return x if x.__class__ is np.ndarray or is_foreign(x) else np.asarray(x)


def as_carriers(*xs: Any) -> list[Carrier]:
    """Several operands as floats; whole numbers and booleans as NumPy promotes them beside the floats of the others.

    Beside an array of float32 an array of int16 becomes float32, and one of int32 float64.
    """
    for x in xs:
        kind = x.__class__
        if kind is not float and not ((kind is np.ndarray or hasattr(x, "record")) and dtype_of(x).char in "efd"):
            break
    else:
        return list(xs)
    beside = small_floats(xs)
    return [as_floating(x, *beside) for x in xs]


def small_floats(xs: Iterable[Any]) -> list[np.dtype[Any]]:
    """The dtypes of those operands that are float32 or float16."""
    dtypes = [dtype_of(x) for x in xs]
    return [dtype for dtype in dtypes if dtype.char in "ef"]


def as_floating(x: Any, *beside: np.dtype[Any]) -> Any:
    """Plain numbers, lists and arrays as floats: integers and booleans float64, or as NumPy has it ``beside``.

    So is what records whole numbers, as a jitted function's arguments do.
    """
    if x.__class__ is not np.ndarray and not is_foreign(x):
        if hasattr(x, "record"):
            return x if dtype_of(x).kind == "f" else x.astype(_floats_for(x, beside))
        kind = type(x).__name__
        x = np.asarray(x)[()]
        if not hasattr(x, "dtype"):
            raise TypeError(
                located(
                    f"an op takes a number, an array or a Value, and not a {kind}; make one array of several with "
                    f"stack([...]), or add them up with {_PYTHONS}"
                )
            )
    if x.dtype.char in "efd":
        return as_data(x)
    if isinstance(x, np.generic):
        return float(x)
    return x.astype(_floats_for(x, beside))


def _floats_for(x: Any, beside: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    return np.result_type(x.dtype, *beside) if beside else _FLOAT64


_PYTHONS = "builtins.sum (from autograd_mini import * hides Python's sum, max and min)"


def shape_of(x: Carrier) -> tuple[int, ...]:
    """The shape of any carrier; a number has shape ()."""
    return getattr(x, "shape", ())


def map_data(f: Callable[[Any], Any], x: Carrier) -> Any:
    """``f`` of the plain data of ``x``, for what has no gradient; in a jitted function it is computed at each call."""
    return x.map_data(f) if hasattr(x, "map_data") else f(as_floating(x))


def data_of(x: Carrier) -> Any:
    """The data of what records; a plain number or array as it is."""
    return x.data if hasattr(x, "record") else x


def dtype_of(x: Carrier) -> np.dtype[Any]:
    """The dtype of any carrier; a number is a float64."""
    return getattr(x, "dtype", _FLOAT64)


_FLOAT64 = np.dtype(np.float64)


def quiet(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` without NumPy's floating-point warnings: a nan or an inf is its answer, as for scalars."""

    def silent(*operands: Any) -> Any:
        with np.errstate(all="ignore"):
            return f(*operands)

    silent.__wrapped__ = f  # type: ignore[attr-defined]  # the row looks for a ufunc here
    return silent


def as_axis(axis: Any) -> int | tuple[int, ...] | None:
    """An axis, or several, as plain ints: 1, True and np.int64(1) are one, and 1.0 is none."""
    if axis is None or axis.__class__ is int:
        return axis
    try:
        return tuple(map(index, axis)) if isinstance(axis, tuple | list) else index(axis)
    except TypeError:
        raise TypeError(
            located(
                f"an axis is a whole number or a tuple of them, not a {type(axis).__name__}; of two, x and y, "
                f"the larger is maximum(x, y), the smaller minimum(x, y), and sum(list, start) is {_PYTHONS}"
            )
        ) from None


def as_keepdims(keepdims: Any) -> bool:
    """``keepdims``, if it is a boolean: in NumPy's methods the places after the axis are ``dtype`` and ``out``."""
    if keepdims.__class__ is bool or isinstance(keepdims, np.bool_):
        return bool(keepdims)
    raise TypeError(
        located(
            f"keepdims is True or False, not {keepdims!r}; several axes are a tuple, axis=(0, 1), "
            "and what else is given is named, as in initial=0.0"
        )
    )


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape, or an order of axes, as a tuple of plain ints."""
    try:
        several = isinstance(shape, tuple | list | range) or (isinstance(shape, np.ndarray) and shape.ndim)
        return tuple(map(index, shape)) if several else (index(shape),)
    except TypeError:
        raise TypeError(located(f"a shape, or an order of axes, is whole numbers, and not {shape!r:.80}")) from None


def normalize_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Every reduced axis as a number in [0, ndim), ``None`` meaning all of them; a number has none."""
    if axis is None or not ndim:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))
