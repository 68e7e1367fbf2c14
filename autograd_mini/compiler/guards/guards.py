"""Guards: what a function sees beside its arguments, and whether it is still what it was when it was traced.

A number, a list or a module that the function closes over is a constant of its program. Before each replay the
guards look whether the same things still stand there; if not, the function is traced anew. They compare identities,
a few nanoseconds each. Parameters need no guard, since a program reads them at each call.
"""

from __future__ import annotations

import pickle
import random
import sys
import threading
import warnings
import zlib
from collections.abc import Callable, Collection
from types import CodeType
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.guards.held import ATOMS, held_by, is_computed
from autograd_mini.compiler.guards.look import look_at_parameters, look_at_things
from autograd_mini.compiler.guards.reach import Reach
from autograd_mini.ops.caller import located

MOST_COMPARED = 2**24  # bytes of arrays at each call, beyond which it is said


class Guards:
    """What can be reached from some things, as it was; where ``has_run`` is given, only what that code reads."""

    def __init__(self, things: list[Any], has_run: Collection[CodeType] | None = None) -> None:
        reach = Reach(things, has_run)
        self.values, self.owners = reach.values, reach.owners
        self.arrays, self._generators, self._held = reach.arrays, reach.generators, reach.held
        self._absent = reach.absent
        self.has_hidden_code = reach.has_hidden_code
        self.may_differ = reach.may_differ or not _NEW_GENERATORS.isdisjoint(reach.names)
        self._contents: list[tuple[Any, Any, bytes]] = []
        self._are_alike: Callable[[], Any] | None = None  # the Values that the program does not read
        held = [(container, keys, then) for _, container, keys, then in self._held]
        self._is_same = look_at_things([entry for entry in held if not is_computed(entry[0])], self._absent)
        self._computed = [entry for entry in held if is_computed(entry[0])]
        self._draws = self._random_states()
        self._checksums = list(map(_checksum, self.arrays))

    def hold(self) -> bool:
        """True while nothing has changed."""
        try:
            is_same = self._is_same()
        except (KeyError, AttributeError, ValueError):  # a name that is gone; another number of things
            is_same = False
        if not is_same and self.what_changed() is not None:
            return False
        if self._are_alike is not None and self._are_alike() is None:
            return False
        return not (self._computed or self._contents) or self._rest_holds()

    def _rest_holds(self) -> bool:
        known = all([same(held_by(container, keys), then) for container, keys, then in self._computed])
        return known and self._array_that_changed() is None

    def what_changed(self) -> str | None:
        """The first thing that does not hold any more, in words; a number may have become another that is equal."""
        part = self._part_that_changed()
        if part is not None:
            return f"{part} has changed"
        came = self._attribute_that_came()
        if came is not None:
            return f"{came} is there now"
        array = self._array_that_changed()
        return None if array is None else f"numbers in an array of shape {array.shape} have changed"

    def _part_that_changed(self) -> str | None:
        for path, container, keys, then in self._held:
            now = held_by(container, keys)
            if not same(now, then):
                return _part(path, container, keys, now, then)
        return None

    def _attribute_that_came(self, but_for: object = None) -> str | None:
        for path, attributes, names in self._absent:
            if attributes is not but_for and not attributes.keys().isdisjoint(names):
                return f"{path}{min(attributes.keys() & names)}"
        return None

    def _array_that_changed(self) -> Any:
        for array, form, contents in self._contents:
            if (array.shape, array.dtype) != form or array.tobytes() != contents:
                return array
        return None

    def watch_contents(self) -> None:
        """From now on the numbers in arrays count too: the function may have computed with them in plain NumPy."""
        size = sum([array.nbytes for array in self.arrays])
        if size > MOST_COMPARED:
            warnings.warn(
                located(
                    f"jit: the function can reach {size / 2**20:.0f} MB of arrays, and they are compared at each call, "
                    "since it may have computed with them in plain NumPy while it was traced; pass what it needs as an "
                    "argument, and close over no more"
                ),
                stacklevel=2,
            )
        self._contents = [(array, (array.shape, array.dtype), array.tobytes()) for array in self.arrays]

    def watch_values(self, read: list[Any]) -> None:
        """From now on the shapes, dtypes and ``requires_grad`` of Values count too, but for those that are ``read``."""
        known = set(map(id, read))
        others = [x for x in self.values if id(x) not in known]
        self._are_alike = look_at_parameters(others) if others else None

    def check_untouched(self, again: Callable[[], object]) -> None:
        """An error if the function changed something while it was traced, which a replay would not.

        ``again`` runs it once more, for when that does not show yet.
        """
        did = self._what_it_did()
        if did is not None:
            raise refused(
                f"the function {did}, and a replay would not",
                "return what it computes, and change things after the call",
            )
        draws = self._random_states()
        if draws[0] != self._draws[0] or (draws[1] != self._draws[1] and _draws_from_python(again)):
            raise refused(
                "the function draws random numbers, and a replay would use the same ones again",
                "draw them before the call and pass them as an argument, or use value.map_data(f, instead=...)",
            )

    def _what_it_did(self) -> str | None:
        part = self._part_that_changed()
        if part is not None:
            return f"changes {part}"
        came = self._attribute_that_came(but_for=sys.modules)
        if came is not None:
            return f"sets {came}"
        for array, before in zip(self.arrays, self._checksums, strict=True):
            if _checksum(array) != before:
                return f"writes into an array of shape {array.shape}"
        return None

    def _random_states(self) -> tuple[bytes, object]:
        """Of NumPy's generators, and of Python's."""
        states = [_state_of(generator) for generator in self._generators]
        return pickle.dumps([states, np.random.get_state()]), random.getstate()  # repr takes 2 ms


