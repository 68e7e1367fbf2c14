"""Pictures of computation graphs: ``draw(value)`` shows every number, every op and every gradient.

- ``drawing`` is ``draw``; ``picture``: what is said of a graph, ``modules`` and ``collapse``: less of a large one.
- ``dot`` writes it for Graphviz; ``layers``, ``layout`` and ``svg`` are for machines without.
- ``microscope`` makes the page, out of its ``_record`` (numbers and derivatives) and ``_view`` (places); ``page/`` is
  what runs there: ``main.js`` has the keys, ``state.js`` all that is shown, ``replay.js`` computes.
"""

from autograd_mini.draw.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
