"""What one thing holds: the containers in it, and whether it is the user's own at all."""

from __future__ import annotations

import functools
import sys
import sysconfig
import threading
import types
import weakref
from array import array
from collections import defaultdict, deque
from collections.abc import Iterator
from contextvars import ContextVar
from logging import Logger
from typing import Any

import numpy as np

from autograd_mini.compiler.arguments import holds_objects
from autograd_mini.compiler.guards.named import TEXT, names_in
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.ops.operation import Operation

ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype)
MAPPINGS: Any = dict | types.MappingProxyType
_CONTAINERS = (list, tuple, set, frozenset, deque, array, bytearray, dict, types.MappingProxyType)
_VIEWS: Any = (type({}.keys()), type({}.values()), type({}.items()))
# what has none, or is looked into otherwise
_WITHOUT_PARTS: Any = types.ModuleType | types.MethodType | types.BuiltinFunctionType | np.ufunc | Operation
_BOUND = types.BuiltinMethodType | types.MethodWrapperType
_KNOWN_BASES = frozenset({"abc", "typing", "nn.module", "nn.absent"})  # of these one knows by what they go through it
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def is_read_by_name(thing: Any, nn_too: bool) -> bool:
    """True for an object of the user's own: what it holds matters if code names it. A library may go through it all.

    ``nn_too``: what nn's own code names is known, so that its layers count as the user's.
    """
    kinds = [kind for kind in type(thing).__mro__[:-1] if kind.__module__ not in _KNOWN_BASES]
    if nn_too and is_module(thing):
        kinds = [kind for kind in kinds if not kind.__module__.startswith("nn.")]
    is_record = hasattr(type(thing), "__dataclass_fields__") and not holds_objects(thing)  # compared, printed, returned
    is_own = not any([is_installed(file_of(kind)) for kind in kinds])
    return is_own and not is_record and not isinstance(thing, types.FunctionType)


def is_module(thing: Any) -> bool:
    """True for a network of the user's own, all parts of which its ``parameters()`` and the like go through."""
    return any([kind.__module__ == "nn.module" for kind in type(thing).__mro__])


def parts_of(thing: Any) -> Iterator[tuple[str, Any, Any]]:
    """The containers in which ``thing`` holds others: a name, the container, and which keys of it (None: all)."""
    if isinstance(thing, types.FunctionType):
        if is_installed(thing.__code__.co_filename):  # but it may call what it was made of: contextmanager
            yield ".", thing.__dict__, tuple([name for name in thing.__dict__ if name[0] != "_" or name[1] == "_"])
            yield "", tuple([x for x in map(content_of, thing.__closure__ or ()) if callable(x)]), None
            return
        yield ".", thing.__dict__, None
        yield ".", thing, ("__code__", "__defaults__", "__kwdefaults__")  # which a notebook's autoreload replaces
        if thing.__closure__:
            yield "", thing.__closure__, thing.__code__.co_freevars
        names = _that_may_change(thing)
        yield "", thing.__globals__, tuple(names)
    elif isinstance(thing, _BOUND) and not isinstance(thing.__self__, types.ModuleType | type | None):
        yield "", (thing.__self__,), None  # the dict of its get
    elif isinstance(thing, functools.partial):
        yield "", (thing.func, thing.args, thing.keywords), None
    elif isinstance(thing, _CONTAINERS):
        yield "", thing, None
        if isinstance(thing, defaultdict):
            yield "", (thing.default_factory,), None
        if not is_installed(file_of(type(thing))):
            yield "", (type(thing),), None
            yield from _attributes_of(thing)
    elif isinstance(thing, _VIEWS):
        yield "", (thing.mapping,), None
    elif isinstance(thing, ContextVar):
        yield ".get()", thing, None
    elif isinstance(thing, weakref.ref):
        yield "()", thing, None
    elif isinstance(thing, threading.local):
        yield "", (type(thing),), None
        yield ".", thing, ("__dict__",)  # another in each thread
    elif isinstance(thing, Logger):
        yield ".", vars(thing), ("level", "disabled", "parent")
        yield ".manager.", vars(thing.manager), ("_disable",)
    elif isinstance(thing, property):
        yield "", (thing.fget, thing.fset), None
    elif isinstance(thing, Operation) and not thing.in_table:
        yield "", (vars(thing).get("function"), *thing.rules, thing.rule_for_each), None
    elif isinstance(thing, staticmethod | classmethod):
        yield "", (thing.__func__,), None
    elif not isinstance(thing, _WITHOUT_PARTS):
        yield "", (type(thing),), None
        yield from _attributes_of(thing)


