"""CasADi: the scalar problem as one expression, differentiated once and run by its virtual machine in C++."""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np

from tests.benchmarks.problems import L2, Scalars
from tests.benchmarks.run import RATE, Answer, Run


def scalars(problem: Scalars) -> Run:
    numbers = [array for weight, bias in problem.layers for array in _neurons(weight, bias)]
    parameters = np.concatenate(numbers)
    p = casadi.SX.sym("p", len(parameters))
    unused = iter(casadi.vertsplit(p))
    net = [[[next(unused) for _ in range(weight.shape[1] + 1)] for _ in weight] for weight, _ in problem.layers]
    points = casadi.SX.sym("points", 2, len(problem.points))
    labels = casadi.SX.sym("labels", len(problem.labels))

    loss = casadi.SX(0)
    for i in range(len(problem.points)):
        h = [points[0, i], points[1, i]]
        for layer in net:
            sums = [sum((w * x for w, x in zip(ws, h, strict=True)), bias) for *ws, bias in layer]
            h = [casadi.fmax(z, 0) for z in sums] if layer is not net[-1] else sums
        loss += casadi.fmax(1 - labels[i] * h[0], 0)
    loss = loss / len(problem.points) + L2 * casadi.sumsqr(p)
    program = casadi.Function("moons", [p, points, labels], [loss, casadi.gradient(loss, p)])

    # without a copy: it reads and writes these arrays, and does not keep them alive
    value, gradients = np.zeros(1), np.zeros_like(parameters)
    arguments = parameters, np.array(problem.points), np.array(problem.labels, float)
    buffer, evaluate = program.buffer()
    for i, array in enumerate(arguments):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate((value, gradients)):
        buffer.set_res(i, memoryview(array))

    def run(_alive: Any = (program, buffer, arguments)) -> None:
        evaluate()

    def step() -> None:
        run()
        np.subtract(parameters, RATE * gradients, out=parameters)

    def answer() -> Answer:
        run()
        return float(value[0]), gradients.tolist()

    return Run(step, answer)


def _neurons(weight: Any, bias: Any) -> Any:
    """The weights of each neuron with its bias behind them, in the order of micrograd's ``parameters()``."""
    return np.column_stack([weight, bias])
