"""What a function can reach beside its arguments: what it closes over, globals that it names, and what they hold."""

from __future__ import annotations

import ctypes
import functools
import os
import random
import sys
import types
import weakref
from collections.abc import Collection, Iterator
from logging import Logger, RootLogger
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.guards.held import (
    ATOMS,
    MAPPINGS,
    file_of,
    file_of_module,
    held_by,
    is_installed,
    is_module,
    is_read_by_name,
    members_of,
    names_of,
    parts_of,
)
from autograd_mini.compiler.guards.installed import looks_at_attributes, may_differ
from autograd_mini.compiler.guards.named import (
    BY_ANY_GLOBAL_NAME,
    BY_ANY_NAME,
    BY_ANY_NAME_OF_MODULES,
    OF_LAYERS,
    finds_modules,
    globals_in,
    names_in,
    names_in_nn,
    reads_attributes,
)
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_of_nn
from autograd_mini.ops.operation import Operation

MOST_REACHED = 20_000  # things; beyond it to compare them at each call would take longer than it saves


class Reach:
    """All of it, sorted by what is to be done about it.

    Of what a module, a class or an object of the user's own holds, only that counts which some code names: a trainer
    may keep a history that its step does not read. Without ``has_run``, the code that runs in a call, it is the code
    of all functions that may be meant: ``optimizer.step`` names the ``step`` of the trainer too.
    """

    def __init__(self, things: list[Any], has_run: Collection[types.CodeType] | None = None) -> None:
        self.values: list[Any] = []  # Values
        self.arrays: list[Any] = []
        self.generators: list[Any] = []  # of random numbers
        self.owners: list[Any] = []  # of numbers that they carry from call to call
        self.held: list[tuple[str, Any, Any, tuple[Any, ...]]] = []  # path, container, keys or None, what it held
        self.absent: list[tuple[str, Any, frozenset[str]]] = []  # path, attributes of an object, names that are none
        self.names = {"forward", "update", ""}  # that code names, or calls of modules, optimizers and operators do
        self.may_differ = False  # it may compute with what is another at each call
        self.has_hidden_code = False  # some of the user's counts that need not run in each call

        self._has_run = has_run
        self._nn_too = has_run is not None  # its layers are read by name as the user's objects are
        self.names |= names_in_nn(has_run or ())
        self._todo = [("", thing) for thing in things]  # path and thing
        self._seen: dict[int, Any] = {}  # with the thing, so that its id stays its own
        self._count = 0
        self._unnamed: list[tuple[str, str, Any, Any]] = []  # path, name, thing, and what is watched once it is named
        self._objects: dict[int, tuple[str, Any]] = {}  # path and attributes of those that are read by name
        self._of_modules: set[int] = set()  # which of them are a module's
        self._of_layers: set[int] = set()  # and one of nn's own
        self._carrying: list[tuple[str, Any]] = []  # the same of owners
        self._modules: dict[int, tuple[str, Any]] = {}  # names and contents of the user's own
        self._globals: dict[int, tuple[Any, set[str]]] = {}  # those of functions, and the names of them that these use
        self._matched: set[str] = set()  # attributes that case Config(rate) reads, without their names
        self._imports = False  # code finds modules by their names
        self._any_name = self._any_global = False  # it may read attributes, or globals, that it does not name
        while self._todo or self._find_named():
            path, thing = self._todo.pop()
            if not _is_plain(thing) and id(thing) not in self._seen:
                self._seen[id(thing)] = thing
                self._sort(path, thing)
        may_come = [(path, there, names - there.keys()) for path, there, names in self._may_come_later()]
        self.absent = [(path, there, frozenset(names)) for path, there, names in may_come if names]

    def _may_come_later(self) -> Iterator[tuple[str, Any, Any]]:
        """Where something may be added under one of these names."""
        for path, attributes in (*self._objects.values(), *self._modules.values(), *self._carrying):
            yield f"{path}.", attributes, self.names
        for there, names in self._globals.values():
            yield "", there, names
        if self._imports:
            yield "sys.modules, ", sys.modules, self.names

    def _find_named(self) -> bool:
        """Goes on with what code has named by now; False if that is nothing."""
        if "__match_args__" in self.names:
            self.names |= self._matched
        self._any_name |= not self.names.isdisjoint(BY_ANY_NAME)
        self._any_global |= not self.names.isdisjoint(BY_ANY_GLOBAL_NAME)
        if self._any_name:
            self._hold_objects(list(self._objects))
            for name, inside in self._modules.values():
                self._hold_data(f"{name}.", inside)
            self._modules.clear()
        elif not self.names.isdisjoint(BY_ANY_NAME_OF_MODULES):
            self._hold_parts_of(self._of_modules)
        elif OF_LAYERS in self.names:
            self._hold_parts_of(self._of_layers)
        if self._any_global:
            for inside, _ in self._globals.values():
                self._hold_data("", inside)
            self._globals.clear()
        if self._imports:
            self._find_modules()
        now = [entry for entry in self._unnamed if entry[1] in self.names]
        self._unnamed = [entry for entry in self._unnamed if entry[1] not in self.names]
        self.held += [
            (path.removesuffix(name), container, (name,), (part,))
            for path, name, part, container in now
            if container is not None
        ]
        self._todo += [(path, part) for path, _, part, _ in now]
        return bool(self._todo)

    def _hold_parts_of(self, modules: set[int]) -> None:
        """All that may be a parameter or a module, or hold some, counts; a number counts where it is named."""
        for path, attributes in [self._objects[known] for known in modules & self._objects.keys()]:
            parts = {key: part for key, part in attributes.items() if not isinstance(part, _NUMBERS)}
            self.held.append((f"{path}.", attributes.keys(), None, tuple(attributes)))
            self._hold(f"{path}.", "", attributes, tuple(parts))
        modules.clear()

    def _hold_objects(self, which: list[int]) -> None:
        """All attributes of these count."""
        for path, attributes in [self._objects.pop(known) for known in which]:
            self.held.append((f"{path}.", attributes, None, tuple(attributes.values())))
            found = [(f"{path}.{key}", part) for key, part in attributes.items()]
            self._todo += [(where, part) for where, part in found if not isinstance(part, Iterator)]
        held = set(which)
        self._unnamed = [
            entry
            for entry in self._unnamed
            if id(entry[3]) not in held or isinstance(entry[2], Iterator)  # of use only by its name
        ]

    def _hold_data(self, path: str, namespace: dict[str, Any]) -> None:
        """All of it that is data or a function of the user's: code may find it by a name that one cannot see."""
        names = [name for name, thing in namespace.items() if not name.startswith("__") and _is_data(thing)]
        self.held.append((path, namespace.keys(), None, tuple(namespace)))
        self._hold("", path, namespace, tuple(names))

    def _find_modules(self) -> None:
        """Those that are imported by now and whose name, or its last part, is named somewhere."""
        for full_name, module in list(sys.modules.items()):
            if not self.names.isdisjoint((full_name, full_name.rpartition(".")[2])) and id(module) not in self._seen:
                self._todo.append((full_name, module))

    def _sort(self, path: str, thing: Any) -> None:
        if isinstance(thing, Node):
            self.values.append(thing)
            self._go_into_subclass(path, thing)
        elif isinstance(thing, np.ndarray):
            self.arrays.append(thing)
            self._go_into_subclass(path, thing)
            if thing.dtype.hasobject:
                self._hold(path, "", thing, None)
        elif isinstance(thing, memoryview | ctypes.Array | ctypes.Structure | ctypes.Union | ctypes._SimpleCData):
            self.arrays.append(np.asarray(memoryview(thing)))
        elif type(thing) in weakref.ProxyTypes:
            raise refused(
                f"the function {_finds('a weak proxy', path)}, through which jit does not see",
                "use what it stands for, or a weakref.ref of it",
            )
        elif isinstance(thing, Iterator):
            raise refused(
                f"the function {_finds('an iterator', path)}, and a replay would use what it gave the first time",
                "call next() before, and pass what it gives as an argument",
            )
        elif isinstance(thing, random.SystemRandom):
            self.may_differ = True
        elif isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
            self.generators.append(thing)
        elif isinstance(thing, type):
            self._go_into_class(thing)
        elif isinstance(thing, types.ModuleType):
            self._go_into_module(thing)
        else:
            self._go_into(path, thing)

    def _go_into_subclass(self, path: str, thing: Any) -> None:
        """What an array or a Value of a class of the user's own has besides its numbers."""
        if not is_installed(file_of(type(thing))):
            self._go_into(path, thing)

    def _note(self, thing: Any) -> None:
        """Installed code that is named."""
        self.may_differ |= may_differ(thing)
        self._any_name |= looks_at_attributes(thing)

    def _go_into_class(self, kind: type) -> None:
        self._matched |= set(vars(kind).get("__match_args__", ()))
        if is_installed(file_of(kind)):
            self._note(kind)
        else:
            self._todo.append(("", type(kind)))
            self.held.append((f"{kind.__qualname__}.", vars(kind), None, tuple(vars(kind).values())))
            self.held.append((f"{kind.__qualname__}.", kind, ("__bases__",), (kind.__bases__,)))
            self._unnamed += members_of(kind)
            self._todo += [("", base) for base in kind.__bases__]

    def _go_into_module(self, module: types.ModuleType) -> None:
        inside = vars(module)
        if is_installed(file_of_module(module)):
            self._note(module)
            found = [(name, part) for name, part in inside.items() if part.__class__ in _SETTINGS]
            found = [(name, part) for name, part in found if part is not sys.modules]
        else:
            self._modules[id(module)] = module.__name__, inside
            found = list(inside.items())
            self.names.add("__getattr__")  # which gives what is not there
        self._unnamed += [(f"{module.__name__}.{name}", name, part, inside) for name, part in found]
        if module is os:
            self._unnamed.append(("os.environ", "getenv", os.environ, None))

    def _go_into(self, path: str, thing: Any) -> None:
        """A function, a container or another object."""
        if reads_attributes(thing):
            self.names.add("getattr")  # under whatever name
        # what remembers results, and rules that run for gradients
        self.has_hidden_code |= isinstance(thing, functools._lru_cache_wrapper)
        self.has_hidden_code |= isinstance(thing, Operation) and not thing.in_table
        if isinstance(thing, types.FunctionType):
            self._read(thing)
        elif isinstance(thing, types.BuiltinFunctionType):
            self._note(thing)
        elif isinstance(thing, weakref.ref):
            self._todo.append((f"{path}()", thing()))
        if hasattr(type(thing), "carried_by_jit"):
            self.owners.append(thing)
            self._carrying.append((path, vars(thing)))
        if isinstance(thing, types.MethodType):
            self._todo += [(path, thing.__func__), (f"{path}.__self__" if path else "self", thing.__self__)]
        for name, container, keys in parts_of(thing):
            if name == "." and keys is None and is_read_by_name(thing, self._nn_too):
                self._objects[id(container)] = path, container
                if is_module(thing):
                    self._of_modules.add(id(container))
                    if is_of_nn(file_of(type(thing)) or ""):
                        self._of_layers.add(id(container))
                self._unnamed += [(f"{path}.{key}", key, part, container) for key, part in container.items()]
            elif keys == ("__class__",) and path.endswith("()"):
                continue  # the target of a weak reference is not to be kept
            elif isinstance(thing, types.FunctionType) and not name and keys is not None:
                self._hold("", "", container, keys)  # its globals and what it closes over have names of their own
            else:
                self._hold(path, name, container, keys)
        if isinstance(thing, MAPPINGS):
            self.held.append((path, thing.keys(), None, tuple(thing)))
            self._todo += [(path, key) for key in thing if not _is_plain(key)]

    def _read(self, function: types.FunctionType) -> None:
        """What a function's code names."""
        if self._has_run is not None and function.__code__ not in self._has_run:
            return
        if is_installed(function.__code__.co_filename):
            self._note(function)
            if function is os.getenv:
                self._todo.append(("os.environ", os.environ))
            return
        names, there = names_in(function.__code__), function.__globals__
        self.names |= names
        for name in names & there.keys():
            thing = there[name]
            if isinstance(thing, types.ModuleType | types.FunctionType | type) and id(thing) not in self._seen:
                self._todo.append((name, thing))
        self._imports |= finds_modules(function.__code__, names)
        _, used = self._globals.setdefault(id(there), (there, set()))
        used |= globals_in(function.__code__)

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


def _is_plain(thing: Any) -> bool:
    """True for what holds nothing else."""
    return thing.__class__ in _PLAIN or (isinstance(thing, ATOMS) and is_installed(file_of(type(thing))))


def _finds(thing: str, path: str) -> str:
    """How it comes by ``thing``: of an argument there is no path."""
    return f"closes over {thing}, {path}" if path else f"is given {thing}"


def _is_data(thing: Any) -> bool:
    """True for what a namespace is full of besides modules, classes, installed functions and iterators."""
    if isinstance(thing, types.FunctionType):
        return not is_installed(thing.__code__.co_filename)
    return not isinstance(thing, types.ModuleType | types.BuiltinFunctionType | type | np.ufunc | Operation | Iterator)


_NUMBERS = (int, float, str, np.generic)
_PLAIN = frozenset({int, float, complex, str, bytes, bool, type(None)})
# Of what is in an installed module, what one may change.
_SETTINGS = _PLAIN | {list, tuple, dict, set, frozenset, type(os.environ), Logger, RootLogger}
