"""A program as Python with NumPy: a line for each, into arrays that are there before the call.

- ``emit``: what line of Python computes a line of the program. ``code``: what it calls things.
- ``writing``: which lines compute into an array that stays; ``into`` and ``indexed``: how ops of several steps do.
- ``replay``: the whole, ready to be called.
"""
