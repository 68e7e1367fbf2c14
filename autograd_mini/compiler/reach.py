"""What a function can reach beside its arguments: what it closes over, globals that it names, and what they hold."""

from __future__ import annotations

import functools
import operator
import random
import sys
import sysconfig
import types
from array import array
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.ops.operation import Operation

MOST_REACHED = 20_000  # things; beyond it to compare them at each call would take longer than it saves

ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype)
_MAPPINGS: Any = dict | types.MappingProxyType
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Reach:
    """All of it, sorted by what is to be done about it."""

    def __init__(self, things: list[Any]) -> None:
        self.values: list[Any] = []  # Values
        self.arrays: list[Any] = []
        self.generators: list[Any] = []  # of random numbers
        self.owners: list[Any] = []  # of numbers that they carry from call to call
        self.held: list[tuple[str, Any, Any, tuple[Any, ...]]] = []  # path, container, keys or None, what it held
        self.absent: list[tuple[str, Any, frozenset[str]]] = []  # path, attributes of an object, names that are none
        self.names: set[str] = set()  # that code names
        self._walk(things)

    def _walk(self, things: list[Any]) -> None:
        seen: dict[int, Any] = {}
        todo = [("", thing) for thing in things]
        count = 0
        named = {"forward", "update", ""}  # what code that can be reached names, or calls of modules and optimizers do
        waiting: list[tuple[str, str, Any, Any]] = []  # what others hold and nothing has named yet
        objects: dict[int, tuple[str, Any]] = {}  # those of which code reads what it names: path and attributes
        late: list[tuple[str, Any]] = []  # others whose attributes may come later
        while todo or waiting or objects:
            if not todo:
                if not named.isdisjoint(_BY_ANY_NAME):
                    for path, attributes in objects.values():
                        self.held.append((f"{path}.", attributes, None, tuple(attributes.values())))
                        todo += [(f"{path}.{key}", part) for key, part in attributes.items()]
                    waiting = [entry for entry in waiting if id(entry[3]) not in objects]
                    objects.clear()
                now = [entry for entry in waiting if entry[1] in named]
                waiting = [entry for entry in waiting if entry[1] not in named]
                self.held += [(path, of, (name,), (part,)) for path, name, part, of in now if of is not None]
                todo += [(path, part) for path, _, part, _ in now]
                if not todo:
                    break
            path, thing = todo.pop()
            if isinstance(thing, ATOMS) or id(thing) in seen:
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
            if isinstance(thing, np.random.Generator | np.random.RandomState | random.Random):
                self.generators.append(thing)
                continue
            if isinstance(thing, operator.attrgetter | operator.methodcaller | types.BuiltinFunctionType) and (
                not isinstance(thing, types.BuiltinFunctionType) or thing in _BUILTINS
            ):
                named.add("getattr")  # under whatever name
            if isinstance(thing, type):
                named |= set(getattr(thing, "__match_args__", ()))
                if not is_installed(_file_of(thing)):
                    self.held.append((f"{thing.__qualname__}.", vars(thing), None, tuple(vars(thing).values())))
                    waiting += _members_of(thing)
                    todo += [("", base) for base in thing.__bases__]
                continue
            if isinstance(thing, types.ModuleType):
                if not is_installed(_file_of_module(thing)):
                    inside = vars(thing)
                    waiting += [(f"{thing.__name__}.{name}", name, part, inside) for name, part in inside.items()]
                continue
            if isinstance(thing, types.FunctionType) and not is_installed(thing.__code__.co_filename):
                named |= _names_in(thing.__code__)
            if hasattr(type(thing), "carried_by_jit"):
                self.owners.append(thing)
                late.append((path, vars(thing)))
            for name, container, keys in _parts_of(thing):
                if name == "." and keys is None and _is_read_by_name(thing):
                    objects[id(container)] = path, container
                    waiting += [(f"{path}.{key}", key, part, container) for key, part in container.items()]
                    continue
                held = held_by(container, keys)
                count += len(held)
                if count > MOST_REACHED:
                    raise refused(
                        f"the function can reach more than {MOST_REACHED:,} things beside its arguments, the last of "
                        f"them in {path + name or 'its closure'}; to compare them at each call would take too long",
                        "pass large lists as arguments, as arrays if they are numbers",
                    )
                if keys or (keys is None and container.__class__ is not tuple):  # which stays what it is
                    self.held.append((path + name, container, keys, tuple(held)))
                if isinstance(thing, _MAPPINGS):
                    self.held.append((path, thing.keys(), None, tuple(thing)))
                if isinstance(thing, types.FunctionType):
                    path = ""  # its globals and what it closes over have names of their own
                names = _names_of(container, keys, brackets=not name)
                todo.extend((f"{path}{name}{n}", part) for n, part in zip(names, held, strict=True))
        for path, attributes in [*objects.values(), *(() if named.isdisjoint(_BY_ANY_NAME) else late)]:
            self.absent.append((path, attributes, frozenset(named - attributes.keys())))
        self.names = named


# Names by which code may reach attributes that it does not name.
_BY_ANY_NAME = frozenset(
    {
        *("getattr", "setattr", "hasattr", "delattr", "vars", "__dict__", "__getattribute__", "attrgetter"),
        *("methodcaller", "eval", "exec", "locals", "format", "format_map", "dumps", "dump", "copy", "deepcopy"),
        *("__getstate__", "__reduce__", "getmembers", "asdict", "astuple", "replace", "map_leaves"),
    }
)
_BUILTINS = {getattr, setattr, hasattr, delattr, vars, eval, exec}


