"""What code names: globals, attributes and modules, and by which names it may reach others that it does not name."""

from __future__ import annotations

import dis
import operator
import os
import types
from collections.abc import Collection
from typing import Any

from autograd_mini.ops.caller import is_of_nn

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
# By these one reaches all that a module of nn holds.
BY_ANY_NAME_OF_MODULES = frozenset(
    {
        *("parameters", "named_parameters", "buffers", "named_buffers", "modules", "named_modules", "children"),
        *("named_children", "state_dict", "load_state_dict", "generators", "apply", "requires_grad_"),
    }
)
OF_LAYERS = "parts of layers"  # no name either: of layers of nn, which have parameters by computed names
_MODULE = "module.py"  # the file of nn in which modules go through those that they hold
TEXT = "text of"  # no name, but that code which makes texts of things has
_MAKE_TEXT = frozenset({"repr", "str", "ascii", "format", "join"})
_F_STRINGS = ("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC")
_OF_A_NAME = frozenset({"getattr", "hasattr", "setattr", "delattr"})


def names_in(code: types.CodeType) -> set[str]:
    """The globals and attributes that a function names, the functions inside of it included."""
    names = set(code.co_names)
    if _has_instruction(code, "MATCH_CLASS"):
        names.add("__match_args__")
    if not names.isdisjoint(_MAKE_TEXT) or any([_has_instruction(code, name) for name in _F_STRINGS]):
        names.add(TEXT)
    if not names.isdisjoint(_OF_A_NAME):
        names -= _by_constant_names(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
        else:  # attrgetter("rate"), case Config(rate=r)
            names.update(
                [part for part in (constant if isinstance(constant, tuple) else [constant]) if isinstance(part, str)]
            )
    return names


def names_in_nn(code: Collection[types.CodeType]) -> set[str]:
    """What the code of nn among it names; a module that goes through modules, or a layer through itself, says so."""
    names: set[str] = set()
    for each in code:
        if is_of_nn(each.co_filename):
            found = names_in(each)
            if not found.isdisjoint(BY_ANY_NAME):
                found = (found - BY_ANY_NAME) | {
                    "modules" if os.path.basename(each.co_filename) == _MODULE else OF_LAYERS
                }
            names |= found
    return names


def _by_constant_names(code: types.CodeType) -> set[str]:
    """Those of ``getattr`` and its kin that the code itself calls with names that stand there, and so are known."""
    lines = list(dis.get_instructions(code))
    uses = [(line.argval, _has_constant_name(lines, k)) for k, line in enumerate(lines) if line.argval in _OF_A_NAME]
    return {name for name, _ in uses} - {name for name, is_constant in uses if not is_constant}


def _has_constant_name(lines: list[dis.Instruction], k: int) -> bool:
    """True if line k puts a function on the stack that is called as ``f(x, "name")``, or with one plain thing more."""
    if lines[k].opname != "LOAD_GLOBAL":
        return False
    depth = 0  # of the stack, above the function
    before: list[tuple[int, dis.Instruction]] = []
    for line in lines[k + 1 :]:
        if line.opname in ("PRECALL", "CACHE"):
            continue
        if line.opname in ("CALL", "CALL_FUNCTION") and depth == line.arg:
            if depth not in (2, 3) or len(before) < depth:
                return False
            at, name = before[1 - depth]
            more = [later.opname for _, later in before[2 - depth :]] if depth == 3 else []
            plain = all([opname in ("LOAD_CONST", "LOAD_FAST", "LOAD_GLOBAL", "LOAD_DEREF") for opname in more])
            return at == 1 and name.opname == "LOAD_CONST" and plain
        before.append((depth, line))
        depth += dis.stack_effect(line.opcode, line.arg, jump=False)
        if depth < 0 or line.opname.startswith(("JUMP", "POP_JUMP", "RETURN", "KW_NAMES")):
            return False
    return False


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
    return _has_instruction(code, "IMPORT_NAME") or any(map(_imports, inner))


def _has_instruction(code: types.CodeType, instruction: str) -> bool:
    return instruction in dis.opmap and dis.opmap[instruction] in code.co_code[::2]


def reads_attributes(thing: Any) -> bool:
    """True for a function or method that reads attributes of other objects, under names that no code has."""
    if isinstance(thing, types.BuiltinFunctionType | types.WrapperDescriptorType):
        return thing.__name__ in BY_ANY_NAME
    return isinstance(thing, operator.attrgetter | operator.methodcaller)
