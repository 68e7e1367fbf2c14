"""Where in the user's own code a call came from: the last line of every error."""

from __future__ import annotations

import linecache
import os.path
import sys

import numpy as np

_HERE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # as imported: a link to it stays a link
_PACKAGES = [os.path.join(_HERE, package) for package in ("autograd_mini", "nn", "optim")]
_PASSED_OVER = tuple(os.path.join(folder, "") for folder in (*_PACKAGES, os.path.dirname(np.__file__)))


def user_line() -> str:
    """The innermost line on the stack that is not this library's, as ``train.py:12: y = x @ w``.

    For the errors of layers, losses and ops: the frames of autograd_mini, nn, optim and NumPy are passed over.

    >>> user_line().split(":")[0]
    '<doctest...'
    """
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_PASSED_OVER):
        frame = frame.f_back
    path, number = frame.f_code.co_filename, frame.f_lineno
    return f"{os.path.basename(path)}:{number}: {linecache.getline(path, number).strip()}".rstrip(": ")


def located(message: str) -> str:
    """An error's message with the user's line under it.

    >>> print(located("conv2d: the kernel is larger than the image"))
    conv2d: the kernel is larger than the image
      at <doctest...
    """
    return f"{message}\n  at {user_line()}"