def _is_read_by_name(thing: Any) -> bool:
    """True for an object of the user's own: what it holds matters if code names it. A library may go through it all."""
    kinds = type(thing).__mro__[:-1]
    return not isinstance(thing, types.FunctionType) and not any(
        [is_installed(_file_of(kind)) or hasattr(kind, "__dataclass_fields__") for kind in kinds]
    )


def _parts_of(thing: Any) -> Iterator[tuple[str, Any, Any]]:
    """The containers in which ``thing`` holds others: a name, the container, and which keys of it (None: all)."""
    if isinstance(thing, types.FunctionType):
        if is_installed(thing.__code__.co_filename):
            return
        if thing.__dict__:
            yield ".", thing.__dict__, None
        yield "", (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()), None
        if thing.__closure__:
            yield "", thing.__closure__, thing.__code__.co_freevars
        names = _that_may_change(thing)
        yield "", thing.__globals__, tuple(names)
    elif isinstance(thing, types.MethodType):
        yield "", (thing.__self__, thing.__func__), None
    elif isinstance(thing, types.BuiltinMethodType) and not isinstance(thing.__self__, types.ModuleType | type | None):
        yield "", (thing.__self__,), None  # the dict of its get
    elif isinstance(thing, functools.partial):
        yield "", (thing.func, thing.args, thing.keywords), None
    elif isinstance(thing, list | tuple | set | frozenset | deque | array | bytearray | _MAPPINGS):
        yield "", thing, None
    elif isinstance(thing, property):
        yield "", (thing.fget, thing.fset), None
    elif isinstance(thing, staticmethod | classmethod):
        yield "", (thing.__func__,), None
    elif not isinstance(thing, types.ModuleType | types.BuiltinFunctionType | np.ufunc | Operation):
        yield "", (type(thing),), None
        attributes = getattr(thing, "__dict__", None)
        carried = getattr(type(thing), "carried_by_jit", ())  # which programs read themselves: see ``carry``
        if attributes and carried:
            yield ".", attributes, tuple([name for name in attributes if name not in carried])
        elif attributes is not None:
            yield ".", attributes, None
        slots = [name for kind in type(thing).__mro__ for name in _slots_of(kind)]
        if slots and not is_installed(_file_of(type(thing))):
            yield ".", thing, tuple(slots)


def _slots_of(kind: type) -> list[str]:
    """The names of a class's slots, as attributes are called outside of it."""
    slots = vars(kind).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    own = f"_{kind.__name__.lstrip('_')}"
    return [own + name if name.startswith("__") and not name.endswith("__") else name for name in names]


def _members_of(kind: type) -> list[tuple[str, str, Any, Any]]:
    """What a class defines: its path, the name that code calls it by ("" if operators do), the thing, and None."""
    by_name = {name: "" if name.startswith("__") else name for name in vars(kind) if name not in _NEVER_COMPUTED}
    by_name |= {name: kind.__name__ for name in ("__init__", "__new__", "__post_init__") if name in by_name}
    return [(f"{kind.__qualname__}.{name}", called, vars(kind)[name], None) for name, called in by_name.items()]


_NEVER_COMPUTED = frozenset({"__repr__", "__str__", "__del__", "__reduce__", "__getstate__", "__setstate__", "__doc__"})


def _that_may_change(function: types.FunctionType) -> list[str]:
    """The globals that a function names, but for those that nobody puts something else in place of."""
    there = function.__globals__
    return [name for name in sorted(_names_in(function.__code__)) if name in there and _may_change(there[name])]


def _may_change(thing: Any) -> bool:
    """False for the modules, functions and classes of installed code, which the user's globals are full of."""
    if isinstance(thing, types.ModuleType):
        return not is_installed(_file_of_module(thing))
    if isinstance(thing, types.FunctionType):
        return not is_installed(thing.__code__.co_filename)
    return not (isinstance(thing, type) and is_installed(_file_of(thing)))


def held_by(container: Any, keys: Any) -> Any:
    if keys is None:
        return container.values() if isinstance(container, _MAPPINGS) else container
    if container.__class__ is tuple:  # cells
        return [content_of(cell) for cell in container]
    if isinstance(container, _MAPPINGS):
        return [container.get(key) for key in keys]
    return [getattr(container, key, None) for key in keys]  # slots


def content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _names_of(container: Any, keys: Any, brackets: bool) -> Any:
    if keys is not None:
        return keys
    if isinstance(container, _MAPPINGS):
        return [f"[{key!r}]" if brackets else key for key in container]
    return [f"[{i}]" for i in range(len(container))]


def _names_in(code: types.CodeType) -> set[str]:
    """The globals and attributes that a function names, the functions inside of it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
        else:  # attrgetter("rate"), case Config(rate=r)
            names.update(
                [part for part in (constant if isinstance(constant, tuple) else [constant]) if isinstance(part, str)]
            )
    return names


def is_installed(path: str | None) -> bool:
    """True for code of Python, of this library, or of another that is installed: it is taken to stay as it is."""
    return path is None or is_library(path) or path.startswith((*_INSTALLED, "<frozen"))


def _file_of_module(module: Any) -> str | None:
    """Its file, or the folder of a package without one."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)


def _file_of(thing: Any) -> str | None:
    """The file of the module that made it; a notebook has none, and is the user's code nevertheless."""
    name = getattr(thing, "__module__", "")
    return "<notebook>" if name == "__main__" else _file_of_module(sys.modules.get(name))
