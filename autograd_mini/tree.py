"""Containers of numbers: lists, tuples, dicts and dataclasses, taken apart into their leaves and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any


def leaves_of(tree: Any) -> list[Any]:
    """Everything in ``tree`` that is no container, in order; dicts in the order of insertion.

    >>> leaves_of({"w": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    return [leaf for _, leaf in named_leaves_of(tree)]


def named_leaves_of(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves with the way to each, as one would write it: ``['w'][0]``.

    >>> list(named_leaves_of({"w": [1.0]}))
    [("['w'][0]", 1.0)]
    """
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from named_leaves_of(part, f"{path}[{key!r}]")
    elif isinstance(tree, list | tuple):
        for i, part in enumerate(tree):
            yield from named_leaves_of(part, f"{path}[{i}]")
    elif _is_record(tree):
        for field in fields(tree):
            yield from named_leaves_of(getattr(tree, field.name), f"{path}.{field.name}")
    else:
        yield path, tree


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same containers with ``f`` of each leaf: lists, tuples, dicts and dataclasses. JAX: ``tree.map``.

    >>> map_leaves(lambda x: 2 * x, {"w": [1.0, 2.0], "b": (3.0,)})
    {'w': [2.0, 4.0], 'b': (6.0,)}
    """
    if isinstance(tree, dict):
        return {key: map_leaves(f, part) for key, part in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a namedtuple
        return type(tree)(*[map_leaves(f, part) for part in tree])
    if isinstance(tree, list | tuple):
        return type(tree)([map_leaves(f, part) for part in tree])
    if _is_record(tree):
        return replace(tree, **{field.name: map_leaves(f, getattr(tree, field.name)) for field in fields(tree)})
    return f(tree)


def with_containers_of_its_own(tree: Any) -> Any:
    """The same leaves in new containers, which a function may change and its caller does not notice.

    >>> given = {"w": [1.0, 2.0]}
    >>> with_containers_of_its_own(given)["w"].reverse()
    >>> given
    {'w': [1.0, 2.0]}
    """
    return map_leaves(lambda leaf: leaf, tree)


def _is_record(tree: Any) -> bool:
    return is_dataclass(tree) and not isinstance(tree, type)
