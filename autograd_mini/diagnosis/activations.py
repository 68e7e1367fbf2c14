"""Units that pass nothing back: a relu that is 0 for every sample, a tanh or sigmoid at the end of its range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.diagnosis.names import module_of
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step, some
from autograd_mini.value import Value

DEAD = "dead relu"
SATURATED = "saturated {}"

# Beyond it the slope is less than a fiftieth of the largest: tanh is above 0.99 in size, sigmoid 0.005 from its ends.
_EDGE = {"tanh": float(np.arctanh(0.99)), "sigmoid": 2 * float(np.arctanh(0.99))}
# Of a layer's elements. Karpathy's network of names, begun with plain normal weights, has 63 % of its tanhs there; a
# trained sigmoid is a switch, and healthy ones reach 60 %.
_MOST_SATURATED = {"tanh": 0.6, "sigmoid": 0.75}
# Trained networks have units that are silent for all data: up to a fifth of them in the digits demo.
_MOST_DEAD = 0.5  # of a layer's units; more are a fault, however near to 0 they are
_KNOCKED_OUT = 10.0  # as far below 0 as this many times what the layer's other units usually are


class Layer(NamedTuple):
    """The activations of one layer in one step: what goes into them, by unit, a sample in each column."""

    function: str
    node: Value  # the first
    units: dict[str, list[Any]]


def shut(step: Step) -> Iterator[Finding]:
    """Layers of which units are shut for all samples, or most elements are."""
    for layer in _layers(step):
        counts = {len(samples) for samples in layer.units.values()}
        if len(counts) != 1:
            continue
        inputs = np.array(list(layer.units.values()), dtype=np.float64)  # a unit in each row
        samples = inputs.shape[1]
        if samples > 1 and inputs.size:
            yield from _relu(step, layer, inputs) if layer.function == "relu" else _squashed(step, layer, inputs)


def _relu(step: Step, layer: Layer, inputs: Any) -> Iterator[Finding]:
    names = list(layer.units)
    count, samples = inputs.shape
    dead = _far_beyond(-inputs)
    if count > 1 and (inputs <= 0).all():
        dead[:] = True  # a whole layer is not silent by chance, and nothing before it learns
    elif dead.mean() <= _MOST_DEAD:
        usual = np.median(np.sqrt((inputs[~dead] ** 2).mean(axis=1)))  # of those that live: half may be dead
        dead &= -inputs.mean(axis=1) > _KNOCKED_OUT * usual
    if dead.any():
        which = some([name for name, is_dead in zip(names, dead, strict=True) if is_dead])
        yield Finding(
            DEAD,
            step.name(layer.node),
            layer.node,
            f"{step.described(layer.node)}: {dead.sum():,} of {count:,} units {_are(dead)} 0 for all {samples:,} "
            f"samples, so no gradient passes ({which})",
            "lower the learning rate and begin with fresh weights (nn.init.kaiming_uniform_, biases of 0), or take "
            "leaky_relu, which is never shut",
            step.line(layer.node),
        )


def _squashed(step: Step, layer: Layer, inputs: Any) -> Iterator[Finding]:
    names = list(layer.units)
    edge = _EDGE[layer.function]
    share = float((np.abs(inputs) > edge).mean())
    stuck = _far_beyond(inputs - edge) | _far_beyond(-inputs - edge)
    if share > _MOST_SATURATED[layer.function]:
        what = f"{share:.0%} of its {inputs.size:,} elements are"
    elif stuck.any():
        which = some([name for name, is_stuck in zip(names, stuck, strict=True) if is_stuck])
        what = f"{stuck.sum():,} of {len(names):,} units ({which}), for all {inputs.shape[1]:,} samples, {_are(stuck)}"
    else:
        return
    yield Finding(
        SATURATED.format(layer.function),
        step.name(layer.node),
        layer.node,
        f"{step.described(layer.node)}: {what} at the ends of its range, where hardly any gradient passes",
        "make what goes in smaller: smaller initial weights (Xavier), inputs scaled to about 1, a lower learning rate",
        step.line(layer.node),
    )


def _are(marked: Any) -> str:
    return "is" if marked.sum() == 1 else "are"


def _far_beyond(distance: Any) -> Any:
    """For each row whether all of it is beyond an edge, and so far that other samples would be too.

    In a batch some unit is always silent by chance. Of few samples one knows less, and asks for more distance.
    """
    margin = 4 + 16 / distance.shape[1]
    return (distance.min(axis=1) >= 0) & (distance.mean(axis=1) >= margin * distance.std(axis=1))


def _layers(step: Step) -> list[Layer]:
    """The activations of hidden layers. Those of a network of scalars are gathered over the samples.

    A hinge loss is a relu too, and a probability a sigmoid: what does not go on into a product with something
    learned, they, may well be shut.
    """
    layers: dict[Any, Layer] = {}
    place: Counter[Any] = Counter()
    hidden = _feeds_a_product(step)
    for i, value in enumerate(step.graph.values):
        function, x = _activation(value)
        if x is None:
            continue
        call = (function, id(value.scope)) if value.scope else None
        place[call] += 1  # which activation of this call it is
        if not hidden[i]:
            continue
        part = owner = module_of(value)
        if x.ndim > 1 or part is None:
            key: Any = value if part is None else (id(part), function, place[call])
            label = "unit "
        else:  # one sample: the units of a layer are modules of their own, or its elements
            above = value.scope.parent if value.scope and not x.ndim else None
            owner = above.part if above is not None and above.part is not None else part
            key = (id(owner), function, "" if owner is not part else place[call])
            label = f"{step.path(part)} " if owner is not part else "unit "
        layer = layers.setdefault(key, Layer(function, value, {}))
        for name, samples in _by_unit(x):
            unit = f"{label}{name}".strip() if x.ndim or owner is part else label.strip()
            layer.units.setdefault(unit, []).extend(samples)
    return list(layers.values())


def _by_unit(x: Value) -> list[tuple[str, Any]]:
    """The samples of each unit: units are the last axis, or the second of an image's four."""
    data = np.asarray(x.data)
    if data.ndim < 2:
        return [(str(i), [element]) for i, element in enumerate(data.ravel().tolist())]
    rows = np.moveaxis(data, 1 if data.ndim == 4 else -1, 0).reshape(data.shape[1 if data.ndim == 4 else -1], -1)
    return [(str(i), row) for i, row in enumerate(rows)]


def _activation(value: Value) -> tuple[str, Value | None]:
    """Its name and what goes in, if the Value is the output of an activation function that can be shut."""
    name = value.op.name if value.op else ""
    if name in ("relu", "tanh", "sigmoid"):
        return name, value.inputs[0]
    if name == "maximum":
        x, y = value.inputs
        if y.op is None and not y.requires_grad and not np.any(y.data):
            return "relu", x
    return name, None


def _feeds_a_product(step: Step) -> list[bool]:
    """For each Value whether it goes on into a product, a quotient or the like with something else that learns."""
    values, operands = step.graph
    feeds = [False] * len(values)
    for i in range(len(values) - 1, -1, -1):
        used = {j for j in operands[i] if values[j].requires_grad}
        op = values[i].op
        mixes = op is not None and op.name not in _ADDING and len(used) > 1
        if feeds[i] or mixes:
            for j in used:
                feeds[j] = True
    return feeds


_ADDING = ("add", "sub", "concatenate", "stack", "where", "maximum", "minimum")
