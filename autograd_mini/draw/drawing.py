"""``draw``, and what it gives: a picture that can be looked at, read as DOT, and saved."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_mini.draw.collapse import collapse
from autograd_mini.draw.dot import to_dot
from autograd_mini.draw.picture import Picture, picture
from autograd_mini.draw.svg import to_svg
from autograd_mini.graph import names_of_loss, refuse_programs, walk
from autograd_mini.ops.caller import located, user_variables
from autograd_mini.text import count, described
from autograd_mini.value import Value

LONGEST = 40  # ops in a row that are drawn: more is many screens wide


def draw(value: Value, *, rankdir: str = "LR", max_boxes: int = 150) -> Drawing:
    """A picture of the graph that ``value`` was computed by: each number, each op, each gradient.

    Values are boxes, name | data | grad; ops are ellipses; there is one arrow for each use. Names are those of
    ``explain``: labels, else the variables of the caller, else ``v7``. Before ``backward()`` grad is a dash.
    Where the order of the operands matters, as for a minus, their arrows enter the op in that order, the first on top.

    ``rankdir`` is "LR" (left to right) or "TB" (top to bottom), as in micrograd's ``draw_dot``.

    A graph of more than ``max_boxes`` values is collapsed. A call of an ``nn.Module``, or a ``named_scope``, becomes
    one box with the parameters that only this module uses, at the deepest level of modules that fits; those of a module
    that is called several times are in the box of each call, which calls them shared. If none fits, what is of the same
    form shares a box, which shows how many, the smallest and the largest; what is still too much is cut off far from
    ``value``. So is a graph with more than 40 ops in a row, or a quarter of ``max_boxes`` if that is more; where it
    stays so long, as that of a recurrent network of many steps, the middle is left out. The picture says so.

    It shows itself in a notebook, and is of the moment: a later ``backward()`` does not change it.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> print(draw(a * b).source)
    digraph {
        graph [rankdir=LR bgcolor=white fontname="Courier" fontsize=12]
        node [shape=record fontname="Courier" fontsize=12 height=0.35]
    ...
    >>> draw(a * b).save("product.svg").name
    'product.svg'

    Raises ``TypeError`` if ``value`` is not a Value, ``ValueError`` for another ``rankdir`` or fewer than two boxes,
    and ``JitError`` for what a jitted function returned, which has its program for a graph.
    """
    if not isinstance(value, Value):
        raise TypeError(
            located(f"draw: give the Value whose graph you want to see, such as the loss, not {described(value)}")
        )
    if rankdir not in ("LR", "TB"):
        raise ValueError(located(f"draw: rankdir is 'LR' (left to right) or 'TB' (top to bottom), not {rankdir!r}"))
    if not isinstance(max_boxes, int) or max_boxes < 2:
        raise ValueError(located(f"draw: max_boxes is a whole number of at least 2, not {max_boxes!r}"))
    graph = walk(value)
    refuse_programs(graph)
    groups = collapse(graph, max_boxes, max(LONGEST, max_boxes // 4))
    return Drawing(picture(graph, groups, names_of_loss(graph, user_variables())), rankdir)


class Drawing:
    """A picture of a graph, made by ``draw``. ``source`` is its text in DOT, which needs no Graphviz."""

    def __init__(self, picture: Picture, rankdir: str) -> None:
        self._picture = picture
        self._rankdir = rankdir
        self.source = to_dot(picture, rankdir)

    def __repr__(self) -> str:
        boxes = sum([box.kind != "op" for box in self._picture.boxes])
        size = f"{count(boxes, 'box', 'boxes')} and {count(len(self._picture.boxes) - boxes, 'op')}"
        return f"<Drawing of {size}; show it in a notebook, or .save('graph.svg')>"

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the picture as .svg, .png, .pdf or .dot, whichever ``path`` ends with, and returns the path.

        PNG and PDF need Graphviz's program ``dot``; SVG uses it if it is there.

        Raises ``ValueError`` for another ending, ``FileNotFoundError`` if the folder does not exist, and
        ``RuntimeError`` if ``dot`` is needed and missing.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (".svg", ".png", ".pdf", ".dot"):
            raise ValueError(located(f"save: a picture is saved as .svg, .png, .pdf or .dot, not {path.name!r}"))
        if not path.parent.is_dir():
            raise FileNotFoundError(f"save: there is no folder {str(path.parent)!r}; make it first, with Path.mkdir")
        if suffix == ".dot":
            content = self.source.encode()
        elif suffix == ".svg":
            content = self.svg.encode()
        else:
            rendered = _graphviz(self.source, suffix[1:])
            if rendered is None:
                raise RuntimeError(
                    f"save: a {suffix} needs Graphviz's program `dot`, which is not on the PATH; install it by one of\n"
                    "  apt install graphviz\n  brew install graphviz\n  conda install graphviz\n"
                    "or save as .svg, which works without it"
                )
            content = rendered
        path.write_bytes(content)
        return path

    @cached_property
    def svg(self) -> str:
        """The picture as SVG: by Graphviz if its program ``dot`` is on the PATH, else by our own layout."""
        rendered = _graphviz(self.source, "svg")
        return rendered.decode() if rendered else to_svg(self._picture, self._rankdir)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What Jupyter, VS Code and marimo show."""
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}


def _graphviz(source: str, form: str) -> bytes | None:
    """The picture that the program ``dot`` makes of ``source``; None where there is no such program."""
    import graphviz  # here, since it takes longer to import than all of autograd_mini

    try:
        picture: bytes = graphviz.pipe("dot", form, source.encode())
    except graphviz.ExecutableNotFound:
        return None
    return picture
