"""Where in the user's own code a call came from: the last line of every error."""

from __future__ import annotations

import copy
import functools
import linecache
import os
import pickle
import sys
from collections.abc import Iterator
from types import FrameType, FunctionType, ModuleType

import numpy as np

PACKAGES = ("autograd_mini", "nn", "optim")  # of this library, whose code is no user's
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # as imported: a link to it stays a link
_NUMPY = os.path.join(os.path.dirname(np.__file__), "")
_PASSED_OVER = (*[os.path.join(_HERE, package, "") for package in PACKAGES], _NUMPY)
_NN = os.path.join(_HERE, "nn", "")
# Who asks on behalf of the user: copy, pickle, cached properties, paths, and what is installed beside NumPy.
_SITE = os.path.dirname(os.path.dirname(np.__file__))
_NEIGHBOURS = [os.path.join(_SITE, name, "") for name in ("scipy", "sklearn", "torch", "matplotlib", "dask", "pandas")]
_PATHLIB = os.path.join(os.path.dirname(os.__file__), "pathlib")  # a file, and from Python 3.13 on a folder
_IMPORTLIB = "<frozen importlib."
_BETWEEN = (_IMPORTLIB, *_PASSED_OVER, *_NEIGHBOURS, copy.__file__, pickle.__file__, functools.__file__, _PATHLIB)
MOST_PARTS = 1000  # of a list, a dict or an object that are looked at for names


def user_line() -> str:
    """The innermost line on the stack that is not this library's, as ``train.py:12: y = x @ w``.

    For the errors of layers, losses and ops: the frames of autograd_mini, nn, optim and NumPy are passed over, and
    those of SciPy and others that call them.

    >>> user_line().split(":")[0]
    '<doctest...'
    """
    frame = user_frame()
    return line_of_code(frame.f_code.co_filename, frame.f_lineno)


def line_of_code(path: str, number: int) -> str:
    """A line as errors show it: the file, the number and the text."""
    file = "cell" if "ipykernel_" in path else os.path.basename(path)  # Jupyter's file names are numbers
    return f"{file}:{number}: {linecache.getline(path, number).strip()}".rstrip(": ")


def user_variables() -> dict[int, str]:
    """The names that the user's code has for Values and arrays, by ``id``: its local variables, then its globals.

    Then what stands in its lists, tuples, dicts and objects: ``w[0]``, ``P['w']``, ``n.w``, ``n.w[0]``. A name that
    begins with an underscore is nobody's name for a thing, and IPython's for its results.
    """
    frame = user_frame()
    named: dict[int, str] = {}
    inside: dict[int, str] = {}
    for variables in (frame.f_locals, frame.f_globals):  # at the top of a module, or in a notebook, one and the same
        results = variables.get("_oh")  # IPython's, which calls them Out too
        for name, thing in list(variables.items()):
            if not name.isidentifier() or name.startswith("_") or thing is results:  # pytest has others
                continue
            if _is_named(thing):
                named.setdefault(id(thing), name)
            else:
                for part_name, part in _parts(name, thing):
                    if _is_named(part):
                        inside.setdefault(id(part), part_name)
    return {**inside, **named}


def _is_named(thing: object) -> bool:
    return isinstance(thing, np.ndarray) or hasattr(type(thing), "record")


def _parts(name: str, thing: object) -> Iterator[tuple[str, object]]:
    """What stands in a list, a tuple or a dict, or in the attributes of an object, and in lists there."""
    if isinstance(thing, list | tuple):
        yield from [(f"{name}[{i}]", part) for i, part in enumerate(thing[:MOST_PARTS])]
    elif isinstance(thing, dict):
        keys = [key for key in list(thing)[:MOST_PARTS] if isinstance(key, str | int)]
        yield from [(f"{name}[{key!r}]", thing[key]) for key in keys]
    elif not isinstance(thing, type | ModuleType | FunctionType) and isinstance(getattr(thing, "__dict__", 0), dict):
        for attribute, part in list(vars(thing).items())[:MOST_PARTS]:
            if not attribute.startswith("_"):
                yield f"{name}.{attribute}", part
                if isinstance(part, list | tuple | dict):
                    yield from _parts(f"{name}.{attribute}", part)


def is_library(path: str) -> bool:
    """True for a file of autograd_mini, nn, optim or NumPy."""
    return path.startswith(_PASSED_OVER)


def is_of_numpy(path: str) -> bool:
    """True for a file of NumPy."""
    return path.startswith(_NUMPY)


def is_of_nn(path: str) -> bool:
    """True for a file of nn."""
    return path.startswith(_NN)


def user_frame() -> FrameType:
    """The innermost frame on the stack that is neither this library's nor one's that calls it for the user."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    return frame


def located(message: str) -> str:
    """An error's message with the user's line under it.

    >>> print(located("conv2d: the kernel is larger than the image"))
    conv2d: the kernel is larger than the image
      at <doctest...
    """
    return f"{message}\n  at {user_line()}"


def no_such_name(message: str) -> AttributeError | ImportError:
    """The error of a package's ``__getattr__`` for a name that it has not, and whose place is known.

    In ``from nn import functional`` it is an ImportError: of an AttributeError Python would keep not a word.

    >>> raise no_such_name("there is no Squar here; write Square")
    Traceback (most recent call last):
    ...
    AttributeError: there is no Squar here; write Square
      at <doctest...
    """
    frame = sys._getframe(1)
    while frame.f_back and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    kind = ImportError if frame.f_code.co_filename.startswith(_IMPORTLIB) else AttributeError
    return kind(located(message))
