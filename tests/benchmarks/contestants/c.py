"""The step in C, written by hand for this one net and compiled for this one size: how little time it could take."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.problems import L2, Dense
from tests.benchmarks.run import RATE, Answer, Run, Unavailable, flat

SOURCE = Path(__file__).with_name("step.c")
# Sums in any order, so that they vectorize. -ffast-math would have the whole process flush small numbers to 0.
OPTIONS = ["-O3", "-march=native", "-shared", "-fPIC", "-fno-math-errno", "-fassociative-math", "-freciprocal-math"]
OPTIONS += ["-fno-signed-zeros", "-fno-trapping-math", "-ffinite-math-only"]


def dense(problem: Dense) -> Run:
    x, y = problem.x, np.ascontiguousarray(problem.y)
    width_in, h1, h2, _ = problem.sizes
    real = ctypes.c_float if x.dtype == np.float32 else ctypes.c_double
    sizes = {"ROWS": len(x), "IN": width_in, "H1": h1, "H2": h2, "WIDEST": max(problem.sizes), "L2": L2}
    library = _compiled(REAL="float" if real is ctypes.c_float else "double", **sizes)
    library.step.restype = real
    parameters = [array.copy() for layer in problem.layers for array in layer]
    gradients = [np.empty_like(p) for p in parameters]
    data = [_pointer(x), _pointer(y), _pointers(parameters), _pointers(gradients)]

    def answer() -> Answer:
        loss = library.step(*data, real(0))
        return float(loss), flat(gradients)

    arguments = (*data, real(RATE))
    return Run(lambda: library.step(*arguments), answer)


def _compiled(**definitions: Any) -> ctypes.CDLL:
    """The source as a library, with these macros."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unavailable("there is no C compiler (cc) here")
    macros = [f"-D{name}={text}" for name, text in definitions.items()]
    library = Path(_folder.name) / f"step{'_'.join(macros)}.so"
    command = [compiler, *OPTIONS, *macros, str(SOURCE), "-o", str(library)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"the C compiler cannot do it: {done.stderr.strip().splitlines()[-1]}")
    return ctypes.CDLL(str(library))


_folder = tempfile.TemporaryDirectory()  # to the end: of a library that is deleted the loader gives the next one's file


def _pointer(array: Any) -> Any:
    return array.ctypes.data_as(ctypes.c_void_p)  # which keeps the array


def _pointers(arrays: list[Any]) -> Any:
    pointers = (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
    pointers.arrays = arrays  # lest they are gone
    return pointers
