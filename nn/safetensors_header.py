"""The header of a .safetensors file, looked at before the library reads the rest; the library checks the offsets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, BinaryIO

_LONGEST = 10_000_000  # bytes: 100,000 arrays; what is taken apart needs 30 times the memory
_LARGEST_NUMBER = 8  # bytes; the format has no longer ones


def check_header(file: BinaryIO, size: int, shapes: Mapping[str, tuple[int, ...]] | None) -> bytes:
    """The header of a file of ``size`` bytes as it stands, its length before it.

    ``ValueError`` if a name stands in it twice, of which the library would take the last, or if ``shapes`` are given
    and an array has another one or the data could not be theirs, so that no memory is spent on them.
    """
    length = file.read(8)
    bytes_of_header = int.from_bytes(length, "little")
    if len(length) < 8 or bytes_of_header > min(size - 8, _LONGEST):
        raise ValueError("its header is longer than it, or than any header")
    header = file.read(bytes_of_header)
    entries = json.loads(header, object_pairs_hook=_without_duplicates)
    if not isinstance(entries, dict):
        raise ValueError("its header is no dict")
    if shapes is not None:
        names = entries.keys() - {"__metadata__"}
        for name in names:
            if name not in shapes:
                raise ValueError(f"{name} is unexpected")
            shape = entries[name].get("shape") if isinstance(entries[name], dict) else None
            if shape != list(shapes[name]):
                raise ValueError(f"{name} has shape {shape}, not {list(shapes[name])}")
        if size - 8 - bytes_of_header > _LARGEST_NUMBER * sum([math.prod(shapes[name]) for name in names]):
            raise ValueError("it is longer than its arrays")
    return length + header


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for name, entry in pairs:
        if name in entries:
            raise ValueError(f"{name} stands in it twice")
        entries[name] = entry
    return entries