def _attributes_of(thing: Any) -> Iterator[tuple[str, Any, Any]]:
    """The containers of an object's attributes."""
    attributes = getattr(thing, "__dict__", None)
    carried = getattr(type(thing), "carried_by_jit", ())  # which programs read themselves: see ``carry``
    if attributes and carried:
        yield ".", attributes, tuple([name for name in attributes if name not in carried])
    elif attributes is not None:
        yield ".", attributes, None
    if is_installed(file_of(type(thing))) or isinstance(thing, Node):
        return
    slots = [name for kind in type(thing).__mro__ for name in _slots_of(kind)]
    if slots:
        yield ".", thing, tuple(slots)
    if not (carried or isinstance(thing, (*ATOMS, np.ndarray, *_CONTAINERS))):  # whose class is another meanwhile
        yield ".", thing, ("__class__",)


def is_computed(container: Any) -> bool:
    """True if what the container holds has to be asked of it anew at each call."""
    return isinstance(container, ContextVar | weakref.ref | np.ndarray)


def _slots_of(kind: type) -> list[str]:
    """The names of a class's slots, as attributes are called outside of it."""
    slots = vars(kind).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    own = f"_{kind.__name__.lstrip('_')}"
    return [own + name if name.startswith("__") and not name.endswith("__") else name for name in names]


def members_of(kind: type) -> list[tuple[str, str, Any, Any]]:
    """What a class defines: its path, the name that code calls it by ("" if operators do), the thing, and None."""
    by_name = {name: "" if name.startswith("__") else name for name in vars(kind) if name not in _NEVER_COMPUTED}
    by_name |= {name: kind.__name__ for name in ("__init__", "__new__", "__post_init__") if name in by_name}
    by_name |= {name: TEXT for name in ("__repr__", "__str__", "__format__") if name in by_name}
    return [(f"{kind.__qualname__}.{name}", called, vars(kind)[name], None) for name, called in by_name.items()]


_NEVER_COMPUTED = frozenset({"__del__", "__reduce__", "__getstate__", "__setstate__", "__doc__"})


def _that_may_change(function: types.FunctionType) -> list[str]:
    """The globals that a function names, but for those that nobody puts something else in place of."""
    there = function.__globals__
    return [name for name in sorted(names_in(function.__code__)) if name in there and _may_change(name, there[name])]


def _may_change(name: str, thing: Any) -> bool:
    """False for the modules, functions and classes of installed code, which the user's globals are full of.

    But under another name than their own they are a choice of the user's: ``loss = nn.mse_loss``.
    """
    if not isinstance(thing, types.ModuleType | types.FunctionType | type) or name != thing.__name__:
        return True
    if isinstance(thing, types.ModuleType):
        return not is_installed(file_of_module(thing))
    if isinstance(thing, types.FunctionType):
        return not is_installed(thing.__code__.co_filename)
    return not is_installed(file_of(thing))


def held_by(container: Any, keys: Any) -> Any:
    if keys is None:
        if is_computed(container):
            if isinstance(container, ContextVar):
                return [_current(container)]
            return [container() is None] if isinstance(container, weakref.ref) else list(container.flat)
        return container.values() if isinstance(container, MAPPINGS) else container
    if container.__class__ is tuple:  # cells
        return [content_of(cell) for cell in container]
    if isinstance(container, MAPPINGS):
        return [container.get(key) for key in keys]
    return [getattr(container, key, None) for key in keys]  # slots


def _current(variable: ContextVar[Any]) -> Any:
    try:
        return variable.get()
    except LookupError:
        return None


def content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def names_of(container: Any, keys: Any, brackets: bool) -> Any:
    if keys is not None:
        return keys
    if isinstance(container, MAPPINGS):
        return [f"[{key!r}]" if brackets else key for key in container]
    if isinstance(container, ContextVar | weakref.ref):
        return [""]
    return [f"[{i}]" for i in range(container.size if isinstance(container, np.ndarray) else len(container))]


def is_installed(path: str | None) -> bool:
    """True for code of Python, of this library, or of another that is installed: it is taken to stay as it is."""
    return path is None or is_library(path) or path.startswith((*_INSTALLED, "<frozen"))


def file_of_module(module: Any) -> str | None:
    """Its file, or the folder of a package without one."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)


def file_of(thing: Any) -> str | None:
    """The file of the module that made it; a notebook has none, and is the user's code nevertheless."""
    name = getattr(thing, "__module__", "")
    return "<notebook>" if name == "__main__" else file_of_module(sys.modules.get(name))
