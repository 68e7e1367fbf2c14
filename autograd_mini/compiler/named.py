"""What code names: globals, attributes and modules, and by which names it may reach others that it does not name."""

from __future__ import annotations

import dis
import operator
import types
from typing import Any

# What of the language reaches attributes, globals and modules that the code does not name; what of the libraries does
# is in ``installed``.
BY_ANY_GLOBAL_NAME = frozenset({"globals", "eval", "exec", "__globals__", "f_globals"})
BY_ANY_NAME = frozenset(
    {
        *("getattr", "setattr", "hasattr", "delattr", "vars", "dir", "locals", "eval", "exec", "format", "format_map"),
        *("__dict__", "__getattribute__", "__getstate__", "__reduce__", "__reduce_ex__", "__dir__"),
        *("attrgetter", "methodcaller", "asdict", "astuple", "map_leaves"),
    }
)


def names_in(code: types.CodeType) -> set[str]:
    """The globals and attributes that a function names, the functions inside of it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
        else:  # attrgetter("rate"), case Config(rate=r)
            names.update(
                [part for part in (constant if isinstance(constant, tuple) else [constant]) if isinstance(part, str)]
            )
    return names


def globals_in(code: types.CodeType) -> set[str]:
    """The globals alone."""
    names = {line.argval for line in dis.get_instructions(code) if line.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    inner = [globals_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names.union(*inner)


def finds_modules(code: types.CodeType, names: set[str]) -> bool:
    """True for code that imports, or looks a module up, while it runs."""
    return not names.isdisjoint({"__import__", "import_module"}) or names >= {"sys", "modules"} or _imports(code)


def _imports(code: types.CodeType) -> bool:
    """True for code with an import in it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return dis.opmap["IMPORT_NAME"] in code.co_code[::2] or any(map(_imports, inner))


def reads_attributes(thing: Any) -> bool:
    if isinstance(thing, types.BuiltinFunctionType | types.WrapperDescriptorType):
        return thing.__name__ in BY_ANY_NAME
    return isinstance(thing, operator.attrgetter | operator.methodcaller)
