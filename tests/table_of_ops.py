"""Writes autograd_mini/ops/README.md: which functions of NumPy have an op, and what it is called elsewhere.

python -m tests.table_of_ops
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import Value, numpy_protocol, ops
from autograd_mini.ops.numpy_names import FUNCTIONS

PLACE = Path(ops.__file__).parent / "README.md"
VERSION = ".".join(np.__version__.split(".")[:2])

NAMES = {id(getattr(ops, name)): name for name in ops.__all__}

BEGINNING = f"""\
# The ops, and the functions of NumPy that they stand for

Written by `python -m tests.table_of_ops` from the op table and the public names of NumPy {VERSION}; a test compares.

"Here" is the name in `autograd_mini`, "method" that of a `Value`. Each function of NumPy in the first three tables
works on Values, to any order of derivative. One without an op raises a `TypeError` that says what there is instead.

"Keywords" are those of NumPy that a function takes on Values too; another, unless it is left at its default, raises a
`TypeError` that names it. No function takes `out=`, and no ufunc `where=` or `dtype=`.
"""


def functions(namespace: Any) -> Iterator[tuple[str, Any]]:
    """The public functions that take arrays of floats and ask a Value: ufuncs of floats, and what NumPy dispatches."""
    for name in sorted(dir(namespace)):
        function = getattr(namespace, name)
        if name.startswith("_") or isinstance(function, type):
            continue
        is_ufunc = isinstance(function, np.ufunc)
        if (is_ufunc and any(t.startswith("d") for t in function.types)) or hasattr(function, "_implementation"):
            yield name, function


def op_of(function: Any) -> Callable[..., Any] | None:
    """What stands for a function of NumPy."""
    return FUNCTIONS.get(function) or (numpy_protocol.UFUNCS.get(function) if isinstance(function, np.ufunc) else None)


def cells(op: Any, numpy_name: str = "") -> list[str]:
    """Here, method, PyTorch. What only hands NumPy's arguments on to an op counts as the op of that name."""
    name = NAMES.get(id(op)) or (numpy_name if numpy_name in ops.__all__ else "")
    found = re.search(
        r"PyTorch: (?:the values of )?``([^`]+)``", getattr(getattr(ops, name, op), "__doc__", None) or ""
    )
    method = f"`.{name}`" if name and hasattr(Value, name) else ""
    return [f"`{name}`" if name else "", method, f"`{found.group(1)}`" if found else ""]


def keywords_of(function: Any) -> str:
    """The keywords that a function of NumPy takes on Values."""
    named = [] if isinstance(function, np.ufunc) else numpy_protocol.keywords(function)
    return " ".join(f"`{name}`" for name in named)


HEADING = ["NumPy", "here", "method", "PyTorch", "keywords"]


def table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def wrapped(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) + ".\n"


def text() -> str:
    """The whole file."""
    parts = [BEGINNING]
    standing: set[int] = set()
    plain, absent = [], []
    for prefix, namespace in (("np.", np), ("np.linalg.", np.linalg)):
        rows = []
        for name, function in functions(namespace):
            op = op_of(function)
            if op is not None:
                rows.append([f"`{prefix}{name}`", *cells(op, name), keywords_of(function)])
                standing |= {id(op), id(getattr(ops, name, op))}
            elif function in numpy_protocol.PLAIN_RESULTS:
                plain.append(prefix + name)
            else:
                absent.append(prefix + name)
        parts.append(f"## {prefix.rstrip('.')}\n\n{table(HEADING, rows)}")
    methods = [("reduce", numpy_protocol.REDUCE), ("accumulate", numpy_protocol.ACCUMULATE)]
    rows = [[f"`np.{u.__name__}.{method}`", *cells(op)] for method, known in methods for u, op in known.items()]
    parts.append(
        "## Methods of ufuncs\n\n`outer` works for every ufunc of two operands above.\n\n"
        + table(["NumPy", "here", "method", "PyTorch"], sorted(rows))
    )
    others = [name for name in ops.__all__ if id(getattr(ops, name)) not in standing]
    parts.append(
        "## Ops that NumPy has not\n\n"
        + table(["here", "method", "PyTorch"], [cells(getattr(ops, name)) for name in others])
    )
    parts.append("## Plain answers, without a gradient\n\n" + wrapped(plain))
    parts.append("## Not here\n\nOn a Value they raise a `TypeError`.\n\n" + wrapped(absent))
    return "\n".join(parts)


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
