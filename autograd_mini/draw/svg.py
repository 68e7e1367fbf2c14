"""Writes a picture as SVG, for machines without Graphviz: explicit colours, no script, no style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable

from autograd_mini.draw.layout import Point, layout
from autograd_mini.draw.picture import Box, Picture
from autograd_mini.text import columns

FONT = 12.0
ADVANCE = 0.62 * FONT  # of one character: that of Courier, Menlo and DejaVu Sans Mono is 0.60, and some room
PAD = 8.0  # left and right of the text in a field
HEIGHT = 28.0
LINE = 20.0  # the height of a field, where they are stacked
MARGIN = 12.0
ARROW = 7.0

STYLE = {
    "leaf": 'fill="#dbe9f6" stroke="#1f4e79" stroke-width="1.6"',
    "constant": 'fill="#ffffff" stroke="#6b6b6b" stroke-dasharray="4 3"',
    "value": 'fill="#ffffff" stroke="#222222"',
    "op": 'fill="#fdf0d0" stroke="#222222"',
    "module": 'fill="#e4f0e0" stroke="#2f6b3a" stroke-width="1.6"',
    "more": 'fill="#eeeeee" stroke="#6b6b6b" stroke-dasharray="4 3"',
}


def text_width(text: str) -> float:
    """How wide ``text`` may become in any monospaced font."""
    return ADVANCE * columns(text)


def to_svg(picture: Picture, rankdir: str) -> str:
    """The picture as an SVG document, placed by our own layout.

    The layout goes from left to right; from top to bottom it is the same with x and y exchanged.
    """
    down = rankdir == "TB"
    sizes = [_size(box) for box in picture.boxes]
    ordered = {i for i, box in enumerate(picture.boxes) if box.ordered}
    plan = layout([(height, width) for width, height in sizes] if down else sizes, picture.edges, ordered)
    width, height = (plan.height, plan.width) if down else (plan.width, plan.height)
    headline = 2 * FONT if picture.note else 0.0

    def place(point: Point) -> Point:
        x, y = reversed(point) if down else point
        return x + MARGIN, y + MARGIN + headline

    lines = []
    for (_, target), route in zip(picture.edges, plan.routes, strict=True):
        if picture.boxes[target].kind == "op":
            across, along = sizes[target] if down else reversed(sizes[target])
            route[-1] = _onto_ellipse(route[-1], plan.centers[target], along / 2, across / 2)
        lines.extend(_edge(route, place))
    for box, size, center in zip(picture.boxes, sizes, plan.centers, strict=True):
        lines.extend(_box(box, size, place(center)))
    if picture.note:
        width = max(width, text_width(picture.note))
        lines.append(f'<text x="{MARGIN:g}" y="{MARGIN + FONT:g}" text-anchor="start">{_escaped(picture.note)}</text>')
    size_attributes = 'width="{0}" height="{1}" viewBox="0 0 {0} {1}"'.format(
        _short(width + 2 * MARGIN), _short(height + 2 * MARGIN + headline)
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size_attributes} font-family="Courier, monospace" '
            f'font-size="{FONT:g}" text-anchor="middle" role="img" aria-label="computation graph">',
            '<rect width="100%" height="100%" rx="6" fill="#ffffff"/>',
            *lines,
            "</svg>\n",
        ]
    )


def _size(box: Box) -> Point:
    if box.kind == "op":
        return max(44.0, 1.2 * text_width(box.fields[0]) + PAD), HEIGHT
    widths = [text_width(field) + 2 * PAD for field in box.fields]
    return (max(widths), LINE * len(widths)) if box.stacked else (sum(widths), HEIGHT)


def _box(box: Box, size: Point, center: Point) -> list[str]:
    """The outline, the bars between the fields, and the text in each."""
    (width, height), (x, y) = size, center
    lines = [f'<g id="{box.name}" {STYLE[box.kind]}>', f"<title>{_escaped(box.title)}</title>"]
    left, top = x - width / 2, y - height / 2
    if box.kind == "op":
        rx, ry = _short(width / 2), _short(height / 2)
        lines.append(f'<ellipse cx="{_short(x)}" cy="{_short(y)}" rx="{rx}" ry="{ry}"/>')
    else:
        lines.append(f'<rect x="{_short(left)}" y="{_short(top)}" width="{_short(width)}" height="{_short(height)}"/>')
    for i, field in enumerate(box.fields):
        if i:
            bar = f"h{_short(width)}" if box.stacked else f"v{_short(height)}"
            lines.append(f'<path d="M{_short(left)},{_short(top)} {bar}"/>')
        if box.stacked:
            middle = x, top + LINE / 2
            top += LINE
        elif box.kind == "op":
            middle = x, y
        else:
            middle = left + text_width(field) / 2 + PAD, y
            left += text_width(field) + 2 * PAD
        at = f'x="{_short(middle[0])}" y="{_short(middle[1] + FONT / 3)}"'
        lines.append(f'<text {at} fill="#111111" stroke="none">{_escaped(field)}</text>')
    return [*lines, "</g>"]


def _edge(route: list[Point], place: Callable[[Point], Point]) -> list[str]:
    """A line that is level at its layers and bends in between, and the head of its arrow."""
    along, across = route[-1]
    neck = along - ARROW
    route = [*route[:-2], (min(route[-2][0], neck), across), (neck, across)]
    path = f"M{_at(place(route[0]))}"
    for i in range(1, len(route), 2):
        path += f" L{_at(place(route[i]))}"
        if i + 1 < len(route):
            (x0, y0), (x1, y1) = route[i : i + 2]
            bend = (x0 + x1) / 2
            path += f" C{_at(place((bend, y0)))} {_at(place((bend, y1)))} {_at(place((x1, y1)))}"
    corners = [(along, across), (neck, across - ARROW / 2), (neck, across + ARROW / 2)]
    head = " ".join([_at(place(corner)) for corner in corners])
    return [f'<path d="{path}" fill="none" stroke="#444444"/>', f'<polygon points="{head}" fill="#444444"/>']


def _onto_ellipse(end: Point, center: Point, along: float, across: float) -> Point:
    """The end of an edge, moved from the side of the bounding box to the ellipse with these radii."""
    rise = (end[1] - center[1]) / across
    return center[0] - along * math.sqrt(1 - rise * rise), end[1]


def _escaped(text: str) -> str:
    """Text that is nothing but text (``html.escape`` does it too, and takes long to import)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _at(point: Point) -> str:
    return f"{_short(point[0])},{_short(point[1])}"


def _short(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")
