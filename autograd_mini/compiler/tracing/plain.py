"""Lines without a gradient, which a replay computes anew: what is detached, a comparison, a function of the data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import check_form, refused
from autograd_mini.compiler.program import DETACH, Like, Plain
from autograd_mini.compiler.tracing.lines import Lines, like_of
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.compiler.tracing.traced_data import (
    as_plain,
    differs_by_kind,
    given_as,
    is_of_python,
    writing_refused,
)
from autograd_mini.compiler.users import as_users
from autograd_mini.node import Node
from autograd_mini.operands import as_operand
from autograd_mini.ops.caller import is_library
from autograd_mini.tree import leaves_of, map_leaves


class PlainLines(Lines):
    """Lines, and how one writes those of a ``Plain`` op."""

    def __init__(self) -> None:
        super().__init__()
        self.effects: list[Traced] = []  # lines that a replay runs though nobody may use what they give
        self.is_numpys = False  # what is done with plain data: an operator, a method or a function of NumPy's

    @contextmanager
    def as_numpy(self) -> Iterator[None]:
        """For a while what is done with plain data is what NumPy does, and not an op or a layer that is called."""
        before, self.is_numpys = self.is_numpys, True
        try:
            yield
        finally:
            self.is_numpys = before

    def detached(self, x: Any) -> Traced:
        """The same, as a constant to gradients."""
        if x.__class__ is not Traced:  # a gradient may be a plain 0
            x = self.on_tape(x) if isinstance(x, Node) else self.constant_node(x)
        return self.line(DETACH, (x.number,), x.concrete)

    def compared(self, ufunc: np.ufunc, x: Any, y: Any, is_operator: bool = True) -> Traced:
        """A line for a comparison, so that a replay decides anew; of two Python numbers an operator gives a bool."""
        kind = bool if is_operator and is_of_python(x) and is_of_python(y) else np.bool_
        if differs_by_kind(x, y) or differs_by_kind(y, x):
            node = self.called(ufunc, (x, y), {})
            return node if np.ndim(node.concrete) else as_plain(node, kind)
        operands, plain = [], []
        for operand in (x, y):
            known = operand if operand.__class__ is Traced else self.on_tape(operand)
            traced = known.__class__ is Traced
            plain.append(known.concrete if traced else as_operand(known))
            operands.append(known.number if traced else self.constant(plain[-1]))
        truth = ufunc(*plain)
        op = Plain(ufunc.__name__, ufunc)
        if np.ndim(truth):
            return as_plain(self.line(op, tuple(operands), truth))
        return as_plain(self.line(op, tuple(operands), bool(truth)), kind)

    def mapped(self, f: Callable[[Any], Any], x: Any, instead: Callable[[Any], Any] | None) -> Traced | None:
        """A line for ``f`` of the data."""
        name = getattr(getattr(f, "func", f), "__name__", "f")  # of a partial, the function's
        if not is_library(sys._getframe(2).f_code.co_filename):  # the user's own, who has called value.map_data
            node = self._of_one_form(name, as_users(f), [x], instead)
            if not self.effects or self.effects[-1] is not node:
                self.effects.append(node)  # it may have to say something about the numbers
            return None if node.concrete is _NOTHING else node
        if isinstance(f, np.ufunc):
            return self.plain(Plain(name, f, instead), [x])
        return self._of_one_form(name, f, [x], instead)

    def called(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Traced:
        """A line for a function of NumPy that is no op, such as ``np.isclose(x, y)``."""
        operands = [x for x in leaves_of((args, kwargs)) if isinstance(x, Node)]
        is_traced = True  # from then on nothing can be written that was not refused, and a view takes time

        def call(*data: Any) -> Any:
            given = iter(data)

            def now(x: Any) -> Any:
                x = given_as(x, next(given)) if isinstance(x, Node) else x
                return _read_only(x) if is_traced and x.__class__ is np.ndarray else x

            args_now, kwargs_now = map_leaves(now, (args, kwargs))
            return function(*args_now, **kwargs_now)

        try:
            node = self._of_one_form(function.__name__, call, operands, None)
        except ValueError as error:
            if "read-only" in str(error):  # by an ``out`` of a function that tells no signature, or copy=False
                raise writing_refused(function) from error
            raise
        is_traced = False
        if np.ndim(node.concrete):
            self.effects.append(node)  # its length may be all that the function looks at, as in len(np.unique(y))
        return node

    def _of_one_form(
        self, name: str, f: Callable[..., Any], xs: list[Any], instead: Callable[..., Any] | None
    ) -> Traced:
        """A line for ``f``, which must answer in the form of today: the program has memory for no other."""
        form: list[Like] = []  # once it is known

        def checked(*data: Any) -> Any:
            z = f(*data)
            if form and z is not None:
                check_form(name, like_of(z), form[0])
            return z

        checked.__wrapped__ = f  # type: ignore[attr-defined]  # it may have a parameter out
        node = self.plain(Plain(name, checked, instead), xs)
        form.append(self.likes[node.number])
        return node

    def plain(self, op: Plain, xs: list[Any]) -> Traced:
        """A line for any such op, on operands on the tape."""
        known = [x if x.__class__ is Traced else self.on_tape(x) for x in xs]
        operands = tuple([x.number if x.__class__ is Traced else self.constant(x) for x in known])
        z = (op.instead or op.forward)(*[x.concrete if x.__class__ is Traced else x for x in known])
        if z is not None and (isinstance(z, tuple | list) or np.asarray(z).dtype.kind not in "fiub"):
            raise refused(f"{op.name} gives what is neither a number nor an array", "call it outside of the function")
        node = as_plain(self.line(op, operands, _NOTHING if z is None else z))
        if z is None or op.instead:
            self.effects.append(node)
        return node


def _read_only(array: Any) -> Any:
    """The same numbers, into which nobody can write."""
    view = array.view()
    view.flags.writeable = False
    return view


_NOTHING = np.zeros((), bool)  # stands for what a function gives that gives None
