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
    options = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]  # sums in any order, so that they vectorize
    subprocess.run([compiler, *options, *macros, str(SOURCE), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


_folder = tempfile.TemporaryDirectory()  # to the end: of a library that is deleted the loader gives the next one's file


def _pointer(array: Any) -> Any:
    return array.ctypes.data_as(ctypes.c_void_p)  # which keeps the array


def _pointers(arrays: list[Any]) -> Any:
    pointers = (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
    pointers.arrays = arrays  # lest they are gone
    return pointers
