"""What stands behind ``jit``: a function is traced once, simplified, packed, and replayed as a flat program.

A call goes through these files, those of a line in their order; in brackets what they are built of.

- ``jit``: the decorator. ``arguments`` tells one form of call from another, ``cache`` keeps a trace for each.
- ``trace`` (``repeatable``): one trace, the function called once as below and its program at each call from then on.
- ``guards`` (``reach``, ``named``, ``installed``, ``held``, ``look``): what the function sees beside its arguments,
  and whether it is the same.
- ``tape`` (``lines``, ``plain``, ``users``, ``traced``, ``traced_data``, ``closed_over``, ``asked``): the function
  runs on Values that write down every op, then its gradient. ``changes`` (``carried``): what it changes. ``errors``:
  what is refused.
- ``program``: what was written, line by line. The passes rewrite it (``rewrite``): ``pack`` (``grouping``, ``rows``)
  where it is of single numbers, and that before the gradient; ``simplify``, ``fuse``; ``side_by_side`` where it was
  not packed.
- ``native/``, where numba is and pays; else ``spell``, the last pass, for NumPy alone; ``plan``, which lines share
  memory; ``emit`` (``code``, ``writing``, ``into``, ``indexed``), a line of Python for each; ``replay`` (``source``),
  the whole.
- ``effects``: at each call, puts in place what the program has computed; ``result``: what the call returns.
"""
