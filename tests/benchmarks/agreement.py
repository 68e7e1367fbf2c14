"""Nobody is timed before all compute the same loss and the same gradients."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.run import Answer


class Disagreement(SystemExit):
    """The end of the run: a wrong fast number is worth nothing."""


def difference(one: Answer, other: Answer) -> float:
    """How far two answers are apart, by loss or by the largest gradient; inf for a nan or another number of them."""
    (loss, gradients), (other_loss, other_gradients) = one, other
    if len(gradients) != len(other_gradients):
        return float("inf")
    tiny = np.finfo(float).tiny  # for a loss or gradients that are all 0
    apart = [
        abs(loss - other_loss) / max(abs(loss), tiny),
        np.max(np.abs(np.subtract(gradients, other_gradients))) / max(np.max(np.abs(gradients)), tiny),
    ]
    return float(np.nan_to_num(np.max(apart), nan=np.inf))


def check_agreement(name: str, answers: dict[str, Answer], tolerance: float) -> None:
    """Raises Disagreement, with everybody's answer, unless each is within ``tolerance`` of the first."""
    (first, reference), *_ = answers.items()
    errors = {label: difference(reference, answer) for label, answer in answers.items()}
    if max(errors.values()) <= tolerance:
        return
    lines = [f"{name}: the answers differ by more than {tolerance:g} (relative), so nothing is timed."]
    lines += [
        f"   {label:20} loss {answers[label][0]:.9g}   {len(answers[label][1])} gradients   "
        f"{error:8.1e} from {first}{'' if error <= tolerance else '   <- differs'}"
        for label, error in errors.items()
    ]
    raise Disagreement("\n".join(lines))
