"""Logits, probabilities and their logarithms taken for each other: softmax of a softmax's output, no log in a loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_mini.diagnosis.forms import Forms, unmoved
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.value import Value

TWICE = "softmax twice"
NO_LOG = "no log-probability"


def applied_twice(step: Step) -> Iterator[Finding]:
    """Each pair of functions once, at the first Value: a graph of scalars has the same for every sample."""
    forms = Forms()
    found: dict[tuple[str, str], list[tuple[Value, Value]]] = {}
    for value in step.graph.values:
        if value.op is None:
            continue
        outer, scores = forms.taken_from(value)
        if scores is None:
            continue
        source = unmoved(scores, and_picked=True)
        inner = forms.probabilities(source)
        if inner:
            found.setdefault((outer, inner), []).append((value, source))
    for (outer, inner), places in found.items():
        value, source = places[0]
        often = f", and {len(places) - 1:,} more like it" if len(places) > 1 else ""
        yield Finding(
            TWICE,
            step.name(value),
            value,
            f"{step.described(value)} is the {outer} of {step.described(source)}, which is a {inner} already{often}: "
            "its gradients are far too small",
            _ADVICE[outer].format(inner=inner),
            step.line(source) or step.line(value),
        )


_ADVICE = {
    "softmax": "leave the first {inner} out: softmax takes scores of any size (logits)",
    "log_softmax": "leave the {inner} out: cross_entropy and log_softmax take logits and apply softmax themselves",
    "sigmoid": "leave the first {inner} out",
    "binary cross-entropy with logits": "leave the {inner} out, or take binary_cross_entropy, of probabilities",
}


def without_log(step: Step) -> Iterator[Finding]:
    """``nll_loss`` of what is no log-probability: of a softmax's output, or of the scores themselves.

    The form is minus the mean of one number for each sample, picked by its class. Scores are known by it that some
    are above 0, and no logarithm of a probability is.
    """
    forms = Forms()
    for value in step.graph.values:
        picked = value.inputs[0] if value.op and value.op.name == "neg" else None
        if picked is None or not picked.op or not _is_picked_by_class(picked) or not _is_averaged(step, value):
            continue
        x = picked.inputs[0]
        kind = forms.probabilities(x)
        if kind or (_is_of_a_layer(x) and np.any(x.data > 0)):
            what = f"a {kind}: probabilities, and not their logarithms" if kind else "scores, of which some are above 0"
            yield Finding(
                NO_LOG,
                step.name(picked),
                picked,
                f"the loss is minus the mean of {step.described(picked)}, picked from {step.described(x)}, which is "
                f"{what}; nll_loss takes logarithms of probabilities, and of others its gradient is a wrong one",
                "give the scores (logits) of the last layer to cross_entropy, or log_softmax(logits) to nll_loss",
                step.line(x) or step.line(value),
            )
            return


def _is_picked_by_class(value: Value) -> bool:
    """True for ``x[arange(n), classes]``."""
    index = value.op.params.get("index") if value.op and value.op.name == "getitem" else None
    if not isinstance(index, tuple) or len(index) != 2 or value.inputs[0].ndim != 2:
        return False
    rows, classes = map(np.asarray, index)
    return rows.dtype.kind == classes.dtype.kind in "iu" and np.array_equal(rows, np.arange(len(value.inputs[0].data)))


def _is_averaged(step: Step, value: Value) -> bool:
    """True if the loss is the mean or the sum of it."""
    op = step.loss.op
    return op is not None and op.name in ("mean", "sum") and step.loss.inputs[0] is value


def _is_of_a_layer(value: Value) -> bool:
    """True for ``linear(x, weight, bias)`` and ``x @ weight + bias``."""
    if value.op and value.op.name == "add":
        value = value.inputs[0]
    return value.op is not None and value.op.name in ("linear", "matmul")
