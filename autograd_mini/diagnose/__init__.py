"""What is wrong with a training step: ``diagnose``."""

from autograd_mini.diagnose.diagnosis import diagnose

__all__ = ["diagnose"]
