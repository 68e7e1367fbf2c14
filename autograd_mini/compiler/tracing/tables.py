"""``np.eye(classes)[labels]`` in a traced function: a replay picks the rows anew, though it is an array of NumPy's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.tree import leaves_of


class Table(np.ndarray[Any, Any]):
    """An array like any other, but that a traced index is written on the tape."""

    def __getitem__(self, index: Any) -> Any:
        tape = modes.tape()
        if tape and any([isinstance(part, Node) for part in leaves_of(index)]):
            return tape.data_of_its_own(np.array(self))[index]
        return np.asarray(self)[index]

    def copy(self, order: Any = "C") -> Any:
        """An array that is no table."""
        return np.array(self, order=order)


@contextmanager
def with_tables() -> Iterator[None]:
    """For a while ``np.eye`` and ``np.identity`` give the code of a user's that is traced an array that is a table."""
    before = [(name, getattr(np, name)) for name in ("eye", "identity")]
    try:
        for name, function in before:
            setattr(np, name, _giving_tables(function))
        yield
    finally:
        for name, function in before:
            setattr(np, name, function)


def _giving_tables(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def made(*args: Any, **kwargs: Any) -> Any:
        array = function(*args, **kwargs)
        is_for_user = modes.tape() and not is_library(sys._getframe(1).f_code.co_filename)
        return array.view(Table) if is_for_user and array.__class__ is np.ndarray else array

    return made
