"""Which call of which module a Value was computed in: ``named_scope``. Not what the module is called from outside."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import ref


class named_scope:
    """Marks what is computed inside as one part of the network, which pictures of large graphs show as one box.

    ``part`` is a name or a module; every call of an ``nn.Module`` opens a scope by itself. A scope can be opened
    once. It counts for the thread or task that entered it. JAX: ``jax.named_scope``.

    >>> from autograd_mini import Value
    >>> x = Value(3.0)
    >>> with named_scope("square"):
    ...     y = x * x
    >>> y.scope
    named_scope('square')
    """

    __slots__ = ("_part", "parent")

    parent: named_scope | None

    def __init__(self, part: Any) -> None:
        # Not the module itself: one that keeps an output as an attribute would be in a circle with its graph.
        self._part = part if isinstance(part, str) else ref(part)

    @property
    def part(self) -> Any:
        """The name or the module; None if the module is gone."""
        return self._part if isinstance(self._part, str) else self._part()

    def __enter__(self) -> named_scope:
        outer = current_scope()
        self.parent = None if outer == "" else outer
        _enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _enter("" if self.parent is None else self.parent)

    def __repr__(self) -> str:
        return f"named_scope({self.part!r})"


class Labelled(str):
    """A label that the user gave, with the scope that stood in its place."""

    __slots__ = ("scope",)

    scope: named_scope

    def __new__(cls, label: str, scope: named_scope) -> Labelled:
        self = super().__new__(cls, label)
        self.scope = scope
        return self


_current: ContextVar[Any] = ContextVar("named scope", default="")  # the innermost; "" outside of all
current_scope = _current.get
_enter = _current.set
