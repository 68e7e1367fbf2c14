"""What a function can reach beside its arguments: what it closes over, globals that it names, and what they hold."""

from __future__ import annotations

import operator
import random
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.held import (
    MAPPINGS,
    file_of,
    file_of_module,
    held_by,
    is_installed,
    is_read_by_name,
    members_of,
    names_in,
    names_of,
    parts_of,
)
from autograd_mini.node import Node

MOST_REACHED = 20_000  # things; beyond it to compare them at each call would take longer than it saves

ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype)


class Reach:
    """All of it, sorted by what is to be done about it.

    Of what a module, a class or an object of the user's own holds, only that counts which some code names: a trainer
    may keep a history that its step does not read.
    """

    def __init__(self, things: list[Any]) -> None:
        self.values: list[Any] = []  # Values
        self.arrays: list[Any] = []
        self.generators: list[Any] = []  # of random numbers
        self.owners: list[Any] = []  # of numbers that they carry from call to call
        self.held: list[tuple[str, Any, Any, tuple[Any, ...]]] = []  # path, container, keys or None, what it held
        self.absent: list[tuple[str, Any, frozenset[str]]] = []  # path, attributes of an object, names that are none
        self.names = {"forward", "update", ""}  # that code names, or calls of modules, optimizers and operators do

        self._todo = [("", thing) for thing in things]  # path and thing
        self._seen: dict[int, Any] = {}  # with the thing, so that its id stays its own
        self._count = 0
        self._unnamed: list[tuple[str, str, Any, Any]] = []  # path, name, thing, and what is watched once it is named
        self._objects: dict[int, tuple[str, Any]] = {}  # path and attributes of those that are read by name
        self._carrying: list[tuple[str, Any]] = []  # the same of owners
        while self._todo or self._find_named():
            path, thing = self._todo.pop()
            if not isinstance(thing, ATOMS) and id(thing) not in self._seen:
                self._seen[id(thing)] = thing
                self._sort(path, thing)
        may_come_later = [*self._objects.values(), *(self._carrying if self._reads_any_name() else ())]
        self.absent = [(path, there, frozenset(self.names - there.keys())) for path, there in may_come_later]

    def _reads_any_name(self) -> bool:
        return not self.names.isdisjoint(_BY_ANY_NAME)

    def _find_named(self) -> bool:
        """Goes on with what code has named by now; False if that is nothing."""
        if self._reads_any_name():
            for path, attributes in self._objects.values():
                self.held.append((f"{path}.", attributes, None, tuple(attributes.values())))
                self._todo += [(f"{path}.{key}", part) for key, part in attributes.items()]
            self._unnamed = [entry for entry in self._unnamed if id(entry[3]) not in self._objects]
            self._objects.clear()
        now = [entry for entry in self._unnamed if entry[1] in self.names]
        self._unnamed = [entry for entry in self._unnamed if entry[1] not in self.names]
        self.held += [
            (path, container, (name,), (part,)) for path, name, part, container in now if container is not None
        ]
        self._todo += [(path, part) for path, _, part, _ in now]
        return bool(self._todo)

    def _sort(self, path: str, thing: Any) -> None:
        if isinstance(thing, Node):
            self.values.append(thing)
        elif isinstance(thing, np.ndarray):
            self.arrays.append(thing)
        elif isinstance(thing, Iterator):
            raise refused(
                f"the function closes over an iterator, {path}, and a replay would use what it gave the first time",
                "call next() before, and pass what it gives as an argument",
            )
        elif isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
            self.generators.append(thing)
        elif isinstance(thing, type):
            self._go_into_class(thing)
        elif isinstance(thing, types.ModuleType):
            self._go_into_module(thing)
        else:
            self._go_into(path, thing)

    def _go_into_class(self, kind: type) -> None:
        self.names |= set(getattr(kind, "__match_args__", ()))  # case Config(rate) reads an attribute
        if not is_installed(file_of(kind)):
            self.held.append((f"{kind.__qualname__}.", vars(kind), None, tuple(vars(kind).values())))
            self._unnamed += members_of(kind)
            self._todo += [("", base) for base in kind.__bases__]

    def _go_into_module(self, module: types.ModuleType) -> None:
        if not is_installed(file_of_module(module)):
            inside = vars(module)
            self._unnamed += [(f"{module.__name__}.{name}", name, part, inside) for name, part in inside.items()]

    def _go_into(self, path: str, thing: Any) -> None:
        """A function, a container or another object."""
        if _reads_attributes(thing):
            self.names.add("getattr")  # under whatever name
        if isinstance(thing, types.FunctionType) and not is_installed(thing.__code__.co_filename):
            self.names |= names_in(thing.__code__)
        if hasattr(type(thing), "carried_by_jit"):
            self.owners.append(thing)
            self._carrying.append((path, vars(thing)))
        for name, container, keys in parts_of(thing):
            if name == "." and keys is None and is_read_by_name(thing):
                self._objects[id(container)] = path, container
                self._unnamed += [(f"{path}.{key}", key, part, container) for key, part in container.items()]
            elif isinstance(thing, types.FunctionType) and not name:
                self._hold("", "", container, keys)  # its globals and what it closes over have names of their own
            else:
                self._hold(path, name, container, keys)
        if isinstance(thing, MAPPINGS):
            self.held.append((path, thing.keys(), None, tuple(thing)))

    def _hold(self, path: str, name: str, container: Any, keys: Any) -> None:
        """To be watched from now on, with all that it holds."""
        held = held_by(container, keys)
        self._count += len(held)
        if self._count > MOST_REACHED:
            raise refused(
                f"the function can reach more than {MOST_REACHED:,} things beside its arguments, the last of "
                f"them in {path + name or 'its closure'}; to compare them at each call would take too long",
                "pass large lists as arguments, as arrays if they are numbers",
            )
        if keys or (keys is None and container.__class__ is not tuple):  # which stays what it is
            self.held.append((path + name, container, keys, tuple(held)))
        names = names_of(container, keys, brackets=not name)
        self._todo += [(f"{path}{name}{n}", part) for n, part in zip(names, held, strict=True)]


def _reads_attributes(thing: Any) -> bool:
    if isinstance(thing, types.BuiltinFunctionType):
        return thing in _BUILTINS
    return isinstance(thing, operator.attrgetter | operator.methodcaller)


_BUILTINS = {getattr, setattr, hasattr, delattr, vars, eval, exec}

# Names by which code may reach attributes that it does not name.
_BY_ANY_NAME = frozenset(
    {
        *("getattr", "setattr", "hasattr", "delattr", "vars", "__dict__", "__getattribute__", "attrgetter"),
        *("methodcaller", "eval", "exec", "locals", "format", "format_map", "dumps", "dump", "copy", "deepcopy"),
        *("__getstate__", "__reduce__", "getmembers", "asdict", "astuple", "replace", "map_leaves"),
    }
)
