"""A function runs once on Values that write down every op, then its gradient by the same rules.

- ``tape``: what they write on. ``lines``: what stands there, and for what; ``plain``, those without a gradient, such as
  a comparison.
- ``traced``: the Value that stands for a line; ``traced_data``, where without jit there is a plain number or array;
  ``stand_in``, of what class that claims to be; ``whole``, how large a whole number of Python's may become.
- ``closed_over``: the Values that the function finds, while it is traced. ``asked``: files and the keyboard, meanwhile.
- ``changes``: what the function assigns; ``carried``: what an optimizer keeps from call to call.
"""
