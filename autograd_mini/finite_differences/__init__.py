"""Gradients against finite differences: ``gradcheck``; ``kinks``, where a difference quotient says nothing."""