# Names of NumPy's generators, which draw the same again only with a seed.
_NEW_GENERATORS = frozenset(
    {"default_rng", "RandomState", "Generator", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}
)


def _state_of(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if isinstance(generator, np.random.Generator) else generator.get_state()


def _checksum(array: np.ndarray[Any, Any]) -> int:
    return zlib.crc32(array.tobytes())


def _draws_from_python(function: Callable[[], object]) -> bool:
    """True if this thread draws from ``random`` in it, or one that it starts: those of dask or a notebook do meanwhile.

    Under cProfile nobody can look, and what was drawn meanwhile is taken for the function's.
    """
    drawn = _profiler_of_c()

    def look(frame: Any, event: str, called: Any) -> None:
        nonlocal drawn
        drawn |= event == "c_call" and getattr(called, "__self__", None) is _PYTHONS

    if not drawn:
        _run_watched(function, look)
    return drawn


def code_run_by(function: Callable[[], object]) -> set[CodeType] | None:
    """The code of all functions that run in it, in the threads that it starts too; None if one cannot look."""
    found: set[CodeType] = set()

    def look(frame: Any, event: str, called: Any) -> None:
        found.add(frame.f_code)

    if _profiler_of_c():
        return None
    _run_watched(function, look)
    return found


def _profiler_of_c() -> bool:
    """True while cProfile is at work, which can be taken away but not be put back."""
    profiler = sys.getprofile()
    return profiler is not None and not callable(profiler)


def _run_watched(function: Callable[[], object], look: Callable[[Any, str, Any], None]) -> None:
    before, before_in_threads = sys.getprofile(), threading.getprofile()
    threading.setprofile(look)
    sys.setprofile(look)
    try:
        function()
    finally:
        sys.setprofile(before)
        threading.setprofile(before_in_threads)


_PYTHONS: Any = random.random.__self__  # type: ignore[attr-defined]  # the generator that all functions of random share


def _part(path: str, container: Any, keys: Any, now: Any, then: Any) -> str:
    """What has changed there, as one would write it."""
    names = keys or (list(container) if path.endswith(".") and isinstance(container, dict) else ())
    found = [f"{path}{name}" for name, a, b in zip(names, now, then, strict=False) if a is not b]
    return (found or [path])[0].rstrip(".") or "what it closes over"


def same(now: Any, then: Any) -> bool:
    """The same things in the same places; numbers and strings that are equal are the same."""
    return len(now) == len(then) and all(a is b or _equal(a, b) for a, b in zip(now, then, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if a.__class__ is not b.__class__ or not isinstance(a, ATOMS) or hasattr(a, "__dict__"):
        return False
    return bool((a == b and (a or repr(a) == repr(b))) or (a != a and b != b))  # 0.0 == -0.0
