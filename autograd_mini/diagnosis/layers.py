"""How large the gradients of the layers are beside each other, and beside the weights: vanishing and exploding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step, some
from autograd_mini.text import number
from autograd_mini.value import Value

VANISHING = "vanishing gradients"
EXPLODING = "exploding gradients"

_UNEVEN = 1e4  # between the layers
_STEEP = 1e3  # times the weights: a step of SGD with lr = 0.001 changes all of them


class Layer(NamedTuple):
    """A layer's parameters taken together: root mean squares of gradient and weights."""

    name: str
    node: Value
    gradient: float
    weight: float


def out_of_scale(step: Step) -> Iterator[Finding]:
    """Layers whose gradient is lost on the way back, or grows beyond all measure."""
    layers = [layer for layer in _layers(step) if layer.gradient > 0]  # 0 is dead, or a layer that begins at 0
    if not layers:
        return
    largest = max(layers, key=lambda layer: layer.gradient)
    smallest = min(layers, key=lambda layer: layer.gradient)
    listed = some([f"{layer.name} {number(layer.gradient)}" for layer in layers], most=12)
    steep = [layer for layer in layers if layer.gradient > _STEEP * max(layer.weight, 0.1)]
    is_uneven = largest.gradient > _UNEVEN * smallest.gradient
    grows_backwards = layers.index(largest) < layers.index(smallest)
    if steep or (is_uneven and grows_backwards):
        layer = steep[0] if steep else largest
        beside = (
            f"its weights {number(layer.weight)}" if steep else f"that of {smallest.name} {number(smallest.gradient)}"
        )
        yield Finding(
            EXPLODING,
            layer.name,
            layer.node,
            f"the gradient of {layer.name} is about {number(layer.gradient)}, {beside} (layer by layer: {listed})",
            "scale inputs and targets to about 1, take the mean of the losses and not the sum, begin with smaller "
            "weights, clip the gradients before step(), or lower the learning rate if the steps have brought it about",
        )
    elif is_uneven:
        yield Finding(
            VANISHING,
            smallest.name,
            smallest.node,
            f"the gradient of {smallest.name} is about {number(smallest.gradient)}, that of {largest.name} "
            f"{number(largest.gradient)} (layer by layer: {listed})",
            "take relu or tanh for sigmoid, initial weights that keep the size of what passes (Xavier, Kaiming), fewer "
            "layers, or connections around them",
        )


def _layers(step: Step) -> list[Layer]:
    """In the order in which the loss uses them. Numbers without a layer, as a list of scalars is, are in none."""
    members: dict[str, list[tuple[str, Value]]] = {}
    used = [(step.position[x], name, x) for name, x in step.parameters if x in step.gradients and x.op is None]
    for _, name, x in sorted(used, key=lambda entry: entry[0]):
        layer = _layer_of(name, x) if step.is_model else name if x.ndim > 1 else ""
        if layer:
            members.setdefault(layer, []).append((name, x))
    return [
        Layer(layer, inside[0][1], rms([step.gradients[x] for _, x in inside]), rms([x.data for _, x in inside]))
        for layer, inside in members.items()
    ]


def _layer_of(name: str, parameter: Value) -> str:
    """``layers.0`` of ``layers.0.neurons.3.w.1``, ``fc`` of ``fc.weight``; a tensor that is held alone is a layer.

    A bare number, as a Sequential calls what it holds, would read as a size: it is ``layer 0``.
    """
    parts = name.split(".")
    for i, part in enumerate(parts[:-1]):
        if part.isdigit():
            return ".".join(parts[: i + 1]) if i else f"layer {part}"
    return ".".join(parts[:-1]) or (name if parameter.ndim > 1 else "")


def rms(arrays: list[Any]) -> float:
    """The root mean square of all elements."""
    flat = np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(flat * flat))) if flat.size else 0.0
