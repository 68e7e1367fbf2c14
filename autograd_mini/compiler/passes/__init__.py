"""Passes: each makes another program of a program, with the same results but for rounding where sums change order.

- ``pack``, before the gradient is written: single numbers of one op become one vector (``grouping``: which of them).
- ``simplify``: dead code, common subexpressions, constants folded. ``fuse``: two ops as one.
- ``side_by_side``: small arrays that are computed alike become one, where nothing was packed.
- ``spell``, for NumPy alone: a formula becomes its steps.
- ``rewrite``: what the passes that add lines share.
"""
