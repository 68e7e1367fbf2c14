"""Random programs: leaves, then steps that call ops on earlier results; made from a seed, and written as Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_mini import ops
from tests.fuzz.calls import LAYOUTS, OF_OP, Call, Candidate, Operand, Shape, between, fit, lay_out

SHAPES: list[Shape] = [
    *[(), (1,), (3,), (5,), (3, 4), (1, 4), (3, 1), (2, 1, 4), (2, 3, 4), (1, 1)],
    *[(0,), (0, 3), (2, 0), (40, 30), (9000,)],
]
SHORT = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0]  # among which ties are frequent; of 0 and -0 either is the larger
SPECIAL = [
    *[np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0],
    *[5e-324, -1e-310, 1e-200, 1e-40, 1e-6, 300.0, -300.0, 1e5, -1e30, 1e200, 1.7e308],
]
DTYPES = [["float64"], ["float32"], ["float16"], ["float64", "float32", "float16"]]
TAME, TIES, ODD = "tame", "ties", "odd"
LONG, FEW = 60, 16  # numbers: more are not written out, but those that are not 1, if they are few


@dataclass(frozen=True)
class Leaf:
    """Numbers, and how they lie in memory; ``origin`` is an expression for the numbers, which may be many."""

    numbers: Any
    layout: str = "C"
    origin: str = ""

    @property
    def data(self) -> Any:
        return self.numbers if isinstance(self.numbers, float) else lay_out(self.numbers, self.layout)

    @property
    def is_short(self) -> bool:
        """True if all that has to be written down of its numbers fits in a few lines."""
        return np.size(self.numbers) <= LONG or np.count_nonzero(self.numbers != 1) <= FEW

    def __str__(self) -> str:
        if isinstance(self.numbers, float):
            return repr(self.numbers)
        array, dtype = self.numbers, str(self.numbers.dtype)
        text = f"np.array({array.tolist()}, {dtype!r})"
        if not array.size:
            text = f"np.zeros({array.shape}, {dtype!r})"
        elif array.size > LONG and self.is_short:
            others = {int(i): float(array.flat[i]) for i in np.flatnonzero(array != 1)}
            text = f"ones_but({others}, {array.shape}, {dtype!r})"
        elif not self.is_short and self.origin:
            text = self.origin
        return text if self.layout == "C" else f"lay_out({text}, {self.layout!r})"


def ones_but(others: dict[int, float], shape: Shape, dtype: str) -> Any:
    """An array of ones, but for these elements, by their number."""
    array = np.ones(shape, dtype)
    array.flat[list(others)] = list(others.values())
    return array


@dataclass(frozen=True)
class Step:
    """A call on earlier results, by number."""

    call: Call
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Leaves, then steps. Its results are those of the steps that no other step takes."""

    leaves: list[Leaf]
    steps: list[Step]
    kind: str = TAME

    @property
    def ops(self) -> list[str]:
        return [step.call.op for step in self.steps if step.call.op]

    @property
    def sinks(self) -> list[int]:
        used = {i for step in self.steps for i in step.operands}
        n = len(self.leaves)
        return [i for i in range(n, n + len(self.steps)) if i not in used]

    def run(self, leaves: Sequence[Any]) -> list[Any]:
        """Every result, of Values or plain numbers."""
        results = list(leaves)
        for step in self.steps:
            z = step.call.ours(*[results[i] for i in step.operands])
            results.append(float(z) if z.__class__ is np.float64 else z)  # NumPy's own operators, as a Value holds it
        return results

    def total(self, results: list[Any]) -> Any:
        """The weighted sum of what the program comes to: its gradient reaches every step."""
        return sum([ops.sum(results[i] * weights(results[i])) for i in self.sinks])

    def __str__(self) -> str:
        """The program as Python, runnable from the folder of the repository."""
        n, steps = len(self.leaves), list(enumerate(self.steps))
        texts = [text for step in self.steps for text in (step.call.ours_text, step.call.twin_text)]
        named = {text: f"f{i}" for i, text in enumerate(texts) if text.startswith("CALLS")}
        lines = [
            "import numpy as np",
            "import torch",
            "from numpy import inf, nan",
            "from autograd_mini import Value, jit, ops",
            "from tests.fuzz.calls import CALLS, lay_out",
            "from tests.fuzz.programs import ones_but, program_of, weights",
            "",
            f"leaves = [{', '.join(map(str, self.leaves))}]",
            "tensors = [torch.tensor(np.array(x, 'float64'), requires_grad=True) for x in leaves]",
            "",
            *[f"{name} = {text}" for text, name in named.items()],  # jit looks at all that a function can reach
            "",
            f"def ours({', '.join(f'x{i}' for i in range(n))}):",
            *[_line(n + i, "x", named.get(step.call.ours_text, step.call.ours_text), step) for i, step in steps],
            f"    return [{', '.join(f'x{i}' for i in self.sinks)}]",
            "",
            f"def theirs({', '.join(f't{i}' for i in range(n))}):",
            *[_line(n + i, "t", named.get(step.call.twin_text, step.call.twin_text), step) for i, step in steps],
            f"    return [{', '.join(f't{i}' for i in self.sinks)}]",
            "",
            "for function in (ours, jit(ours)):",
            "    values = [Value(x) for x in leaves]",
            "    results = function(*values)",
            "    sum([(z * weights(z)).sum() for z in results]).backward()",
            "    print([z.data for z in results], [x.grad for x in values])",
            "results = theirs(*tensors)",
            "sum([(z * torch.tensor(weights(z))).sum() for z in results]).backward()",
            "print(results, [x.grad for x in tensors])",
        ]
        return "\n".join(lines)


