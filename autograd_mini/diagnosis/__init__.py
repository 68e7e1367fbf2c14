"""What is wrong with this training step: a check for each of the usual faults, and a report.

- ``diagnose`` runs the checks, causes before consequences, on a ``step``; ``report`` is what they found. ``names`` and
  ``source`` say of which Value and which line.
- What goes before: ``leftovers`` of earlier steps, ``parameters`` that are replaced or out of reach, ``shapes``.
- What is computed: ``softmax`` of a probability, which is known by its ``forms``; ``activations`` that are shut,
  ``nonfinite``, ``symmetry``.
- What comes back: ``flat`` gradients, and ``layers`` where they vanish or explode.
- What comes next: the ``learning_rate``, by a ``trial`` on a copy of the graph.
"""
