"""``diagnose``: every check on one training step, causes before consequences."""

from __future__ import annotations

from typing import Any

from autograd_mini.diagnosis import (
    activations,
    flat,
    layers,
    learning_rate,
    leftovers,
    nonfinite,
    parameters,
    shapes,
    softmax,
    symmetry,
)
from autograd_mini.diagnosis.report import Diagnosis
from autograd_mini.diagnosis.step import Step
from autograd_mini.ops.caller import located
from autograd_mini.text import described
from autograd_mini.value import Value


def diagnose(loss: Value, model_or_optimizer: Any) -> Diagnosis:
    """Looks at a training step, after ``backward()`` and before ``step()``, and says what is wrong with it.

    ``loss`` is the single number that ``backward()`` was called on; beside it stands what holds the parameters: a
    model, an optimizer, or a list of Values. Nothing is changed. The kinds of findings:

    - ``nan or inf``, and at which Value it began, forward or backward
    - ``parameter rebound``: ``w = w - lr * w.grad`` put a result in its place, ``p -= ...`` in a loop beside it
    - ``parameter not reached`` by the loss; ``not trained``: a plain Value in a module, a layer not optimized
    - ``outer difference``: predictions (n, 1) against targets (n,); ``one class``: the cross-entropy of a single logit
    - ``growing graph``: ``total += loss`` keeps the graphs of earlier steps
    - ``gradients not zeroed`` before ``backward()``; ``no gradients``, since they were zeroed after it
    - ``softmax twice``: of what is a probability already; ``no log-probability``: nll_loss of what has no log
    - ``dead relu``: units that are 0 for all samples; ``saturated tanh``, ``saturated sigmoid``
    - ``all gradients zero``, and at which Value: behind a factor of 0, a relu that is 0 for all samples, or a sign
    - ``symmetric weights``: units that began alike and stay so
    - ``vanishing gradients``, ``exploding gradients``, layer by layer
    - ``learning rate too high``, of an optimizer: its next steps, tried on a copy, leave nothing of the weights or
      raise the loss of the same data again and again; if gradients are to be clipped, call it afterwards

    >>> import numpy as np, nn
    >>> model = nn.MLP(2, [4, 1], rng=np.random.default_rng(0))
    >>> loss = (model(np.eye(2)) ** 2).mean()
    >>> loss.backward()
    >>> diagnose(loss, model)
    diagnose: nothing is wrong with this step
    >>> loss.backward()
    >>> print(diagnose(loss, model))
    diagnose: 1 finding
      1. gradients not zeroed, at layers.0.weight
         grad is 2 times the gradient of this loss in all 4 parameters: an earlier backward() is still
         in it
         -> call optimizer.zero_grad(), or model.zero_grad(), in every step before backward(); if
            several losses are meant to add up, diagnose the first

    Raises ``TypeError`` if ``loss`` is no Value or nothing beside it holds parameters, ``ValueError`` if the loss is
    not a single number, depends on nothing that requires a gradient, or if there are no parameters.
    """
    _check_loss(loss)
    step = Step(loss, model_or_optimizer)
    findings = [*nonfinite.forward(step)]
    is_finite = not findings
    findings += [*shapes.outer(step), *shapes.one_class(step)]
    findings += [*parameters.rebound(step), *parameters.updated_beside(step), *parameters.unreached(step)]
    findings += [*parameters.untrained(step, model_or_optimizer), *leftovers.growing(step)]
    notes: list[str] = []
    if is_finite:
        broken = [*nonfinite.back(step)]
        findings += broken
        if step.changed:
            notes += [] if step.fresh else [_CHANGED]
        elif not step.is_after_backward:
            notes += [_BEFORE if any(x.has_grad for _, x in step.parameters) else _WITHOUT]
        elif not broken:
            findings += [*leftovers.missing(step), *leftovers.not_zeroed(step)]
    findings += [*softmax.applied_twice(step), *softmax.without_log(step)]
    if is_finite:
        shut = [*activations.shut(step)]
        findings += shut
        if not broken:
            symmetric = [] if shut else [*symmetry.unbroken(step)]  # before units that are shut no gradient differs
            findings += symmetric or layers.out_of_scale(step)
            findings += [] if findings else flat.everywhere(step)  # any other is the cause
            if step.is_after_backward and not step.changed:
                findings += learning_rate.too_high(step, model_or_optimizer)
    return Diagnosis(findings, notes)


def _check_loss(loss: Any) -> None:
    if not isinstance(loss, Value):
        raise TypeError(
            located(f"diagnose: the loss is a Value, not {described(loss)}; give the end of the graph, then the model")
        )
    if loss.size != 1:
        raise ValueError(
            located(
                f"diagnose: the loss has shape {loss.shape}, and a training step begins at a single number; "
                "reduce it first (.sum() or .mean())"
            )
        )
    if not loss.requires_grad:
        raise ValueError(
            located(
                "diagnose: this loss does not depend on anything that requires a gradient; "
                "was it computed under no_grad, or from .data?"
            )
        )


_CHANGED = (
    "whether gradients were zeroed, since the parameters (or the data) were changed after this loss was computed; "
    "call diagnose between backward() and step()"
)
_BEFORE = (
    "whether gradients were zeroed, since backward() has not been called on this loss; the parameters still hold older "
    "gradients, which zero_grad() must forget first"
)
_WITHOUT = (
    "the gradients that step() will use, since no parameter has one yet: backward() has not been called on this loss"
)
