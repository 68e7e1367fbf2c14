"""Guards: what a function sees beside its arguments, and whether it is still what it was when it was traced.

A number, a list or a module that the function closes over is a constant of its program. Before each replay the
guards look whether the same things still stand there; if not, the function is traced anew. They compare identities,
a few nanoseconds each. Parameters need no guard, since a program reads them at each call.
"""

from __future__ import annotations

import functools
import random
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Iterator
from itertools import chain
from operator import attrgetter, is_, itemgetter
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.ops.operation import Operation

MOST_GUARDED = 20_000  # things; beyond it the check would take longer than it saves

_ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype)
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Guards:
    """Everything that can be reached from some things, as it was."""

    def __init__(self, things: list[Any]) -> None:
        self.values: list[Any] = []  # the Values among it
        self.arrays: list[Any] = []
        self._contents: list[tuple[Any, bytes]] = []
        self._generators: list[Any] = []
        self._held: list[tuple[str, Any, Any, tuple[Any, ...]]] = []  # path, container, keys or None, what it held
        self._walk(things)
        self._prepare()
        self._draws = self._random_states()

    def hold(self) -> bool:
        """True while nothing has changed."""
        try:
            now = chain(*self._live, map(_CONTENT, self._cells), *[pick(names) for pick, names in self._named])
            same = list(map(len, self._live)) == self._lengths and all(map(is_, now, self._then))
        except (KeyError, ValueError):  # a name that was deleted, or never assigned
            same = False
        if not same:
            return self._hold_as_equals()
        return not (self._computed or self._contents) or self._rest_holds()

    def _rest_holds(self) -> bool:
        return all([_same(_held_by(container, keys), then) for container, keys, then in self._computed]) and all(
            [array.tobytes() == contents for array, contents in self._contents]
        )

    def _hold_as_equals(self) -> bool:
        """``hold``, where a number may have become another object that is equal."""
        return all([_same(_held_by(container, keys), then) for _, container, keys, then in self._held]) and all(
            [array.tobytes() == contents for array, contents in self._contents]
        )

    def what_changed(self) -> str | None:
        """The first thing that does not hold any more, in words."""
        for path, container, keys, then in self._held:
            if not _same(_held_by(container, keys), then):
                return f"{path.rstrip('.') or 'something that it closes over'} has changed"
        changed = [array for array, contents in self._contents if array.tobytes() != contents]
        return f"numbers in an array of shape {changed[0].shape} have changed" if changed else None

    def _prepare(self) -> None:
        """Puts what is held into a row, so that ``hold`` is a few calls: it comes before each replay."""
        whole = [(container, then) for _, container, keys, then in self._held if keys is None]
        cells = [(container, then) for _, container, keys, then in self._held if container.__class__ is tuple and keys]
        self._live = [_held_by(container, None) for container, _ in whole]
        self._lengths = [len(then) for _, then in whole]
        self._cells = [cell for container, _ in cells for cell in container]
        names = [
            (container, keys, then) for _, container, keys, then in self._held if container.__class__ is dict and keys
        ]
        # Of a single key itemgetter would give the thing itself.
        self._named = [(itemgetter(*keys, keys[0]), container) for container, keys, _ in names]
        self._then = [thing for _, then in (*whole, *cells) for thing in then]
        self._then += [thing for _, _, then in names for thing in (*then, then[0])]
        self._computed = [
            (container, keys, then)
            for _, container, keys, then in self._held
            if keys and container.__class__ not in (tuple, dict)
        ]

    def watch_contents(self, read_anyway: list[Any]) -> None:
        """From now on the numbers in arrays count too, but for those that the program reads itself at each call."""
        read = {id(a) for array in read_anyway for a in (array, array.base)}
        self._contents = [(array, array.tobytes()) for array in self.arrays if id(array) not in read]

    def check_untouched(self) -> None:
        """An error if the function changed something while it was traced, which a replay would not."""
        for path, container, keys, then in self._held:
            now = _held_by(container, keys)
            if len(now) != len(then) or not all(map(is_, now, then)):
                raise refused(
                    f"the function changes {path.rstrip('.') or 'what it closes over'}, and a replay would not",
                    "return what it computes, and change things after the call",
                )
        if self._draws != self._random_states():
            raise refused(
                "the function draws random numbers, and a replay would use the same ones again",
                "draw them before the call and pass them as an argument",
            )

    def _random_states(self) -> str:
        states = [generator.bit_generator.state for generator in self._generators]
        return repr([states, random.getstate(), np.random.get_state()])

    # ------------------------------------------------------------ what can be reached

    def _walk(self, things: list[Any]) -> None:
        seen: dict[int, Any] = {}
        todo = [("", thing) for thing in things]
        count = 0
        named = {"forward"}  # what code that can be reached names, or a module's call does
        waiting: list[tuple[str, str, Any]] = []  # attributes of classes that nothing has named yet
        while todo or waiting:
            if not todo:
                todo = [(path, part) for path, name, part in waiting if name in named or name.startswith("__")]
                waiting = [entry for entry in waiting if entry[1] not in named and not entry[1].startswith("__")]
                if not todo:
                    break
            path, thing = todo.pop()
            if isinstance(thing, _ATOMS) or id(thing) in seen:
                continue
            seen[id(thing)] = thing
            if isinstance(thing, Node):
                self.values.append(thing)
                continue
            if isinstance(thing, np.ndarray):
                self.arrays.append(thing)
                continue
            if isinstance(thing, Iterator):
                raise refused(
                    f"the function closes over an iterator, {path}, and a replay would use what it gave the first time",
                    "call next() before, and pass what it gives as an argument",
                )
            if isinstance(thing, np.random.Generator):
                self._generators.append(thing)
                continue
            if isinstance(thing, type):
                if not is_installed(_file_of(thing)):
                    self._held.append((f"{thing.__qualname__}.", vars(thing), None, tuple(vars(thing).values())))
                    waiting += [(f"{thing.__qualname__}.{name}", name, part) for name, part in vars(thing).items()]
                    todo += [("", base) for base in thing.__bases__]
                continue
            if isinstance(thing, types.FunctionType):
                named |= _names_in(thing.__code__)
            for name, container, keys in _parts_of(thing):
                held = _held_by(container, keys)
                count += len(held)
                if count > MOST_GUARDED:
                    raise refused(
                        f"the function can reach more than {MOST_GUARDED:,} things beside its arguments, the last of "
                        f"them in {path + name or 'its closure'}; to compare them at each call would take too long",
                        "pass large lists as arguments, as arrays if they are numbers",
                    )
                if keys or (keys is None and container.__class__ is not tuple):  # which stays what it is
                    self._held.append((path + name, container, keys, tuple(held)))
                if isinstance(thing, types.FunctionType):
                    path = ""  # its globals and what it closes over have names of their own
                names = _names_of(container, keys, brackets=not name)
                todo.extend((f"{path}{name}{n}", part) for n, part in zip(names, held, strict=True))


