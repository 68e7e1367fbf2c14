"""How far a training is: a bar of tqdm, or without it a line after every epoch."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self


class Progress:
    """Shows on stderr how many batches are done and the latest numbers; nothing if ``show`` is False."""

    def __init__(self, show: bool, batches: int, done: int) -> None:
        self.lines = show
        self.bar: Any = None
        if show:
            try:
                from tqdm import tqdm  # type: ignore[import-untyped]  # it ships no types
            except ImportError:  # the extra `demos` brings it
                return
            self.lines = False
            self.bar = tqdm(total=batches, initial=done, desc="training", unit="batch")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def batch(self) -> None:
        """One more is done."""
        if self.bar is not None:
            self.bar.update()

    def epoch(self, numbers: str) -> None:
        """An epoch is done, with these numbers."""
        if self.bar is not None:
            self.bar.set_postfix_str(numbers)
        elif self.lines:
            print(numbers, file=sys.stderr)
