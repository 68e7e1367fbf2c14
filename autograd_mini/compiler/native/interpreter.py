"""The native interpreter: one loop over instructions that compute in one memory, compiled by numba once for each dtype.

Nothing is compiled for a program. IEEE rules hold: nothing is reordered but sums, of eight running totals or four rows.
Places are unsigned numbers, since a negative one would count from the end, and to ask keeps a loop from being vectors.
"""

from __future__ import annotations

import math
import sys
from functools import cache
from typing import Any

import numpy as np

# The instructions. They stand in this file, since numba looks at its date alone to see whether its code is old.
# Element by element, of two operands that lie side by side.
ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM = range(6)
IF, UNLESS, GATE, ELSE = range(6, 10)  # y if x else 0; 0 if x else y; 0 if x <= 0 else y; z if x else y
POW, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, AND, OR = range(10, 17)
NEG, EXP, LOG, TANH, SQRT, ABS, SIGMOID, SIN, COS, LOG1P, EXPM1, SIGN, NOT = range(17, 30)  # of one
COPY, SUM, VDOT, MATMUL, GATHER, SCATTER, PRODUCT, SCATTER_PRODUCT, CAST, SCALE = range(30, 40)
NAMES = {number: name for name, number in list(globals().items()) if name.isupper()}

WIDTH = 13  # numbers in an instruction: op, z, x, y, three lengths, three strides of x, three of y (or of z)
LAST_POINTWISE = NOT
ON_NUMBERS = 64  # added to an op on single Python floats, where the arrays are of float32


@cache
def machine_code() -> Any:
    """``run`` as machine code. Numba keeps it on disk, beside this file or in the user's cache.

    None if numba is there and cannot be imported, as with a NumPy that is newer than it knows.
    """
    before = set(sys.modules)
    try:
        from numba import njit
        from numba.extending import register_jitable
    except ImportError:
        return None
    except BaseException:  # Ctrl-C: what is there of numba, and of what it imports, would break every later import
        for name in set(sys.modules) - before:
            package = name.partition(".")[0]
            if package not in before and package not in sys.stdlib_module_names:
                del sys.modules[name]
        raise
    for inner in (_one, _pointwise):
        register_jitable(error_model="numpy")(inner)
    try:
        return njit(cache=True, error_model="numpy")(run)
    except RuntimeError:  # nowhere on this disk may anything be written
        return njit(error_model="numpy")(run)


def _one(what: Any, x: Any, y: Any) -> Any:
    """What takes a call for each element anyway."""
    if what == EXP:
        return math.exp(x)
    if what == TANH:
        return math.tanh(x)
    if what == LOG:
        return math.log(x)
    if what == SIGMOID:
        e = math.exp(-abs(x))
        return (1.0 if x >= 0 else e) / (1 + e)
    if what == SIN:
        return math.sin(x)
    if what == COS:
        return math.cos(x)
    if what == LOG1P:
        return math.log1p(x)
    if what == EXPM1:
        return math.expm1(x)
    if what == POW:
        return x**y
    return 1.0 if x > 0 else -1.0 if x < 0 else x + 0.0  # SIGN


def _pointwise(what: Any, memory: Any, z: Any, x: Any, y: Any, n: Any) -> None:
    if what == ADD:
        for i in range(n):
            memory[z + i] = memory[x + i] + memory[y + i]
    elif what == SUB:
        for i in range(n):
            memory[z + i] = memory[x + i] - memory[y + i]
    elif what == MUL:
        for i in range(n):
            memory[z + i] = memory[x + i] * memory[y + i]
    elif what == DIV:
        for i in range(n):
            memory[z + i] = memory[x + i] / memory[y + i]
    elif what == MAXIMUM:
        for i in range(n):
            a, b = memory[x + i], memory[y + i]
            memory[z + i] = a if a >= b or a != a else b
    elif what == MINIMUM:
        for i in range(n):
            a, b = memory[x + i], memory[y + i]
            memory[z + i] = a if a <= b or a != a else b
    elif what == IF:
        for i in range(n):
            memory[z + i] = memory[y + i] if memory[x + i] != 0 else 0.0
    elif what == UNLESS:
        for i in range(n):
            memory[z + i] = 0.0 if memory[x + i] != 0 else memory[y + i]
    elif what == GATE:
        for i in range(n):
            memory[z + i] = 0.0 if memory[x + i] <= 0 else memory[y + i]
    elif what == ELSE:
        for i in range(n):
            memory[z + i] = memory[z + i] if memory[x + i] != 0 else memory[y + i]
    elif what == NEG:
        for i in range(n):
            memory[z + i] = -memory[x + i]
    elif what == ABS:
        for i in range(n):
            memory[z + i] = abs(memory[x + i])
    elif what == SQRT:
        for i in range(n):
            memory[z + i] = math.sqrt(memory[x + i])
    elif what == LESS:
        for i in range(n):
            memory[z + i] = 1.0 if memory[x + i] < memory[y + i] else 0.0
    elif what == LESS_EQUAL:
        for i in range(n):
            memory[z + i] = 1.0 if memory[x + i] <= memory[y + i] else 0.0
    elif what == EQUAL:
        for i in range(n):
            memory[z + i] = 1.0 if memory[x + i] == memory[y + i] else 0.0
    elif what == NOT_EQUAL:
        for i in range(n):
            memory[z + i] = 1.0 if memory[x + i] != memory[y + i] else 0.0
    elif what == NOT:
        for i in range(n):
            memory[z + i] = 1.0 if memory[x + i] == 0 else 0.0
    elif what == AND:  # of ones and zeros
        for i in range(n):
            memory[z + i] = memory[x + i] * memory[y + i]
    elif what == OR:
        for i in range(n):
            memory[z + i] = max(memory[x + i], memory[y + i])
    else:
        for i in range(n):
            memory[z + i] = _one(what, memory[x + i], memory[y + i])


