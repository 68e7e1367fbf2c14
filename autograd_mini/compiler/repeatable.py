"""Whether a replay can do what the function has done: an error for what it does besides computing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from autograd_mini.compiler.arguments import numbers_of
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.guards.guards import Guards
from autograd_mini.compiler.guards.held import ATOMS
from autograd_mini.compiler.tracing.stand_in import refusal_of
from autograd_mini.compiler.tracing.tape import Tape
from autograd_mini.compiler.tracing.traced import Traced, check_text
from autograd_mini.node import Node
from autograd_mini.tree import leaves_of


def called(f: Callable[..., Any], given: Any, tape: Tape) -> Any:
    """What the function returns; an error if it did what a replay could not, even where it caught that error."""
    args, kwargs = given
    try:
        returned = f(*args, **kwargs)
    except Exception as error:  # of np.zeros(n), x.sum(axis=n): what NumPy or an op says of it hides what was refused
        refusal = tape.refusal or refusal_of(error)
        if refusal is None or refusal is error:
            raise
        raise refusal.with_traceback(error.__traceback__) from None
    if tape.refusal is not None:
        raise tape.refusal
    return returned


def check_repeatable(tape: Tape, guards: Guards, again: Callable[[], Tape]) -> None:
    """An error if the function did something besides computing that a replay would not, or computes otherwise again."""
    guards.check_untouched(again)
    if guards.may_differ and _written(again()) != _written(tape):
        raise refused(
            "the function computes with something that is another at each call, such as the time or what a "
            "new generator of random numbers draws, and a replay would use that of the first",
            "take it before the call and pass it as an argument, or use value.map_data(f, instead=...)",
        )
    tape.changes.check_untouched()
    tape.changes.check_alone()
    tape.changes.check_not_shared(guards.arrays)
    tape.changes.check_found(guards.values)


def _written(tape: Tape) -> str:
    """What stands on a tape, with all digits, to be compared with another."""
    ops = [(op.name, getattr(op, "params", None), getattr(op, "data", None)) for op in tape.ops]
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return repr((ops, tape.operands))


def check_left_alone(given: Any, arguments: list[Traced]) -> None:
    """An error if the containers that the function was given hold something else now."""
    left = numbers_of(given)
    if len(left) != len(arguments) or any([x is not y for x, y in zip(left, arguments, strict=True)]):
        raise refused(
            "the function changes a list or dict that it was given, and a replay would not",
            "return what it computes instead",
        )


def check_returned(returned: Any) -> None:
    """An error if the function returns what a replay could not make."""
    for leaf in leaves_of(returned):
        if isinstance(leaf, str):
            check_text(leaf)
        if not isinstance(leaf, (*ATOMS, np.ndarray, Node, Enum)):
            raise refused(
                f"the function returns a {type(leaf).__name__}, into which a replay cannot put what it computes",
                "return Values, numbers and tuples, lists, dicts or dataclasses of them",
            )
