"""JitError: what a jitted function cannot replay, said where it stands in the user's code."""

from __future__ import annotations

from autograd_mini.ops.caller import located


class JitError(TypeError):
    """A jitted function did something that a replay could not repeat with other numbers.

    The message says what, on which line, and what to write instead. JAX: ``ConcretizationTypeError``.
    """


def refused(what: str, remedy: str) -> JitError:
    """The error for ``what`` a traced function did."""
    return JitError(located(f"jit: {what}; {remedy}"))