def _line(i: int, letter: str, function: str, step: Step) -> str:
    return f"    {letter}{i} = {function}({', '.join(f'{letter}{x}' for x in step.operands)})"


def weights(z: Any) -> Any:
    """What a result is multiplied by before it is summed, so that no two elements count the same."""
    shape, size = tuple(np.shape(z)), int(np.prod(np.shape(z)))
    if not shape:
        return 0.75
    array = (np.cos(np.arange(size) * 0.7) + 1.25).reshape(shape)
    dtype = getattr(z, "dtype", None)
    return array.astype(dtype) if isinstance(dtype, np.dtype) else array


# ---------------------------------------------------------------- making one


def program_of(seed: int, op: str | None = None) -> Program:
    """The random program of this seed; ``op`` is the op of its first step, by default any."""
    program = _Maker(seed).make(op)
    origins = [f"program_of({seed}, {op!r}).leaves[{i}].numbers" for i in range(len(program.leaves))]
    return replace(program, leaves=[replace(leaf, origin=o) for leaf, o in zip(program.leaves, origins, strict=True)])


class _Maker:
    """Makes a program by running it on plain numbers, as it must know what shapes and numbers it has got."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.kind = str(rng.choice([TAME, TIES, ODD], p=[0.6, 0.15, 0.25]))
        self.dtypes = DTYPES[int(rng.choice(len(DTYPES), p=[0.6, 0.2, 0.05, 0.15]))]
        self.leaves: list[Leaf] = []
        self.steps: list[Step] = []
        self.data: dict[int, Any] = {}  # leaves have the numbers 0, -1, -2 until all are known, steps 1, 2, 3

    def make(self, op: str | None) -> Program:
        names = list(OF_OP)
        for i in range(int(self.rng.integers(1, 6))):
            name = op if op and i == 0 else names[self.rng.integers(len(names))]
            candidates = OF_OP[name]
            self._add(candidates[self.rng.integers(len(candidates))])
        n = len(self.leaves)
        steps = [Step(step.call, tuple(-i if i <= 0 else n + i - 1 for i in step.operands)) for step in self.steps]
        return Program(self.leaves, steps, self.kind)

    def _add(self, candidate: Candidate) -> None:
        kind = candidate.kinds[self.rng.integers(len(candidate.kinds))]
        if candidate.broadcasts and self.rng.random() < 0.6:
            kind = self._broadcasting(len(kind))
        tame = self.kind == TAME or candidate.of_lapack
        pairs = zip(kind, candidate.domains, strict=True)
        operands = [self._operand(each, domain, tame, candidate.of_lapack) for each, domain in pairs]
        self._step(candidate.call, *operands)

    def _broadcasting(self, count: int) -> tuple[Operand, ...]:
        full = SHAPES[self.rng.integers(len(SHAPES))]
        shapes = [full]
        for _ in range(count - 1):
            part = full[self.rng.integers(len(full) + 1) :]
            shapes.append(tuple([1 if self.rng.random() < 0.2 else n for n in part]))
        order = self.rng.permutation(count)
        return tuple([Operand(shapes[i]) for i in order])

    def _operand(self, wanted: Operand, domain: tuple[float, float], tame: bool, of_lapack: bool) -> int:
        """The number of a result, or of a new leaf, that has the wanted shape and, if ``tame``, numbers."""
        if self.data and self.rng.random() < 0.7:
            i = list(self.data)[self.rng.integers(len(self.data))]
            if self._may_become(self.data[i], wanted, of_lapack):
                if wanted.shape is not None and np.shape(self.data[i]) != wanted.shape:
                    i = self._step(fit(wanted.shape, np.shape(self.data[i])), i)
                low, high = domain
                if (tame or self.kind == TIES) and not np.all((self.data[i] >= low) & (self.data[i] <= high)):
                    i = self._step(between(low, high), i)
                return i
        dtypes = [each for each in self.dtypes if each != "float16" or not of_lapack]
        return self._leaf(wanted, domain, TAME if tame else self.kind, dtypes or ["float32"])

    def _may_become(self, data: Any, wanted: Operand, of_lapack: bool) -> bool:
        if isinstance(data, float) or wanted.shape is None:
            fits = isinstance(data, float) and wanted.shape is None
        else:
            needed = int(np.prod(wanted.shape))
            fits = bool(np.size(data) >= (needed if of_lapack else min(needed, 1)))
        return fits and not (of_lapack and (np.asarray(data).dtype == "float16" or not np.all(np.isfinite(data))))

    def _leaf(self, wanted: Operand, domain: tuple[float, float], kind: str, dtypes: list[str]) -> int:
        rng = self.rng
        shape = () if wanted.shape is None else wanted.shape
        low, high = domain
        numbers = rng.uniform(low, high, size=shape)
        if kind == TIES:
            numbers = rng.choice([x for x in SHORT if low <= x <= high] or [(low + high) / 2], size=shape)
        elif kind == ODD:
            numbers = np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, size=shape), numbers)
        if wanted.shape is None:
            leaf = Leaf(float(numbers))
        else:
            layout = str(rng.choice(["C", "C", "C", *LAYOUTS[:4]])) if shape else "C"
            with np.errstate(over="ignore"):
                leaf = Leaf(np.asarray(numbers, dtype=str(rng.choice(dtypes))), layout)
        i = -len(self.leaves)
        self.leaves.append(leaf)
        self.data[i] = leaf.data
        return i

    def _step(self, call: Call, *operands: int) -> int:
        with np.errstate(all="ignore"):
            result = call.ours(*[self.data[i] for i in operands])
        self.steps.append(Step(call, operands))
        i = len(self.steps)
        self.data[i] = result
        return i
