"""Which call of which module a Value was computed in: ``named_scope``. Not what the module is called from outside."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import ref

from autograd_mini.ops.caller import located


class named_scope:
    """Marks what is computed inside as one part of the network, which pictures of large graphs show as one box.

    ``part`` is a name or a module; every call of an ``nn.Module`` opens a scope by itself. A scope can be opened
    once. It counts for the thread or task that entered it. JAX: ``jax.named_scope``.

    Raises ``RuntimeError`` when it is entered again.

    >>> from autograd_mini import Value
    >>> x = Value(3.0)
    >>> with named_scope("square"):
    ...     y = x * x
    >>> y.scope
    named_scope('square')
    """

    __slots__ = ("_kind", "_outer", "_part")

    _outer: Any  # a named_scope, or "" outside of all; None before it is entered

    def __init__(self, part: Any) -> None:
        # Not the module itself: one that keeps an output as an attribute would be in a circle with its graph.
        self._part = part if part.__class__ is str else ref(part)
        self._kind = part.__class__
        self._outer = None

    @property
    def part(self) -> Any:
        """The name or the module; None if the module is gone."""
        return self._part if isinstance(self._part, str) else self._part()

    @property
    def kind(self) -> str:
        """The name, or that of the module's type, also if the module is gone."""
        return self._part if isinstance(self._part, str) else self._kind.__name__

    @property
    def key(self) -> int:
        """One number for all calls of a module, also if the module is gone; no other's while such a scope is there."""
        return id(self._part)

    @property
    def parent(self) -> named_scope | None:
        """The scope that this one was opened in."""
        return self._outer or None

    def __enter__(self) -> named_scope:
        if self._outer is not None:
            raise RuntimeError(
                located(
                    f"named_scope({self.part!r}) was entered before, and one scope is one call; "
                    "make a new one for each `with`: with named_scope(...):"
                )
            )
        self._outer = current_scope()
        _enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._outer is not None:
            _enter(self._outer)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        # A graph that is copied or pickled takes no module along: the name of its type has to do.
        return None, {"_part": self.kind, "_kind": str, "_outer": self._outer}

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

    def __getnewargs__(self) -> tuple[str, named_scope]:  # type: ignore[override]  # of str, whose copies need no scope
        return str(self), self.scope


_current: ContextVar[Any] = ContextVar("named scope", default="")  # the innermost; "" outside of all
current_scope = _current.get
_enter = _current.set
