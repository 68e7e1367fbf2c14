"""The problems, as plain numbers: the same data and the same first weights for every contestant.

A contestant is a module with a function for each kind of problem that it can do, named as ``kind`` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

L2 = 1e-4


@dataclass(frozen=True)
class Scalars:
    """micrograd's demo: the moons, a net 2-16-16-1 of single numbers, hinge loss and L2."""

    points: list[list[float]]
    labels: list[int]  # -1 or 1
    sizes: list[int]
    layers: list[tuple[Any, Any]]  # weight (out, in) and bias (out,)
    kind: ClassVar[str] = "scalars"


@dataclass(frozen=True)
class Dense:
    """Dense layers with relu between them. Loss "hinge" (mean, with L2 of everything) or "cross entropy"."""

    x: Any  # (batch, in)
    y: Any  # (batch, 1) of -1 and 1, or (batch,) of classes
    sizes: list[int]
    layers: list[tuple[Any, Any]]
    loss: str
    kind: ClassVar[str] = "dense"


@dataclass(frozen=True)
class Chain:
    """x + x + x + ..., one add after the other."""

    adds: int
    kind: ClassVar[str] = "chain"


@dataclass(frozen=True)
class Recurrent:
    """tanh cells read a sequence; a dense layer makes a number of the last state; mean squared error."""

    x: Any  # (length, batch, in)
    y: Any  # (batch, 1)
    weights: list[Any]  # of the input (hidden, in), of the state (hidden, hidden), the two biases; then weight and bias
    kind: ClassVar[str] = "recurrent"


@dataclass(frozen=True)
class Convolutional:
    """Twice convolution 3 x 3, relu and maximum of 2 x 2; then a dense layer and cross entropy."""

    x: Any  # (batch, 1, 8, 8)
    y: Any  # (batch,) of classes
    weights: list[Any]  # kernels (out, in, 3, 3) and bias, twice; then weight and bias
    kind: ClassVar[str] = "convolutional"


def moons(samples: int) -> tuple[Any, Any]:
    """Two interleaved half circles with a little noise, and labels -1 and 1."""
    rng = np.random.default_rng(1337)
    angle = rng.uniform(0, np.pi, samples)
    upper = np.arange(samples) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, y], axis=1) + rng.normal(0, 0.1, (samples, 2)), np.where(upper, -1, 1)


def layers(sizes: list[int], dtype: Any = np.float64) -> list[tuple[Any, Any]]:
    """A weight (out, in) and a bias for each layer."""
    rng = np.random.default_rng(42)
    return [
        (rng.uniform(-1, 1, (o, i)).astype(dtype) / np.sqrt(i).astype(dtype), rng.uniform(-0.1, 0.1, o).astype(dtype))
        for i, o in pairwise(sizes)
    ]


def scalar_moons(samples: int = 100) -> Scalars:
    points, labels = moons(samples)
    sizes = [2, 16, 16, 1]
    return Scalars(points.tolist(), labels.tolist(), sizes, layers(sizes))


def nodes(samples: int) -> int:
    """Of the graph of ``scalar_moons``: of each sample, and of the penalty."""
    return 644 * samples + 677


def tensor_moons(dtype: str = "float32", width: int = 16, samples: int = 100) -> Dense:
    points, labels = moons(samples)
    sizes = [2, width, width, 1]
    return Dense(points.astype(dtype), labels.astype(dtype)[:, None], sizes, layers(sizes, np.dtype(dtype)), "hinge")


def wide_net() -> Dense:
    """784-256-128-10 on a batch of 128 random pictures: here the time goes into the arithmetic."""
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, 1, (128, 784)).astype(np.float32), rng.integers(0, 10, 128)
    sizes = [784, 256, 128, 10]
    return Dense(x, y, sizes, layers(sizes, np.dtype(np.float32)), "cross entropy")


def digits(samples: int) -> tuple[Any, Any]:
    """The first of the handwritten digits that scikit-learn ships: (samples, 64) in [0, 1], and their classes."""
    from sklearn.datasets import load_digits

    pictures, classes = load_digits(return_X_y=True)
    return (pictures[:samples] / 16).astype(np.float32), classes[:samples]


def digits_net() -> Dense:
    x, y = digits(128)
    sizes = [64, 32, 10]
    return Dense(x, y, sizes, layers(sizes, np.dtype(np.float32)), "cross entropy")


def chain(adds: int = 1_000_000) -> Chain:
    return Chain(adds)


def sequences(length: int = 50) -> Recurrent:
    rng = np.random.default_rng(3)
    batch, inputs, hidden = 16, 8, 32
    x = rng.normal(size=(length, batch, inputs)).astype(np.float32)
    ((w, b), (w_state, b_state)) = layers([inputs, hidden, hidden], np.dtype(np.float32))
    weights = [w, w_state, b, b_state, *layers([hidden, 1], np.dtype(np.float32))[0]]
    return Recurrent(x, np.tanh(x.sum(axis=(0, 2)))[:, None], weights)


def pictures() -> Convolutional:
    x, y = digits(32)
    (k1, b1), (k2, b2), (w, b) = (layers(sizes, np.dtype(np.float32))[0] for sizes in ([9, 8], [72, 16], [64, 10]))
    weights = [k1.reshape(8, 1, 3, 3), b1, k2.reshape(16, 8, 3, 3), b2, w, b]
    return Convolutional(x.reshape(-1, 1, 8, 8), y, weights)
