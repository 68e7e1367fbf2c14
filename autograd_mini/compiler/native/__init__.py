"""The extra ``fast``: the same programs, run by an interpreter that numba compiles once instead of by NumPy calls."""

from __future__ import annotations

from importlib.util import find_spec

from autograd_mini.compiler.native.interpreter import machine_code
from autograd_mini.compiler.native.machine import prepared
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.replay import Replay


def is_installed() -> bool:
    """True where the extra ``fast`` is; numba itself is not imported to find out."""
    return find_spec("numba") is not None and find_spec("scipy") is not None


def compiled(program: Program) -> Replay | None:
    """The program for the native interpreter; None without the extra, and where NumPy's calls are as fast."""
    return prepared(program, machine_code) if is_installed() else None
