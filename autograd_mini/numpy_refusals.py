"""What is said of a function of NumPy, or of a keyword, that there is none of on Values: what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.ops.caller import located

IN_PLACE = frozenset({np.fill_diagonal, np.put_along_axis, np.put, np.place, np.putmask, np.copyto})

_NO_OUT = (
    "what is differentiated cannot be written into an existing array, by out= or array += value; "
    "write array = array + value"
)
_REMEDIES = {
    "out": _NO_OUT,
    "where": "choose from the result, as in np.where(condition, result, other)",
    "dtype": "convert before, as in x.astype(dtype)",
    "order": "the order of elements in memory is not kept; np.reshape and np.ravel take order='C' and 'F'",
    "overwrite_input": "leave it out, since no Value is ever overwritten",
    "copy": "leave it out, since no Value is ever overwritten",
    "casting": "convert before, as in x.astype(dtype)",
}
# What a person can do instead of what has no op.
_NEAREST = {
    "apply_along_axis": "stack of the results, one for each row",
    "bincount": "sum of what is counted, as in np.sum(np.where(i == np.arange(n)[:, None], weights, 0), axis=1)",
    "cov": "matmul of the distances d = x - np.mean(x, axis=1, keepdims=True), as in d @ d.T / (n - 1)",
    "ediff1d": "diff",
    "einsum_path": "einsum",
    "fft.fft": "cos and np.sin, since there are no complex numbers",
    "geomspace": "power of plain numbers, as in a * (b / a) ** np.linspace(0, 1, n)",
    "interp": "searchsorted for the piece k of x, as in y[k] + (y[k + 1] - y[k]) * (x - t[k]) / (t[k + 1] - t[k])",
    "lexsort": "argsort",
    "linalg.eig": "linalg.eigh, for symmetric matrices",
    "linalg.eigvals": "linalg.eigvalsh, for symmetric matrices",
    "linspace": "linspace of plain numbers, as in a + (b - a) * np.linspace(0, 1, n)",
    "logspace": "power of plain numbers, as in 10 ** (a + (b - a) * np.linspace(0, 1, n))",
    "piecewise": "select",
    "polyfit": "linalg.lstsq(x[:, None] ** np.arange(degree, -1, -1), y)[0]",
    "polyval": "sum of powers, as in np.sum(p * x ** np.arange(len(p))[::-1])",
    "unique": "sort",
    "vander": "power, as in x[:, None] ** np.arange(n)[::-1]",
}


def name_in_numpy(function: Callable[..., Any]) -> str:
    """``linalg.norm``, as it is written after ``np.``."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module}.{function.__name__}".removeprefix("numpy.")


def no_op(name: str) -> TypeError:
    """There is no op for a function of NumPy's, ``np.name``."""
    near = _NEAREST.get(name)
    nearest = f"the nearest is np.{near}" if near else "nothing is near it, autograd_mini/ops/README.md lists all"
    remedy = f"custom_op gives it one; to compute without a gradient, give np.{name} the array, value.data"
    return TypeError(located(f"np.{name} has no derivative here; {nearest}; {remedy}"))


def no_function_of_numpy(name: str) -> TypeError:
    """There is none for a ufunc of somebody else's either."""
    return TypeError(
        located(
            f"{name}, which is no function of NumPy, has no derivative here; custom_op gives it one; "
            f"to compute without a gradient, use {name}(value.data)"
        )
    )


def no_keyword(name: str, refused: list[str], accepted: list[str]) -> TypeError:
    """Keywords stand for nothing here."""
    remedies = [_REMEDIES[keyword] for keyword in refused if keyword in _REMEDIES]
    known = [f"it takes {', '.join(f'{keyword}=' for keyword in accepted)}"] if accepted else []
    named = ", ".join(f"{keyword}=" for keyword in refused)
    return TypeError(located("; ".join([f"np.{name} on a Value takes no {named}", *(remedies or known)])))


def no_writing(name: str) -> TypeError:
    """``out=`` or ``at`` would write what is differentiated into an array that is there."""
    return TypeError(located(f"np.{name}: {_NO_OUT}"))


def no_change(function: Callable[..., Any], target: Any) -> TypeError:
    """A function that is ``IN_PLACE`` would change a Value, or write one into a plain array."""
    name = function.__name__
    into = "change a Value that others were computed from"
    if not hasattr(target, "record"):
        into = "write a Value into a plain array, which cannot hold it"
    instead = f"autograd_mini.{name}" if hasattr(ops, name) else "where(condition, item, array)"
    instead += " (or np.ones(shape) * value, for np.full_like)" if function in (np.copyto, np.full_like) else ""
    return TypeError(located(f"np.{name} would {into}; make a new one with {instead}"))
