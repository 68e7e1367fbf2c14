"""Python that jit writes itself, compiled as if it stood in the library, so that an error names the user's own line."""

from __future__ import annotations

import os.path
from types import CodeType


def code_of(source: str, name: str) -> CodeType:
    """Ready for ``exec``; ``name`` is what a traceback calls it."""
    return compile(source, os.path.join(os.path.dirname(__file__), f"<{name}>"), "exec")
