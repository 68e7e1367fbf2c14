"""JitError: what a jitted function cannot replay, said where it stands in the user's code."""

from __future__ import annotations

from autograd_mini import modes
from autograd_mini.compiler.program import Like
from autograd_mini.ops.caller import user_line


class JitError(TypeError):
    """A jitted function did something that a replay could not repeat with other numbers.

    The message says what, on which line, and what to write instead. JAX: ``ConcretizationTypeError``.

    >>> from autograd_mini import jit
    >>> jit(lambda x: x if x > 0 else -x)(1.0)
    Traceback (most recent call last):
    ...
    autograd_mini.compiler.errors.JitError: jit: ...
      at <doctest...
    """


def refused(what: str, remedy: str, line: str | None = None) -> JitError:
    """The error for ``what`` a traced function did on ``line``, by default on the user's line that runs now.

    The tape keeps it, lest an ``except`` of the function's hide it.
    """
    error = JitError(f"jit: {what}; {remedy}\n  at {line or user_line()}")
    tape = modes.tape()
    if tape is not None:
        tape.refusal = tape.refusal or error
    return error


def check_form(name: str, like: Like, expected: Like) -> None:
    """The error for what a function of the data gives in another form than when it was traced."""
    if like != expected:
        (shape, dtype), (old, kind) = [form or ((), float) for form in (like, expected)]
        raise refused(
            f"what {name} gives had shape {old} and dtype {kind} when it was traced, and has {shape} and {dtype} now; "
            "a program has one shape for each of its lines",
            "compute it before the call and pass it as an argument",
        )


def exact_float(number: int, line: str | None = None) -> float:
    """A whole number of Python's as a program has it; an error where a float would not have all its digits."""
    if not -LARGEST <= number <= LARGEST:
        raise refused(
            "a whole number beyond 2**53, which a program would round to a float",
            "pass it in an array of int64, or compute with it before the call",
            line,
        )
    return float(number)


LARGEST = 2**53  # up to here a float holds every whole number
