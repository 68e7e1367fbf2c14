"""Python's garbage collector, at rest while a function is traced."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting_collector() -> Iterator[None]:
    """Objects are freed as ever; only circles of them wait until the end.

    A trace makes an object for each number, and has need of all to the end. To walk over them again and again takes a
    quarter of the time of 65,000.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
