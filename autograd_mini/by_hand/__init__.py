"""Backprop verified by hand: the derivation as a person would write it, and your own gradients against it.

- ``explain`` makes the derivation out of the backward pass; ``formula``: what each step says, which the op's own rule
  writes on ``symbol``s; ``element``: one element of an array written out.
- ``blackboard``: the parts of a derivation, as LaTeX and Markdown; ``lines``: as text. ``notation`` and ``latex``: how
  a formula is written; ``precision``: in how many digits.
- ``check`` marks your gradients, with errors carried forward, and ``report`` says it; ``digits`` reads them, ``names``
  finds which Value is meant. ``diagnosis`` asks which ``slip`` would give them: ``slips`` goes through
  ``slips_of_a_use`` of a node and ``slips_of_a_node``; ``slips_of_a_chain`` are in several steps at once.
"""
