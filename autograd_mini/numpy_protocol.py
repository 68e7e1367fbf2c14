"""NumPy's functions on Values: ``np.exp(value)`` and ``array * value`` become ops of the table, or a TypeError."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from inspect import Signature
from inspect import signature as read_signature
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.numpy_refusals import (
    IN_PLACE,
    name_in_numpy,
    no_change,
    no_function_of_numpy,
    no_keyword,
    no_op,
    no_writing,
)
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import TABLE, Carrier, as_floating, data_of, shape_of
from autograd_mini.ops.shape import astype

# NumPy's ufuncs by the rows that compute the same; those that come to several rows are in FUNCTIONS.
UFUNCS: dict[Any, Callable[..., Carrier]] = {row.ufunc: row for row in TABLE.values() if row.ufunc}

# Comparisons, tests, indices and files have no gradient: they look at the data, and give plain booleans and integers.
PLAIN_RESULTS = frozenset(
    {
        *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
        *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.isin),
        *(np.isnan, np.isinf, np.isfinite, np.isneginf, np.isposinf, np.signbit),
        *(np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj),
        *(np.isclose, np.allclose, np.array_equal, np.array_equiv, np.any, np.all, np.count_nonzero),
        *(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.searchsorted, np.digitize),
        *(np.nonzero, np.flatnonzero, np.argwhere),
        *(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from),
        *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.linalg.matrix_rank),
        *(np.zeros_like, np.ones_like, np.empty_like, np.full_like),
        *(np.array_repr, np.array_str, np.array2string),
        *(np.save, np.savetxt, np.savez, np.savez_compressed),
    }
)

# The methods of a ufunc by what they come to along an axis.
REDUCE: dict[Any, Callable[..., Carrier]] = {
    np.add: ops.sum,
    np.multiply: ops.prod,
    np.maximum: ops.max,
    np.minimum: ops.min,
    np.fmax: ops.nanmax,
    np.fmin: ops.nanmin,
    np.logaddexp: ops.logsumexp,
}
ACCUMULATE: dict[Any, Callable[..., Carrier]] = {
    np.add: ops.cumsum,
    np.multiply: ops.cumprod,
    np.maximum: ops.cummax,
    np.minimum: ops.cummin,
    np.logaddexp: ops.logcumsumexp,
}

# Ufuncs that are not among NumPy's functions: those of scipy.special by name, and what array.clip calls.
_SCIPYS = {"erf": ops.erf, "erfinv": ops.erfinv, "expit": ops.sigmoid, "gammaln": ops.lgamma, "psi": ops.digamma}
_CLIP: Any = sys.modules["numpy._core.umath"].clip  # it has no public name


def call_ufunc(ufunc: np.ufunc, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What ``np.exp(value)`` and ``array * value`` come to."""
    row = UFUNCS.get(ufunc) or FUNCTIONS.get(ufunc) or _elsewhere(ufunc)
    if row and method == "__call__" and not options:
        return row(*operands)
    if getattr(np, ufunc.__name__, None) is not ufunc and not row:
        raise no_function_of_numpy(ufunc.__name__)
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    if "out" in options or method == "at":
        raise no_writing(name)
    if ufunc in PLAIN_RESULTS:
        return getattr(ufunc, method)(*map(data_of, operands), **options)
    along = {"reduce": REDUCE, "accumulate": ACCUMULATE}.get(method, {}).get(ufunc)
    accepted = set(signature(along).parameters) - {"x"} if along else set()
    options = {name: value for name, value in options.items() if value is not np._NoValue}
    if along and not set(options) - accepted:
        return along(*operands, **{"axis": 0, **options})
    if row and method == "__call__" and set(options) <= set(signature(row).parameters):
        return row(*operands, **options)  # such as axis= of np.vecdot
    if row and method == "outer" and not options:
        x, y = map(as_floating, operands)
        return row(ops.reshape(x, shape_of(x) + (1,) * len(shape_of(y))), y)
    if along or (row and method in ("__call__", "outer")):
        raise no_keyword(name, sorted(set(options) - accepted), sorted(accepted))
    raise no_op(name)


