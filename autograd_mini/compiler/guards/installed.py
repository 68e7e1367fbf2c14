"""Installed code that a function names: whether it may give something else each time, and may look into objects.

Nobody can see what installed code does. What is not known to compute from its arguments alone has the function run
twice while it is traced, and the two compared; what may go through an object's attributes makes all of them count.
"""

from __future__ import annotations

import types
from typing import Any

from autograd_mini.ops.caller import PACKAGES

# Packages whose functions give the same for the same. NumPy's generators are looked at one by one.
_COMPUTES = frozenset(
    {
        *PACKAGES,
        *("builtins", "math", "cmath", "numpy", "functools", "itertools", "operator"),
        *("collections", "dataclasses", "enum", "abc", "typing", "typing_extensions", "contextlib", "types", "string"),
        *("numbers", "fractions", "bisect", "heapq", "array", "re", "__future__", "weakref", "contextvars", "scipy"),
    }
)
# Others that do not go through an object's attributes.
_LOOKS_AT_NO_ATTRIBUTES = _COMPUTES | {
    *("time", "datetime", "calendar", "random", "secrets", "uuid", "os", "posixpath", "sys", "pathlib", "io", "gc"),
    *("threading", "thread", "queue", "multiprocessing", "concurrent", "asyncio", "ctypes", "importlib", "warnings"),
    *("logging", "argparse", "configparser", "decimal", "statistics", "hashlib", "zlib", "struct", "textwrap"),
    *("json", "csv", "traceback", "tqdm", "matplotlib"),
}


def may_differ(thing: Any) -> bool:
    """True for what may give something else at each call, and leaves no trace by which one could see that it did."""
    return _package_of(thing) not in _COMPUTES


def looks_at_attributes(thing: Any) -> bool:
    """True for what may read attributes of its arguments that no code of the user's names, such as ``copy.copy``."""
    return _package_of(thing) not in _LOOKS_AT_NO_ATTRIBUTES


def _package_of(thing: Any) -> str:
    if isinstance(thing, types.ModuleType):
        name = thing.__name__
    else:
        owner = getattr(thing, "__self__", None)  # of time.time, the module; of datetime.now, the class
        if isinstance(owner, type):
            thing = owner
        name = str(getattr(thing, "__module__", None) or getattr(owner, "__name__", ""))
    return name.partition(".")[0].lstrip("_") or "builtins"
