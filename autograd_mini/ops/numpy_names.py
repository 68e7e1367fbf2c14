"""Which op a function of NumPy is on Values: each file of ops adds its own. How they are called is in numpy_protocol.

The parameters of an op after its operands have NumPy's names, since users may give them by name; what an op has no
parameter for is refused, but for ``dtype``, to which the operand is converted first. Ufuncs are not here: their rows
name them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
