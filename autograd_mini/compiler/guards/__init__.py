"""What a function sees beside its arguments, and whether it is still what it was when it was traced.

- ``guards``: all of it, asked at each call; where a function is traced again, only what the code that ran reads.
- ``reach``: what can be reached from a function; ``named``, by which names; ``installed``, what libraries may do.
- ``held``: what an object holds. ``look``: compiled Python that looks whether it is the same.
"""