def run(code: Any, start: int, stop: int, memory: Any, numbers: Any, index: Any) -> None:
    """Instructions ``start`` to ``stop``. ``memory`` has the arrays, ``numbers`` the Python floats, in float64."""
    for line in range(start, stop):
        p = code[line]
        what, z, x, y = p[0], p[1], p[2], p[3]
        n0, n1, n = p[4], p[5], p[6]
        if what <= LAST_POINTWISE:
            for a in range(n0):
                for b in range(n1):
                    _pointwise(what, memory, z, x + a * p[7] + b * p[8], y + a * p[10] + b * p[11], n)
                    z += n
        elif what == COPY:
            x_stride, z_stride = p[9], p[12]
            repeats = n1 > 1 and p[8] == 0 and p[11] == n and z_stride == 1
            for a in range(n0):
                if repeats:  # one row again and again: of what is there already, twice as much each time
                    to, by, there, whole = z + a * p[10], x + a * p[7], n, n * n1
                    for i in range(n):
                        memory[to + i] = memory[by + i * x_stride]
                    while there < whole:
                        more = min(there, whole - there)
                        for i in range(more):
                            memory[to + there + i] = memory[to + i]
                        there += more
                    continue
                for b in range(n1):
                    to, by = z + a * p[10] + b * p[11], x + a * p[7] + b * p[8]
                    if z_stride == 1 and x_stride == 1:
                        for i in range(n):
                            memory[to + i] = memory[by + i]
                    elif z_stride == 1 and x_stride == 0:
                        number = memory[by]
                        for i in range(n):
                            memory[to + i] = number
                    else:
                        for i in range(n):
                            memory[to + i * z_stride] = memory[by + i * x_stride]
        elif what == SCALE:
            number = memory[x]
            for i in range(n):
                memory[z + i] = number * memory[y + i]
        elif what == SUM:  # along the middle of three axes
            for a in range(n0):
                if n == 1:
                    t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = 0.0
                    end = x + n1
                    while x + np.uint64(8) <= end:
                        t0 += memory[x]
                        t1 += memory[x + np.uint64(1)]
                        t2 += memory[x + np.uint64(2)]
                        t3 += memory[x + np.uint64(3)]
                        t4 += memory[x + np.uint64(4)]
                        t5 += memory[x + np.uint64(5)]
                        t6 += memory[x + np.uint64(6)]
                        t7 += memory[x + np.uint64(7)]
                        x += np.uint64(8)
                    total = ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7))
                    while x < end:
                        total += memory[x]
                        x += np.uint64(1)
                    memory[z + a] = total
                else:
                    to = z + a * n
                    for i in range(n):
                        memory[to + i] = 0.0
                    end, n2 = x + n1 * n, n + n
                    while x + (n2 + n2) <= end:  # four rows at a time: to add to memory takes longest
                        for i in range(n):
                            pair = memory[x + i] + memory[x + n + i]
                            memory[to + i] += pair + (memory[x + n2 + i] + memory[x + n2 + n + i])
                        x += n2 + n2
                    while x < end:
                        for i in range(n):
                            memory[to + i] += memory[x + i]
                        x += n
        elif what == VDOT:
            t0 = t1 = t2 = t3 = 0.0
            end = x + n
            while x + np.uint64(4) <= end:
                t0 += memory[x] * memory[y]
                t1 += memory[x + np.uint64(1)] * memory[y + np.uint64(1)]
                t2 += memory[x + np.uint64(2)] * memory[y + np.uint64(2)]
                t3 += memory[x + np.uint64(3)] * memory[y + np.uint64(3)]
                x += np.uint64(4)
                y += np.uint64(4)
            total = (t0 + t1) + (t2 + t3)
            while x < end:
                total += memory[x] * memory[y]
                x += np.uint64(1)
                y += np.uint64(1)
            memory[z] = total
        elif what == MATMUL:  # (n0, n1) @ (n1, n)
            product = memory[z : z + n0 * n].reshape((n0, n))
            right = memory[y : y + n1 * n].reshape((n1, n))
            if p[7]:  # the left one lies there transposed
                np.dot(memory[x : x + n0 * n1].reshape((n1, n0)).T, right, product)
            else:
                np.dot(memory[x : x + n0 * n1].reshape((n0, n1)), right, product)
        elif what == GATHER:
            of_x = p[10]
            for i in range(n):
                memory[z + i] = memory[x + index[of_x + i]]
        elif what == PRODUCT:
            of_x, of_y = p[10], p[11]
            for i in range(n):
                memory[z + i] = memory[x + index[of_x + i]] * memory[y + index[of_y + i]]
        elif what == SCATTER:
            of_z, stride = p[10], p[9]
            for i in range(n1):
                memory[z + i] = 0.0
            for i in range(n):
                memory[z + index[of_z + i]] += memory[x + i * stride]
        elif what == SCATTER_PRODUCT:
            of_x, of_y, of_z = p[10], p[11], p[12]
            for i in range(n1):
                memory[z + i] = 0.0
            for i in range(n):
                memory[z + index[of_z + i]] += memory[x + index[of_x + i]] * memory[y + index[of_y + i]]
        elif what == CAST:
            memory[z] = numbers[x]
        else:
            _pointwise(what - np.uint64(ON_NUMBERS), numbers, z, x, y, np.uint64(1))
