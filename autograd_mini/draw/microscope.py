"""``microscope``: one HTML page that steps through a graph's forward and backward pass, number by number."""

from __future__ import annotations

import html
import json
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_mini.backward import contributions, one_like
from autograd_mini.by_hand.names import Names
from autograd_mini.draw.collapse import collapse
from autograd_mini.draw.layers import passes
from autograd_mini.draw.microscope_record import record_of
from autograd_mini.draw.microscope_view import view_of
from autograd_mini.draw.picture import each_alone, picture
from autograd_mini.draw.svg import to_svg
from autograd_mini.ops.caller import located, user_variables
from autograd_mini.text import count
from autograd_mini.value import Value

MAX_BOXES = 150  # of a graph that opens as it is; a larger one opens collapsed
MAX_ALONE = 3_000  # values for which the page can also show a box each
MAX_PASSES = 50_000  # of long edges by the layers of such a picture: more take tens of seconds, and are a tangle
MAX_VALUES = 100_000  # what a browser steps through without a pause
MAX_ELEMENTS = 4_000_000

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = (
    *("array", "ops", "windows", "matrices", "replay", "text", "judge", "paths"),
    *("picture", "elements", "step_card", "value_card", "changes", "state", "badges", "view", "predict", "main"),
)


def microscope(loss: Value, path: str | PathLike[str] | None = None) -> Microscope:
    """A page that steps through the forward pass of ``loss``, then through every ``grad += upstream * local``.

    It shows the formula of each step, the numbers put in, the gradient before and after, and the edge in use. Click a
    value for its ledger and for the paths its gradient came by. Give a leaf another number and every op after it is
    computed anew; the order of a ``sort`` or ``median``, the condition of a ``where`` and constants are as they were,
    and the page says which; inputs it counts. Type your own gradients and have them marked ok, carried or WRONG by the
    rules of ``check_by_hand``, without its diagnosis. ``?`` in the page lists the keys.

    The page is one file that loads nothing. It is written to ``path`` if there is one, shows itself in a notebook, and
    is of the moment. ``backward()`` need not have been called, and nothing in the graph changes.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> microscope(a * b)
    <Microscope of 3 values and 2 contributions; show it in a notebook, or .save('microscope.html')>
    >>> microscope(a * b, "microscope.html").path.name
    'microscope.html'

    Raises ``TypeError`` if ``loss`` is no Value, ``ValueError`` if it is not a single number or requires no gradient,
    or if the graph is too large for a page, ``JitError`` for what a jitted function returned.
    """
    known = Names(loss, user_variables(), "microscope")
    graph = known.graph
    _refuse_what_is_too_large(len(graph.values), sum([value.size for value in graph.values]))
    names = [known[value] for value in graph.values]
    alone = each_alone(graph)
    small = len(alone) <= MAX_BOXES
    groups = alone if small else collapse(graph, MAX_BOXES)
    steps, gradients = contributions(loss, one_like(loss.data))
    record = record_of(graph, names, steps)
    views = [view_of(graph, names, groups)]
    uses = [(j, i) for i, operands in enumerate(graph.operands) for j in operands]
    if not small and len(alone) <= MAX_ALONE and passes(len(alone), uses) <= MAX_PASSES:
        views.append(view_of(graph, names, alone))
    page = _written(record, views, to_svg(picture(graph, groups, names, gradients.get), "LR"))
    result = Microscope(page, f"{count(len(names), 'value')} and {count(len(steps), 'contribution')}")
    if path is not None:
        result.save(path)
    return result


class Microscope:
    """A page made by ``microscope``. ``html`` is all of it; ``path`` is where it was saved last, None before."""

    def __init__(self, page: str, size: str) -> None:
        self.html = page
        self.path: Path | None = None
        self._size = size

    def __repr__(self) -> str:
        return f"<Microscope of {self._size}; show it in a notebook, or .save('microscope.html')>"

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the page, whose name ends with .html, and returns the path.

        Raises ``ValueError`` for another ending and ``FileNotFoundError`` if the folder does not exist.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(located(f"save: the microscope is a page and is saved as .html, not {path.name!r}"))
        if not path.parent.is_dir():
            raise FileNotFoundError(
                located(f"save: there is no folder {str(path.parent)!r}; make it first, with Path.mkdir")
            )
        path.write_bytes(self.html.encode())
        self.path = path
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What Jupyter, VS Code and marimo show: the page in a frame that can run its script and nothing else."""
        frame = (
            '<iframe sandbox="allow-scripts" title="microscope" '
            'style="width:100%;height:720px;border:1px solid #8888;border-radius:6px" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )
        return {"text/html": frame, "text/plain": repr(self)}


def _refuse_what_is_too_large(values: int, elements: int) -> None:
    if values > MAX_VALUES or elements > MAX_ELEMENTS:
        raise ValueError(
            located(
                f"microscope: the graph has {count(values, 'value')} with {count(elements, 'number')} in all, too much "
                f"for a page ({MAX_VALUES:,} and {MAX_ELEMENTS:,}); compute the loss of fewer samples, or use draw(), "
                "which collapses a graph of any size"
            )
        )


def _written(record: Any, views: Any, picture: str) -> str:
    """The page with its style, scripts and data put in.

    No label can end the data's element: every ``<`` in it is written as an escape, which JSON reads as the same.
    """
    data = json.dumps({"record": record, "views": views}, ensure_ascii=False, separators=(",", ":"))
    scripts = "".join([f"<script>\n{_read(f'{name}.js')}</script>\n" for name in _SCRIPTS])
    parts = {
        "style": _read("microscope.css"),
        "picture": picture,
        "data": data.replace("<", "\\u003c"),
        "scripts": scripts,
    }
    page = _read("microscope.html").split("{{")
    return page[0] + "".join([parts[name] + rest for name, rest in (part.split("}}", 1) for part in page[1:])])


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
