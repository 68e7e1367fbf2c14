"""Writes a picture in DOT, the language of Graphviz."""

from __future__ import annotations

from collections import Counter

from autograd_mini.draw.picture import Box, Picture

STYLE = {
    "leaf": 'style=filled fillcolor="#dbe9f6" color="#1f4e79" penwidth=1.6',
    "constant": 'style=dashed color="#6b6b6b"',
    "value": "",
    "op": 'shape=ellipse style=filled fillcolor="#fdf0d0"',
    "module": 'style=filled fillcolor="#e4f0e0" color="#2f6b3a" penwidth=1.6',
    "more": 'style="filled,dashed" fillcolor="#eeeeee" color="#6b6b6b"',
}


def to_dot(picture: Picture, rankdir: str) -> str:
    """The picture as a digraph: values are records, ops are ellipses.

    The font is Courier by name: with "monospace" Graphviz reserves the widths of Times, and text overflows.
    """
    note = f" label={_quoted(_escaped(picture.note))} labelloc=t labeljust=l" if picture.note else ""
    apart = " ranksep=1.6" if any([box.kind == "module" for box in picture.boxes]) and _is_dense(picture) else ""
    lines = [
        f'    graph [rankdir={rankdir} bgcolor=white fontname="Courier" fontsize=12{apart}{note}]',
        '    node [shape=record fontname="Courier" fontsize=12 height=0.35]',
        '    edge [fontname="Courier" arrowsize=0.7 color="#444444"]',
    ]
    lines += [f"    {box.name} [{_attributes(box, rankdir)}]" for box in picture.boxes]
    ports = _ports(picture, rankdir)
    lines += [
        f"    {picture.boxes[source].name} -> {picture.boxes[target].name}{port}"
        for (source, target), port in zip(picture.edges, ports, strict=True)
    ]
    return "\n".join(["digraph {", *lines, "}\n"])


# Of two and of three operands; Graphviz has no place for more on that side of an ellipse.
_PORTS = {
    "LR": {2: ("nw", "sw"), 3: ("nw", "w", "sw")},
    "TB": {2: ("nw", "ne"), 3: ("nw", "n", "ne")},
}


def _ports(picture: Picture, rankdir: str) -> list[str]:
    """Where each edge enters its box: into an op that tells its operands apart, the first enters above the second."""
    arity = Counter([target for _, target in picture.edges])
    met: Counter[int] = Counter()
    ports = []
    for _, target in picture.edges:
        places = _PORTS[rankdir].get(arity[target]) if picture.boxes[target].ordered else None
        ports.append(f":{places[met[target]]}" if places else "")
        met[target] += 1
    return ports


def _is_dense(picture: Picture) -> bool:
    """True where layers are wired to each other, each to each: the edges need room to be told apart."""
    return len(picture.edges) > 2 * len(picture.boxes)


def _attributes(box: Box, rankdir: str) -> str:
    if box.kind == "op":
        label = _escaped(box.fields[0])
    else:
        # No spaces around the bars: Graphviz drops the spaces of a field that begins with one and a non-ASCII letter.
        label = "|".join([_record(field) for field in box.fields])
        if (rankdir == "LR") != box.stacked:  # Graphviz turns records with the graph; braces turn them back
            label = f"{{{label}}}"
    tooltip = _escaped(box.title).replace("\n", "\\n")
    return f"label={_quoted(label)} tooltip={_quoted(tooltip)} {STYLE[box.kind]}".rstrip()


def _record(field: str) -> str:
    """Text in a record, where some characters divide fields."""
    return "".join([f"\\{c}" if c in "{}|<>" else c for c in _escaped(field)])


def _escaped(text: str) -> str:
    r"""Text that Graphviz shows as it is: neither ``\N`` nor ``&lt;`` means something else."""
    return text.replace("&", "&amp;").replace("\\", "\\\\")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
