"""What is looked at before each replay, as Python that is compiled once: a loop over it would take three times as long.

``look_at_things`` is about what a function holds, ``look_at_parameters`` about the numbers that its program reads.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import attrgetter, is_
from typing import Any

import numpy as np

from autograd_mini.compiler.guards.held import held_by
from autograd_mini.compiler.source import code_of

FEW = 16  # things in one container; of more there is a loop


def look_at_things(held: list[tuple[Any, Any, tuple[Any, ...]]], absent: Any = ()) -> Callable[[], bool]:
    """True while each container still holds, under its keys, the very things that it held then, and none is there of
    the names that are ``absent``.

    It may raise ``KeyError`` or ``AttributeError`` for a name that is gone, and ``ValueError`` for another number of
    things.
    """
    given: dict[str, Any] = {"is_": is_}
    lines = []
    for k, (container, keys, then) in enumerate(held):
        if keys is None and not then:
            given[f"there{k}"] = container
            lines.append(f"if there{k}: return False")
            continue
        if keys is None:
            given[f"there{k}"] = held_by(container, None)
            now = [f"x{i}" for i in range(len(then))]
            if len(then) > FEW:
                given[f"then{k}"] = then
                lines.append(f"if len(there{k}) != {len(then)} or not all(map(is_, there{k}, then{k})): return False")
                continue
            lines.append(f"[{', '.join(now)}] = there{k}")
        elif container.__class__ is tuple:
            given |= {f"there{k}_{i}": cell for i, cell in enumerate(container)}
            now = [f"there{k}_{i}.cell_contents" for i in range(len(container))]
        elif not isinstance(container, dict):
            given[f"there{k}"] = container
            now = [f"there{k}.{name}" for name in keys]
        else:
            given[f"there{k}"] = container
            now = [f"there{k}[{key!r}]" for key in keys]
        given |= {f"then{k}_{i}": thing for i, thing in enumerate(then)}
        others = [f"{name} is not then{k}_{i}" for i, name in enumerate(now)]
        if others:
            lines.append(f"if {' or '.join(others)}: return False")
    for k, (_, there, names) in enumerate(absent):
        given |= {f"lacks{k}": there.keys().isdisjoint, f"names{k}": names}
        lines.append(f"if not lacks{k}(names{k}): return False")
    look: Callable[[], bool] = _function([*lines, "return True"], given)
    return look


def look_at_parameters(values: list[Any]) -> Callable[[], list[Any] | None]:
    """The data of these Values; None if one has another type, shape or dtype by now, or another ``requires_grad``."""
    given: dict[str, Any] = {"data": attrgetter("data"), "flags": attrgetter("requires_grad")}
    lines, found = [], []
    for is_array, run in groupby(enumerate(values), lambda pair: isinstance(pair[1].data, np.ndarray)):
        if is_array:
            for k, x in run:
                given |= {f"p{k}": x, f"kind{k}": x.data.__class__, f"dtype{k}": x.data.dtype}
                others = [
                    f"x{k}.__class__ is not kind{k}",
                    f"x{k}.dtype is not dtype{k}",
                    f"x{k}.shape != {x.data.shape}",
                    f"p{k}.requires_grad != {bool(x.requires_grad)}",
                ]
                lines += [f"x{k} = p{k}.data", f"if {' or '.join(others)}: return None"]
                found.append(f"x{k}")
        else:
            places, numbers = zip(*run, strict=True)
            k = places[0]
            given |= {f"p{k}": numbers, f"kinds{k}": [x.data.__class__ for x in numbers]}
            given[f"flags{k}"] = [x.requires_grad for x in numbers]
            others = [f"list(map(type, x{k})) != kinds{k}", f"list(map(flags, p{k})) != flags{k}"]
            lines += [f"x{k} = list(map(data, p{k}))", f"if {' or '.join(others)}: return None"]
            found.append(f"*x{k}")
    look: Callable[[], list[Any] | None] = _function([*lines, f"return [{', '.join(found)}]"], given)
    return look


def look_at_gradients(values: list[Any]) -> Callable[[], bool]:
    """True while none of these Values has a gradient."""
    given = {f"p{k}": x for k, x in enumerate(values)}
    look: Callable[[], bool] = _function(
        [*[f"if {name}._grad is not None: return False" for name in given], "return True"], given
    )
    return look


def _function(lines: list[str], given: dict[str, Any]) -> Any:
    code = "\n    ".join(["def look():", *lines])
    exec(code_of(code, "look"), given)
    return given["look"]
