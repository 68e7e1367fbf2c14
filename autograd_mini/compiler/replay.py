"""Replay: a program as Python code, compiled once, which computes into the same memory at every call.

The code is a function ``make`` that returns ``forward`` and a ``backward`` for each output. What backward needs of
forward they share as closure variables; each result of ``make`` has memory of its own, so that two calls may wait
for their backward at the same time.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_mini.compiler.emit import Code, line_of_code
from autograd_mini.compiler.program import Argument, Captured, Constant, Program, Upstream

Forward = Callable[[Any], Any]  # from the arguments and parameters to the outputs
Backward = Callable[[Any], Any]  # from an upstream gradient to the gradients wanted


class Replay(NamedTuple):
    """A program ready to run."""

    make: Callable[[], tuple[Forward, list[Backward]]]
    inputs: list[Argument | Captured]  # what forward takes, in order
    source: str  # the Python that was compiled


def compiled(program: Program) -> Replay:
    """The program as Python code."""
    ops = program.ops
    needed = program.needed_for(program.roots)
    in_forward = program.needed_for(program.outputs)
    inputs = [i for i, op in enumerate(ops) if needed[i] and isinstance(op, Argument | Captured)]
    for i in inputs:
        in_forward[i] = 1
    code = Code(program)
    parts = [[i for i in range(len(ops)) if in_forward[i] and i not in inputs]]
    for gradients in program.gradients:
        own = program.needed_for([g for g in gradients if g is not None])
        parts.append([i for i in range(len(ops)) if own[i] and not in_forward[i]])
    computed = [[i for i in part if not isinstance(ops[i], Constant | Upstream)] for part in parts]
    shared = {x for part in computed[1:] for i in part for x in program.operands[i] if in_forward[x]}
    shared |= {g for gs in program.gradients for g in gs if g is not None and in_forward[g]}
    shared = {i for i in shared if not isinstance(ops[i], Constant)}
    forward = [f"({', '.join(f'v{i}' for i in inputs)},) = inputs"] if inputs else []
    forward += [line for i in computed[0] for line in line_of_code(code, i)]
    forward.append(f"return {_tuple([code.name(i) for i in program.outputs])}")
    lines = [f"{v} = None" for v in sorted(f"v{i}" for i in shared)]
    lines += ["def forward(inputs):"]
    lines += [f"    nonlocal {', '.join(sorted(f'v{i}' for i in shared))}"] if shared else []
    lines += ["    " + line for line in forward]
    for k, (part, gradients) in enumerate(zip(computed[1:], program.gradients, strict=True)):
        lines.append(f"def backward{k}(upstream):")
        lines += ["    " + line for i in part for line in line_of_code(code, i)]
        lines.append(f"    return {_tuple([_own(code, g, gradients) for g in gradients])}")
    names = [f"backward{k}" for k in range(len(program.gradients))]
    source = "\n".join(["def make():", *["    " + x for x in (*code.buffers, *lines)]])
    source += f"\n    return forward, [{', '.join(names)}]\n"
    namespace: dict[str, Any] = dict(code.namespace)
    exec(compile(source, _FILE, "exec"), namespace)
    return Replay(namespace["make"], [ops[i] for i in inputs], source)


def _tuple(names: list[str]) -> str:
    return f"({', '.join(names)},)" if names else "()"


def _own(code: Code, g: int | None, gradients: tuple[int | None, ...]) -> str:
    """A gradient to be given away: an array of its own, since its new owner may write into it."""
    if g is None:
        return "None"
    fresh = g in code.fresh and gradients.count(g) == 1
    return code.name(g) if code.program.likes[g] is None or fresh else f"array({code.name(g)})"


_FILE = os.path.join(
    os.path.dirname(__file__), "<program>"
)  # in the library, so that errors name the line that called it
