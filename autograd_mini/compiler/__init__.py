"""What stands behind ``jit``: a function is traced, simplified, packed, and replayed as a flat program.

A call goes through these, those of a line in their order; a folder says at its head what is in it.

- ``jit``: the decorator. ``arguments`` tells one form of call from another, ``cache`` keeps a trace for each.
- ``trace``: one trace: the function is called as below, once more where an earlier trace does not hold, and its program
  at each call from then on. ``repeatable``: whether a replay would do what the function did. ``errors``: how what it
  would not is refused.
- ``guards/``: what the function sees beside its arguments, and whether it is the same.
- ``tracing/``: the function runs on Values that write down every op, then its gradient, and what it changes.
- ``program``: what was written, line by line; ``rows``: the ops that only programs have; ``users``: functions of the
  user's among them.
- ``passes/``: from program to program, each a little better. ``plan``: which lines share memory.
- ``native/``, where numba is and pays; else ``codegen/``, a line of Python for each line of the program. ``source``:
  such Python, which the guards are written in too.
- ``effects``: at each call, puts in place what the program has computed; ``result``: what the call returns.
"""
