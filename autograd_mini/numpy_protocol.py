"""NumPy's functions on Values: ``np.exp(value)`` and ``array * value`` become ops of the table, or a TypeError."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import TABLE, Carrier

# NumPy's ufuncs by the rows that compute the same.
UFUNCS: dict[Any, Callable[..., Carrier]] = {row.ufunc: row for row in TABLE.values() if row.ufunc}

# Comparisons and tests have no gradient: they look at the data and give plain booleans.
PLAIN_RESULTS = frozenset(
    {
        *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
        *(np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose, np.array_equal),
        *(np.shape, np.ndim, np.size, np.argmax, np.argmin, np.any, np.all, np.count_nonzero),
        *(np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.array_repr, np.array_str),
    }
)


def _where(condition: Any, *branches: Any) -> Carrier:
    if len(branches) != 2:
        raise TypeError(located("np.where on a Value needs both branches: np.where(condition, x, y)"))
    return ops.where(condition, *branches)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Carrier:
    return ops.clip(a, a_min if min is None else min, a_max if max is None else max)


# Named by NumPy's own parameter names, so that keywords work as they do on arrays.
FUNCTIONS: dict[Any, Callable[..., Carrier]] = {
    np.sum: lambda a, axis=None, keepdims=False: ops.sum(a, axis, keepdims),
    np.mean: lambda a, axis=None, keepdims=False: ops.mean(a, axis, keepdims),
    np.var: lambda a, axis=None, ddof=0, keepdims=False: ops.var(a, axis, ddof, keepdims),
    np.std: lambda a, axis=None, ddof=0, keepdims=False: ops.std(a, axis, ddof, keepdims),
    np.max: lambda a, axis=None, keepdims=False: ops.max(a, axis, keepdims),
    np.amax: lambda a, axis=None, keepdims=False: ops.max(a, axis, keepdims),
    np.min: lambda a, axis=None, keepdims=False: ops.min(a, axis, keepdims),
    np.amin: lambda a, axis=None, keepdims=False: ops.min(a, axis, keepdims),
    np.reshape: lambda a, shape: ops.reshape(a, shape),
    np.ravel: lambda a: ops.reshape(a, -1),
    np.transpose: lambda a, axes=None: ops.transpose(a, axes),
    np.expand_dims: lambda a, axis: ops.expand_dims(a, axis),
    np.squeeze: lambda a, axis=None: ops.squeeze(a, axis),
    np.broadcast_to: lambda array, shape: ops.broadcast_to(array, shape),
    np.concatenate: lambda arrays, axis=0: ops.concatenate(arrays, axis),
    np.stack: lambda arrays, axis=0: ops.stack(arrays, axis),
    np.where: _where,
    np.clip: _clip,
}


def call_ufunc(ufunc: np.ufunc, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What ``np.exp(value)`` and ``array * value`` come to."""
    row = UFUNCS.get(ufunc)
    if row and method == "__call__" and not options:
        return row(*operands)
    name = ufunc.__name__
    if "out" in options:
        raise TypeError(
            located(
                f"np.{name}: what is differentiated cannot be written into an existing array, "
                "by out= or by array += value; write array = array + value"
            )
        )
    if method == "reduce" and ufunc in _REDUCE and not set(options) - {"axis", "keepdims"}:
        axis = options.get("axis", 0)
        return _REDUCE[ufunc](*operands, axis=axis, keepdims=options.get("keepdims", False))
    if method != "__call__":
        raise _unknown(f"{name}.{method}")
    if ufunc in PLAIN_RESULTS:
        return ufunc(*map(_data_of, operands), **options)
    if row:
        raise TypeError(located(f"np.{name} on a Value takes no {', '.join(options)}"))
    raise _unknown(name)


_REDUCE: dict[Any, Callable[..., Carrier]] = {np.add: ops.sum, np.maximum: ops.max, np.minimum: ops.min}


def call_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``np.sum(value)`` and the other functions of NumPy that are no ufuncs come to."""
    if function in PLAIN_RESULTS:
        return function(*map(_data_of, args), **{name: _data_of(value) for name, value in kwargs.items()})
    ours = FUNCTIONS.get(function)
    if ours is None:
        raise _unknown(f"{function.__module__}.{function.__name__}".removeprefix("numpy."))
    try:
        return ours(*args, **{name: value for name, value in kwargs.items() if value is not np._NoValue})
    except TypeError as error:
        if "unexpected keyword" not in str(error) and "positional argument" not in str(error):
            raise
        raise TypeError(located(f"np.{function.__name__} on a Value: {str(error).split('() ')[-1]}")) from None


_INSTEAD = {
    **{"square": "power", "prod": "multiply", "hstack": "stack", "vstack": "stack"},
    **dict.fromkeys(["dot", "inner", "vdot"], "matmul"),
}


def _unknown(name: str) -> TypeError:
    known = sorted({f.__name__ for f in (*UFUNCS, *FUNCTIONS)})
    near = difflib.get_close_matches(name.split(".")[-1], known, n=1, cutoff=0.65)
    near = [_INSTEAD[name]] if name in _INSTEAD else near
    nearest = f"the nearest is np.{near[0]}" if near else f"there are {', '.join(known)}"
    remedy = f"to compute without a gradient, use np.{name}(value.data)"
    return TypeError(located(f"np.{name} has no derivative here; {nearest}; {remedy}"))


def _data_of(x: Any) -> Any:
    return x.data if hasattr(x, "record") else x
