"""Replay: a program as Python code, compiled once, which computes into the same memory at every call.

The code is a function ``make`` that returns ``forward`` and a ``backward`` for each output. What backward needs of
forward they share as closure variables; each result of ``make`` has memory of its own, so that two calls may wait
for their backward at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.codegen.code import Code
from autograd_mini.compiler.codegen.emit import lines_of_code
from autograd_mini.compiler.codegen.writing import is_of_library
from autograd_mini.compiler.passes.side_by_side import computed_in_place
from autograd_mini.compiler.passes.spell import spelled_out
from autograd_mini.compiler.plan import aligned, planned
from autograd_mini.compiler.program import Argument, Captured, Program, is_op
from autograd_mini.compiler.source import code_of
from autograd_mini.compiler.users import among_users

Forward = Callable[[Any], Any]  # from the arguments and parameters to the outputs
Backward = Callable[[Any], Any]  # from an upstream gradient to the gradients wanted


class Replay(NamedTuple):
    """A program ready to run."""

    make: Callable[[], tuple[Forward, list[Backward]]]
    inputs: list[Argument | Captured]  # what forward takes, in order
    source: str  # the Python that was compiled
    backend: str = "NumPy"  # what runs it


def compiled(program: Program) -> Replay:
    """The program as Python code."""
    program = spelled_out(program)
    inputs, parts = parts_of(program)
    shared = _shared(program, {*inputs, *parts[0]}, parts[1:])
    code = Code(program)
    for part in parts:
        code.convert_numbers(part)
    _plan_memory(code, parts, shared)
    source = _source(code, inputs, parts, shared)
    quietly = np.errstate(all="ignore")  # a nan is an answer
    of_library = all([not is_op(op) or is_of_library(op) for op in program.ops])
    in_context = _in_quiet_context if of_library else lambda forward: among_users(quietly(forward))
    namespace: dict[str, Any] = {**code.namespace, "quietly": quietly, "in_context": in_context, "aligned": aligned}
    exec(code_of(source, "program"), namespace)
    return Replay(namespace["make"], [program.ops[i] for i in inputs], source)


def parts_of(program: Program) -> tuple[list[int], list[list[int]]]:
    """The inputs; then the lines that forward computes, and those that each backward adds."""
    needed = program.needed_for(program.roots)
    in_forward = program.needed_for(program.outputs)
    everything = range(len(program))
    inputs = [i for kind in (Argument, Captured) for i in everything if needed[i] and isinstance(program.ops[i], kind)]
    parts = [[i for i in everything if in_forward[i]]]
    for gradients in program.gradients:
        own = program.needed_for([g for g in gradients if g is not None])
        parts.append([i for i in everything if own[i] and not in_forward[i]])
    return inputs, [[i for i in part if is_op(program.ops[i])] for part in parts]


def _shared(program: Program, in_forward: set[int], backwards: list[list[int]]) -> list[int]:
    """What forward leaves for a backward, to compute with or as a gradient."""
    used_later = {x for part in backwards for i in part for x in program.operands[i] if x in in_forward}
    return sorted(used_later | {g for gs in program.gradients for g in gs if g in in_forward})


def _plan_memory(code: Code, parts: list[list[int]], shared: list[int]) -> None:
    """Which array each line computes into, and lines that make these arrays."""
    program = code.program
    given_away = set(program.roots)

    def writes(i: int) -> str | None:
        how = code.how[i]
        return "own" if how is not None and i in given_away else how

    in_rows = computed_in_place(program, parts, writes)
    kept = [*shared, *given_away, *in_rows, *[row for row, _ in in_rows.values()]]
    code.plan, arrays = planned(program, parts, kept, writes)
    for x in in_rows:
        del arrays[code.plan[x]]
    for name, like in arrays.items():
        code.made(name, f"aligned({like.shape}, {code.given(f'dtype_{like.dtype.name}', like.dtype)})")
    code.plan |= {x: code.part(code.plan[row], part) for x, (row, part) in in_rows.items()}


def _source(code: Code, inputs: list[int], parts: list[list[int]], shared: list[int]) -> str:
    """The function ``make``."""
    program = code.program
    cells = [f"v{i}" for i in shared]
    unpacked = [f"({', '.join(f'v{i}' for i in inputs)},) = inputs"] if inputs else []
    forward = [*unpacked, *_body(code, parts[0], program.outputs)]
    lines = [f"{' = '.join(cells)} = None"] if cells else []
    lines += _function("forward", "inputs", [f"nonlocal {', '.join(cells)}", *forward] if cells else forward)
    names = []
    for k, (part, gradients) in enumerate(zip(parts[1:], program.gradients, strict=True)):
        lines += _function(f"backward{k}", "upstream", _body(code, part, gradients))
        names.append(f"backward{k}")
    quiet = [f"quietly({name})" for name in names]
    body = [*code.allocations, *lines, f"return in_context(forward), [{', '.join(quiet)}]"]
    return "\n".join(_function("make", "", body)) + "\n"


def _body(code: Code, part: list[int], given_away: tuple[int | None, ...]) -> list[str]:
    lines = [line for i in part for line in lines_of_code(code, i)]
    return [*lines, f"return {_tuple([_own(code, i, given_away) for i in given_away])}"]


def _in_quiet_context(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``f`` without warnings, as under ``np.errstate``, which takes ten times as long.

    It runs in a context of its own, so that none of a user's code may stand in it, which could look for the caller's,
    and that no two threads may be in it: only a forward pass has its memory to itself.
    """
    run: Any = Context().run
    run(np.seterr, all="ignore")
    run(np.setbufsize, np.getbufsize())
    return partial(run, f)


def _function(name: str, parameters: str, body: list[str]) -> list[str]:
    return [f"def {name}({parameters}):", *["    " + line for line in body]]


def _tuple(names: list[str]) -> str:
    return f"({', '.join(names)},)" if names else "()"


def _own(code: Code, i: int | None, together: tuple[int | None, ...]) -> str:
    """What is given away: an array of its own, since its new owner may write into it."""
    if i is None:
        return "None"
    if code.program.likes[i] is None or (code.is_own(i) and together.count(i) == 1):
        return code.name(i)
    return f"array({code.name(i)})"
