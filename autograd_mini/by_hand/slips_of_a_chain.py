"""Mistakes in several steps at once: half of softmax's derivative, and the 1/N of a mean further up."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

import numpy as np

from autograd_mini.backward import Contribution
from autograd_mini.by_hand.slip import Slip
from autograd_mini.value import Value

Uses = Mapping[Value, Sequence[Contribution]]  # of each node, as steps of the backward pass
FEWEST = 3  # elements of a mean whose 1/N is looked for: a factor of 2 has too many other causes
FARTHEST = 10_000  # nodes that are looked at


def softmax_without_the_others(node: Value, uses: Uses, names: Mapping[Value, str]) -> Iterator[Slip]:
    """a * (1 - a) for the derivative of softmax, which is that of sigmoid: only the diagonal of the Jacobian."""
    step = _only(uses[node])
    if step is not None and step.consumer.op.name == "sub" and not step.consumer.inputs[1].requires_grad:
        step = _only(uses.get(step.consumer, ()))  # the maximum was subtracted
    if step is None or step.consumer.op.name != "exp":
        return
    powers = step.consumer
    for use in uses.get(powers, ()):
        total = use.consumer.inputs[-1]
        if use.consumer.op.name == "div" and total.op is not None and total.op.name == "sum" and powers in total.inputs:
            a, upstream = np.asarray(use.consumer.data, float), np.asarray(use.upstream, float)
            name = names[use.consumer]
            words = (
                f"{name} * (1 - {name}), which is the rule of sigmoid: each element of a softmax depends on all of "
                f"{names[node]}, so that - {name}_i * {name}_j belongs to it for the others"
            )
            yield Slip("another function's derivative", words, upstream * a * (1 - a))


def _only(steps: Sequence[Contribution]) -> Contribution | None:
    return steps[0] if len(steps) == 1 else None


def mean_further_up(node: Value, uses: Uses, given: Container[Value], right: np.ndarray) -> Iterator[Slip]:
    """1/N left out, or put in twice, in a mean that the gradient comes through, with no given node between."""
    seen = {node}
    queue = [node]
    counts: dict[int, None] = {}
    for each in queue:
        for use in uses.get(each, ()):
            consumer = use.consumer
            if consumer.op is not None and consumer.op.name == "mean" and consumer.size:
                counts[each.size // consumer.size] = None
            if consumer not in seen and consumer not in given and len(seen) < FARTHEST:
                seen.add(consumer)
                queue.append(consumer)
    for n in counts:
        if n >= FEWEST:
            words = f"the factor 1/{n} is missing: it is {n} times what is expected"
            yield Slip("1/N of a mean", words, right * n)
            words = f"the factor 1/{n} is in it twice: it is 1/{n} of what is expected"
            yield Slip("1/N of a mean", words, right / n)
