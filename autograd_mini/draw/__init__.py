"""Pictures of computation graphs: ``draw(value)`` shows every number, every op and every gradient."""

from autograd_mini.draw.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