def _parts_of(thing: Any) -> Iterator[tuple[str, Any, Any]]:
    """The containers in which ``thing`` holds others: a name, the container, and which keys of it (None: all)."""
    if isinstance(thing, types.FunctionType):
        if is_installed(thing.__code__.co_filename):
            return
        yield "", (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()), None
        if thing.__closure__:
            yield "", thing.__closure__, thing.__code__.co_freevars
        names = _that_may_change(thing)
        yield "", thing.__globals__, tuple(names)
        for name in names:
            if isinstance(thing.__globals__[name], types.ModuleType | type):
                inside = thing.__globals__[name]
                if not is_installed(getattr(inside, "__file__", None) or _file_of(inside)):
                    own = [n for n in sorted(_names_in(thing.__code__)) if n in vars(inside)]
                    yield f"{name}.", vars(inside), tuple(own)
    elif isinstance(thing, types.MethodType):
        yield "", (thing.__self__, thing.__func__), None
    elif isinstance(thing, functools.partial):
        yield "", (thing.func, thing.args, thing.keywords), None
    elif isinstance(thing, list | tuple | dict | set | frozenset | deque):
        yield "", thing, None
    elif isinstance(thing, property):
        yield "", (thing.fget, thing.fset), None
    elif isinstance(thing, staticmethod | classmethod):
        yield "", (thing.__func__,), None
    elif not isinstance(thing, types.ModuleType | types.BuiltinFunctionType | np.ufunc | Operation):
        yield "", (type(thing),), None
        attributes = getattr(thing, "__dict__", None)
        if attributes is not None:
            yield ".", attributes, None
        slots = [name for kind in type(thing).__mro__ for name in vars(kind).get("__slots__", ())]
        if slots and not is_installed(_file_of(type(thing))):
            yield ".", thing, tuple(slots)


def _that_may_change(function: types.FunctionType) -> list[str]:
    """The globals that a function names, but for those that nobody puts something else in place of."""
    there = function.__globals__
    return [name for name in sorted(_names_in(function.__code__)) if name in there and _may_change(there[name])]


def _may_change(thing: Any) -> bool:
    """False for the modules, functions and classes of installed code, which the user's globals are full of."""
    if isinstance(thing, types.ModuleType):
        return not is_installed(getattr(thing, "__file__", None))
    if isinstance(thing, types.FunctionType):
        return not is_installed(thing.__code__.co_filename)
    return not (isinstance(thing, type) and is_installed(_file_of(thing)))


def _held_by(container: Any, keys: Any) -> Any:
    if keys is None:
        return container.values() if isinstance(container, dict | types.MappingProxyType) else container
    if container.__class__ is tuple:  # cells
        return [_content(cell) for cell in container]
    if isinstance(container, dict | types.MappingProxyType):
        return [container.get(key) for key in keys]
    return [getattr(container, key, None) for key in keys]  # slots


_CONTENT = attrgetter("cell_contents")


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _names_of(container: Any, keys: Any, brackets: bool) -> Any:
    if keys is not None:
        return keys
    if isinstance(container, dict):
        return [f"[{key!r}]" if brackets else key for key in container]
    return [f"[{i}]" for i in range(len(container))]


def _names_in(code: types.CodeType) -> set[str]:
    """The globals and attributes that a function names, the functions inside of it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _same(now: Any, then: Any) -> bool:
    """The same things in the same places; numbers and strings that are equal are the same."""
    return len(now) == len(then) and all(
        a is b or (a.__class__ is b.__class__ and isinstance(a, _ATOMS) and (a == b or (a != a and b != b)))
        for a, b in zip(now, then, strict=True)
    )


def is_installed(path: str | None) -> bool:
    """True for code of Python, of this library, or of another that is installed: it is taken to stay as it is."""
    return path is None or is_library(path) or path.startswith((*_INSTALLED, "<frozen"))


def _file_of(thing: Any) -> str | None:
    """The file of the module that made it; a notebook has none, and is the user's code nevertheless."""
    name = getattr(thing, "__module__", "")
    return "<notebook>" if name == "__main__" else getattr(sys.modules.get(name), "__file__", None)
