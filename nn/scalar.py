"""micrograd's Neuron, Layer and MLP: one scalar Value per weight, for graphs that show every multiplication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_mini import Value, located
from nn.mlp import layer_sizes
from nn.module import Module, Parameter
from nn.randomness import generator_of_weights


class Neuron(Module):
    """``relu(b + w0 * x0 + w1 * x1 + ...)``, or without the relu if ``nonlin`` is false.

    Weights start uniform in -1 to 1, the bias at 0. The input is a sequence of ``nin`` numbers or Values.

    >>> neuron = Neuron(2, nonlin=False)
    >>> neuron([0.0, 0.0]).data
    0.0

    Raises ``ValueError`` if the input is not ``nin`` long.
    """

    def __init__(self, nin: int, nonlin: bool = True, *, rng: np.random.Generator | None = None) -> None:
        self.w = [
            Parameter(w, label=f"w{i}") for i, w in enumerate(generator_of_weights(rng).uniform(-1, 1, nin).tolist())
        ]
        self.b = Parameter(0.0, label="b")
        self.nonlin = nonlin

    def forward(self, x: Sequence[Any]) -> Value:
        w = self.w
        if (
            not hasattr(x, "__len__")
            or len(x) != len(w)
            or getattr(x, "ndim", 1) != 1
            or (len(x) and x[0].__class__ in (list, tuple))
        ):
            raise ValueError(
                located(
                    f"Neuron: it takes one sample, a sequence of {len(w)} numbers, and got {_described(x)}; "
                    "of several samples make a list, [model(x) for x in samples]"
                )
            )
        z: Value = self.b
        for wi, xi in zip(w, x, strict=True):
            z = z + wi * xi
        return z.relu() if self.nonlin else z

    def extra_repr(self) -> str:
        return f"{len(self.w)} -> 1{', relu' if self.nonlin else ''}"


class Layer(Module):
    """``nout`` neurons on one input: a list of their outputs, or the output itself if there is one neuron.

    >>> len(Layer(2, 3)([1.0, 2.0]))
    3
    """

    def __init__(self, nin: int, nout: int, *, nonlin: bool = True, rng: np.random.Generator | None = None) -> None:
        self.neurons = [Neuron(nin, nonlin, rng=rng) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> Value | list[Value]:
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs


class MLP(Module):
    """Layers of the given widths, all but the last with relu. The input is one sample, a sequence of ``nin``.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters()), model([1.0, 2.0]).shape
    (337, ())
    """

    def __init__(self, nin: int, nouts: Iterable[int], *, rng: np.random.Generator | None = None) -> None:
        sizes = layer_sizes(nin, nouts)
        self.layers = [Layer(n, m, nonlin=i < len(sizes), rng=rng) for i, (n, m) in enumerate(sizes, 1)]

    def forward(self, x: Any) -> Value | list[Value]:
        for layer in self.layers:
            x = layer(x)
        return x  # type: ignore[no-any-return]  # a Layer's output, which __call__ types as Any


def _described(x: Any) -> str:
    if hasattr(x, "shape"):
        return f"an array of shape {x.shape}"
    if not hasattr(x, "__len__"):
        return repr(x)
    return f"{len(x)}" if not len(x) or x[0].__class__ not in (list, tuple) else f"a list of {len(x)} samples"
