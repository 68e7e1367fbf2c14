"""What the Values of a graph are called, and in which module each was computed."""

from __future__ import annotations

from typing import Any

from autograd_mini.graph import Graph, module_text, names_of, outermost_modules, walk
from autograd_mini.ops.caller import user_variables
from autograd_mini.value import Value


class Names:
    """The graph below ``root``; the modules in it are called by their paths from ``holder``, a model, if it is one."""

    def __init__(self, root: Value, holder: Any = None) -> None:
        self.graph = walk(root)
        self.variables = user_variables()
        self.position = {value: i for i, value in enumerate(self.graph.values)}
        self.names = names_of(self.graph, self.variables)
        self.modules = _modules(holder, self.graph)
        self._paths = {id(module): path for path, module in self.modules}

    def name(self, value: Value) -> str:
        """What a Value of the graph is called."""
        return self.names[self.position[value]]

    def described(self, value: Value) -> str:
        """Its name, how it was made, its shape, and the module it was computed in: enough to find it."""
        made = f" = {value.op.name}" if value.op else ""
        shape = f" of shape {value.shape}" if value.shape else ""
        return f"{self.name(value)}{made}{shape}{self.place(value)}"

    def place(self, value: Value) -> str:
        """The innermost module, or ``named_scope``, that it was computed in, as `` in layers.0 (Linear 2 -> 16)``."""
        part = module_of(value)
        return f" in {self.path(part)}" if part is not None else ""

    def path(self, part: Any) -> str:
        """What a module is called from the outermost one; a ``named_scope`` is called by its name."""
        if isinstance(part, str):
            return part
        path = self._paths.get(id(part), "")
        return f"{path} ({module_text(part)})" if path else module_text(part)


def module_of(value: Value) -> Any:
    """The innermost module, or name, that it was computed in; None outside of all."""
    scope = value.scope if value.op else None  # where a leaf was made says nothing
    while scope is not None and scope.part is None:  # a module that is gone
        scope = scope.parent
    return scope.part if scope is not None else None


def _modules(holder: Any, graph: Graph) -> list[tuple[str, Any]]:
    """The modules below ``holder`` by path; if it holds none, those below the outermost modules of the graph."""
    if hasattr(holder, "named_modules"):
        return list(holder.named_modules())
    return [pair for module in outermost_modules(graph) for pair in module.named_modules()]
