"""Where in the user's own code a call came from: the last line of every error."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(str(_ROOT / package) + "/" for package in ("autograd_mini", "nn", "optim"))


def user_line() -> str:
    """The innermost line on the stack that is not this library's, as ``train.py:12: y = x @ w``.

    For the errors of layers, losses and ops: the frames of autograd_mini, nn and optim are passed over.

    >>> user_line().split(":")[0]
    '<doctest...'
    """
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    path, number = frame.f_code.co_filename, frame.f_lineno
    return f"{Path(path).name}:{number}: {linecache.getline(path, number).strip()}".rstrip(": ")


def located(message: str) -> str:
    """An error's message with the user's line under it.

    >>> print(located("conv2d: the kernel is larger than the image"))
    conv2d: the kernel is larger than the image
      at <doctest...
    """
    return f"{message}\n  at {user_line()}"
