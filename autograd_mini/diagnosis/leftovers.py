"""What is left of earlier steps in this one: gradients that were not zeroed, and losses that are still in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.diagnosis import source
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step, by_age, some
from autograd_mini.graph import walk
from autograd_mini.ops.operation import data_of, dtype_of
from autograd_mini.value import Value

NO_GRADIENTS = "no gradients"
NOT_ZEROED = "gradients not zeroed"
GROWING = "growing graph"


def missing(step: Step) -> Iterator[Finding]:
    """Parameters that hold no gradient though ``backward()`` has been through this graph: ``step()`` does nothing."""
    reached = [(name, x) for name, x in step.parameters if x.op is None and x.requires_grad and x in step.gradients]
    if reached and not any(x.has_grad for _, x in reached):
        name, x = reached[0]
        yield Finding(
            NO_GRADIENTS,
            name,
            x,
            f"backward() has been called on this loss, and none of the {len(reached):,} parameters that it reached has "
            "a gradient any more, so step() changes nothing",
            "call zero_grad() before backward(), not between backward() and step()",
        )


def not_zeroed(step: Step) -> Iterator[Finding]:
    """Parameters that hold more than the gradient of this loss. It shows after ``backward()`` and before ``step()``."""
    held = [
        (name, x, data_of(x.grad), step.gradients[x])
        for name, x in step.parameters
        if x.op is None and x.has_grad and x in step.gradients
    ]
    more = [(name, x, grad, g) for name, x, grad, g in held if not _is_part_of(grad, g)]
    if not more:
        return
    name, x, _, _ = more[0]
    times = {_multiple(grad, g) for _, _, grad, g in held}
    if len(times) == 1 and times != {None}:
        where = f"all {len(held):,} parameters" if len(held) > 1 else name
        what = f"grad is {times.pop()} times the gradient of this loss in {where}"
    else:
        what = f"grad is not the gradient of this loss alone in {some([name for name, *_ in more])}"
    yield Finding(
        NOT_ZEROED,
        name,
        x,
        f"{what}: an earlier backward() is still in it",
        "call optimizer.zero_grad(), or model.zero_grad(), in every step before backward(); if several losses are "
        "meant to add up, diagnose the first",
    )


def _is_part_of(grad: Any, g: Any) -> bool:
    """True if each element is between 0 and that of ``g``: the gradient itself, or what clipping has left of it."""
    grad, g = np.asarray(grad), np.asarray(g)
    if grad.shape != g.shape:
        return True  # its data were replaced; step() will say so
    slack = 100 * float(np.finfo(dtype_of(g)).eps) * float(np.max(np.abs(g), initial=0.0))
    return bool(((grad >= np.minimum(g, 0) - slack) & (grad <= np.maximum(g, 0) + slack)).all())


def _multiple(grad: Any, g: Any) -> int | None:
    """The whole number that ``grad`` is ``g`` times, 2 or more, if it is one."""
    grad, g = np.asarray(grad), np.asarray(g)
    size = float(np.vdot(g, g))
    times = round(float(np.vdot(grad, g)) / size) if size else 0
    return times if times > 1 and np.allclose(grad, times * g, rtol=1e-6, atol=1e-9 * size**0.5) else None


def growing(step: Step) -> Iterator[Finding]:
    """Losses of earlier steps in the graph of this one: they use a parameter as it was before its latest change."""
    if step.fresh:
        value = _where_old_and_new_meet(step)
        variable = step.variables.get(id(step.loss), "")
        parameter = next(iter(step.fresh))
        old = len(step.changed[parameter])
        yield Finding(
            GROWING,
            step.name(value),
            value,
            f"{step.described(value)} joins this step's loss to those of earlier steps: {old:,} of "
            f"{old + len(step.fresh[parameter]):,} uses of {step.name(parameter)} are from before its latest update",
            "add up plain numbers, total += loss.item(), and call backward() on this step's loss only",
            source.rebinding_of(variable) if variable else "",
        )
    yield from _kept_by_variables(step)


def _where_old_and_new_meet(step: Step) -> Value:
    """The first Value that was computed both from an old and from a new use of a parameter."""
    values, operands = step.graph
    ages: list[set[str]] = [set() for _ in values]
    for age, uses in (("old", step.changed), ("new", step.fresh)):
        for value in [value for users in uses.values() for value in users]:
            ages[step.position[value]].add(age)
    for i, used in enumerate(operands):
        for j in used:
            ages[i] |= ages[j]
        if len(ages[i]) == 2:
            return values[i]
    return step.loss


def _kept_by_variables(step: Step) -> Iterator[Finding]:
    """Sums in the caller's variables that hold on to the graphs of several steps, such as ``total += loss``."""
    reached = [x for _, x in step.parameters if x in step.position]
    if not reached or step.changed:  # after step() this loss is an old one itself
        return
    here = _uses(reached[0], step.graph.values)
    for name, total in source.values().items():
        is_sum = total.op is not None and total.op.name == "add" and total.size == 1
        if not is_sum or total in step.position:
            continue
        values = walk(total).values
        times = _uses(reached[0], values) // here
        if times > 1 and by_age(values, reached)[0]:
            yield Finding(
                GROWING,
                name,
                total,
                f"the variable {name} holds the graphs of {times:,} forward passes, {len(values):,} Values, and more "
                "with each step",
                f"add up plain numbers: {name} += loss.item()",
                source.rebinding_of(name),
            )


def _uses(parameter: Value, values: list[Value]) -> int:
    return sum(operand is parameter for value in values for operand in value.inputs)
