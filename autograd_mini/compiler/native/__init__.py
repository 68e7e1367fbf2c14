"""The extra ``fast``: the same programs, run by an interpreter that numba compiles once instead of by NumPy calls.

An interpreter, so that nobody waits for a compiler when shapes change: a program becomes numbers that it reads.

- ``choice``: which lines are native; ``lower``: their instructions; ``instructions`` and ``opcodes``: what these are.
- ``machine``: the program as numbers; ``memory``: where values lie; ``interpreter``: the loop that numba compiles.
"""

from __future__ import annotations

import math
from functools import partial
from importlib.util import find_spec

import numpy as np

from autograd_mini.compiler.codegen.replay import Replay
from autograd_mini.compiler.native.instructions import Unsupported
from autograd_mini.compiler.native.interpreter import machine_code
from autograd_mini.compiler.native.machine import Machine
from autograd_mini.compiler.native.memory import functions_of
from autograd_mini.compiler.program import Program

LARGEST = 2**17  # elements of an array; beyond, NumPy's functions are as fast


def is_installed() -> bool:
    """True where the extra ``fast`` is; numba itself is not imported to find out."""
    return find_spec("numba") is not None and find_spec("scipy") is not None


def compiled(program: Program) -> Replay | None:
    """The program for the native interpreter; None without the extra, and where NumPy's calls are as fast."""
    arrays = [like for like in program.likes if like is not None and like.dtype.char in "fd"]
    sizes = [math.prod(shape) for shape, _ in arrays]
    if not is_installed() or max(sizes, default=0) > LARGEST:
        return None
    in_float32 = sum([size for size, (_, dtype) in zip(sizes, arrays, strict=True) if dtype.char == "f"])
    try:
        machine = Machine(program, np.dtype("f" if 2 * in_float32 > sum(sizes) else "d"))
    except Unsupported:
        return None
    run = machine_code() if machine.is_worth_it else None
    if run is None:
        return None
    inputs = [program.ops[i] for i in machine.inputs]
    return Replay(partial(functions_of, machine, run), inputs, str(machine), "numba")
