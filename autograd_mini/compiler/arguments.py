"""The arguments of a jitted function: their numbers in a row, and what else tells one call from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from itertools import chain
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import exact_float, refused
from autograd_mini.node import Node
from autograd_mini.ops.operation import SMALL_FLOATS, dtype_of, shape_of
from autograd_mini.tree import leaves_of, map_leaves

_ARRAY = np.ndarray
# Numbers, containers and functions, which may have a __dict__ too.
_NO_OBJECTS: Any = (Node, np.ndarray, list, tuple, dict, type, FunctionType, ModuleType, Enum, np.ufunc, partial)
_NUMBERS = np.integer | np.floating  # a complex one is refused by ops
SMALL = 2**20  # whole numbers up to here have a form of their own: floats hold what is computed with them
_LARGE = "large"
LONG = 8  # parts of a list; in shorter ones one looks at each part


def form_of(tree: Any, leaves: list[Any]) -> Any:
    """All about ``tree`` but its numbers, as a key: containers, shapes, dtypes, strings. Numbers go to ``leaves``.

    >>> leaves = []
    >>> form_of([1.0, np.zeros(2), "mean"], leaves)
    (<class 'list'>, <class 'float'>, ((2,), dtype('float64')), (<class 'str'>, 'mean'))
    >>> leaves
    [1.0, array([0., 0.])]
    """
    kind = tree.__class__
    if kind is _ARRAY:
        leaves.append(tree)
        return tree.shape, tree.dtype
    if kind is float:
        leaves.append(tree)
        return float
    if kind is list or kind is tuple:
        numbers = _rows_of_numbers(tree, leaves) if len(tree) >= LONG else None
        if numbers is not None:
            return numbers
        form: list[Any] = [kind]
        for part in tree:
            if part.__class__ is _ARRAY:  # most arguments are: without a call of its own
                leaves.append(part)
                form.append((part.shape, part.dtype))
            else:
                form.append(form_of(part, leaves))
        return tuple(form)
    if kind is int:
        leaves.append(exact_float(tree))
        return int if -SMALL <= tree <= SMALL else _LARGE
    if isinstance(tree, Node):
        leaves.append(tree)
        return Node, shape_of(tree), dtype_of(tree), tree.data.__class__, tree.requires_grad
    if kind is dict:
        return (kind, tuple(tree), *[form_of(part, leaves) for part in tree.values()])
    if isinstance(tree, list | tuple | dict):  # a subclass, such as a namedtuple
        parts = tree.values() if isinstance(tree, dict) else tree
        return (kind, tuple(tree) if isinstance(tree, dict) else len(tree), *[form_of(part, leaves) for part in parts])
    if isinstance(tree, _NUMBERS):
        is_whole = isinstance(tree, np.integer)
        leaves.append(tree if kind in SMALL_FLOATS else exact_float(int(tree)) if is_whole else float(tree))
        return kind
    if is_dataclass(tree) and not isinstance(tree, type):
        return (kind, *[form_of(getattr(tree, field.name), leaves) for field in fields(tree)])
    try:
        hash(tree)
    except TypeError:
        raise refused(
            f"an argument is a {kind.__name__}, which cannot be compared with that of the next call",
            "pass numbers, arrays, lists, tuples, dicts and dataclasses of them",
        ) from None
    return kind, tree


def _rows_of_numbers(tree: Any, leaves: list[Any]) -> Any:
    """``form_of`` for a long list of numbers, or of rows of numbers of one length, without a call for each; else None.

    Its length at the end, where others have the form of a part, keeps it apart from them.
    """
    kinds = set(map(type, tree))
    if kinds == {float}:
        leaves += tree
        return tree.__class__, float, len(tree)
    if kinds == {int}:
        largest = exact_float(max(max(tree), -min(tree)))
        leaves += map(float, tree)
        return tree.__class__, int if largest <= SMALL else _LARGE, len(tree)
    if kinds in ({list}, {tuple}) and len(set(map(len, tree))) == 1 and set(map(type, chain(*tree))) == {float}:
        leaves += chain(*tree)
        return tree.__class__, (*kinds, float, len(tree[0])), len(tree)
    return None


def statics_of(tree: Any) -> list[Any]:
    """What is neither a container nor a number: objects that the function may look into."""
    if isinstance(tree, list | tuple | dict):
        return [x for part in (tree.values() if isinstance(tree, dict) else tree) for x in statics_of(part)]
    return [] if _is_number(tree) else [tree]


def numbers_of(tree: Any) -> list[Any]:
    """The leaves that are numbers."""
    return [leaf for leaf in leaves_of(tree) if _is_number(leaf)]


def with_leaves(tree: Any, leaves: Iterator[Any]) -> Any:
    """The same containers with other leaves, one for each that ``form_of`` found."""
    return map_leaves(lambda leaf: next(leaves) if _is_number(leaf) else leaf, tree)


def holds_objects(tree: Any) -> bool:
    """True for a dataclass with a module, an optimizer or another object in it: no container of numbers, but a trainer.

    >>> from dataclasses import make_dataclass
    >>> import nn
    >>> Trainer, Point = make_dataclass("Trainer", ["model", "steps"]), make_dataclass("Point", ["x", "y"])
    >>> point = Point(1.0, np.zeros(2))
    >>> holds_objects(Trainer(nn.Linear(2, 1), 0)), holds_objects(point), holds_objects(Point(point, point))
    (True, False, False)
    """
    if not hasattr(tree.__class__, "__dataclass_fields__"):
        return False
    parts = [getattr(tree, field.name, None) for field in fields(tree)]
    return any([holds_objects(part) if is_dataclass(part) else _is_object(part) for part in parts])


def _is_object(part: Any) -> bool:
    return hasattr(part, "__dict__") and not isinstance(part, _NO_OBJECTS)


def _is_number(leaf: Any) -> bool:
    """True for what ``form_of`` takes for numbers: not for a bool or an enum, on which a function decides things."""
    return leaf.__class__ in (np.ndarray, float, int) or isinstance(leaf, _NUMBERS | Node)