def _elsewhere(ufunc: np.ufunc) -> Callable[..., Carrier] | None:
    """What computes the same as a ufunc that is not among NumPy's functions: of ``scipy.special``, or array.clip."""
    if ufunc is _CLIP:
        return ops.clip
    special = sys.modules.get("scipy.special")
    return _SCIPYS.get(ufunc.__name__) if getattr(special, ufunc.__name__, None) is ufunc else None


def call_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``np.sum(value)`` and the other functions of NumPy that are no ufuncs come to."""
    if function in PLAIN_RESULTS:
        if function is np.full_like and any([_needs_gradient(x) for x in (*args[1:], kwargs.get("fill_value"))]):
            raise no_change(function, None)
        return function(*map(data_of, args), **{name: data_of(value) for name, value in kwargs.items()})
    ours = FUNCTIONS.get(function)
    if function in IN_PLACE:
        raise no_change(function, args[0])
    if ours is None:
        raise no_op(name_in_numpy(function))
    given = {name: value for name, value in kwargs.items() if value is not np._NoValue}
    operands, given = _by_our_names(function, ours, args, given)
    return ours(*operands, **given)


@cache
def signature(function: Callable[..., Any]) -> Signature:
    """How a function is called, which takes longer to find out than most functions take to compute.

    Raises ``ValueError`` for what NumPy wrote in C and tells no signature of.
    """
    return read_signature(function)


def _by_our_names(
    function: Callable[..., Any], ours: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of NumPy's function for our op: operands by position, and what else is given by name."""
    try:
        bound = signature(function).bind(*args, **kwargs)
    except ValueError:  # NumPy tells no signature of what it wrote in C
        operands, given, defaults = list(args), kwargs, dict.fromkeys(kwargs)
    else:
        theirs = [p for p in bound.signature.parameters.values() if p.name in bound.arguments]
        if any([p.kind is p.VAR_POSITIONAL for p in theirs]):
            operands, given = list(args), kwargs
        else:
            number = _operand_count(ours)
            operands = [bound.arguments[p.name] for p in theirs[:number]]
            given = {p.name: bound.arguments[p.name] for p in theirs[number:] if p.kind is not p.VAR_KEYWORD}
            for p in theirs:
                given.update(bound.arguments[p.name] if p.kind is p.VAR_KEYWORD else {})  # the options of np.pad
        defaults = {p.name: p.default for p in bound.signature.parameters.values()}
    names = signature(ours).parameters
    unknown = {name: value for name, value in given.items() if name not in names}
    if "dtype" in defaults and unknown.get("dtype") is not None:  # NumPy computes in it
        dtype = unknown.pop("dtype")
        several = isinstance(operands[0], list | tuple)
        operands[0] = [astype(x, dtype) for x in operands[0]] if several else astype(operands[0], dtype)
    refused = [name for name, value in unknown.items() if name not in defaults or value is not defaults[name]]
    if refused:
        raise no_keyword(name_in_numpy(function), refused, keywords(function))
    return operands, {name: value for name, value in given.items() if name in names}


@cache
def _operand_count(op: Callable[..., Any]) -> int:
    """How many arguments an op cannot do without."""
    parameters = signature(op).parameters.values()
    return len([p for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL])


def keywords(function: Callable[..., Any]) -> list[str]:
    """The keywords of a function of NumPy that it takes on Values too; those of its operands are left out.

    >>> keywords(np.sum)
    ['axis', 'dtype', 'initial', 'keepdims', 'where']
    """
    try:
        theirs = [p.name for p in signature(function).parameters.values() if p.default is not p.empty]
    except ValueError:  # NumPy tells no signature of what it wrote in C
        theirs = []
    ours = {p.name for p in signature(FUNCTIONS[function]).parameters.values() if p.default is not p.empty}
    return sorted([name for name in theirs if name in ours or name == "dtype"])


def _needs_gradient(x: Any) -> bool:
    return hasattr(x, "record") and x.requires_grad
