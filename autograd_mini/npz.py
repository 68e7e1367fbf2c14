"""Arrays of numbers by name in one ``.npz`` file, NumPy's format: written whole, and read without trust.

Reading evaluates nothing: NumPy's own reader gives the header of an array to ``ast.literal_eval`` and its size to the
allocator, here a pattern takes the header apart, and every size is known to lie in the file before a byte is allocated.
"""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import IO, Any, BinaryIO

import numpy as np

from autograd_mini.whole_file import write_whole

Arrays = dict[str, np.ndarray[Any, Any]]

_NUMBERS = "fiub"  # the kinds of dtype that are a number each
_LONGEST_HEADER = 10_000  # bytes; NumPy's limit too, whose own headers have 118
_CHUNK = 1 << 18  # bytes that are read at once
_HEADER = re.compile(
    r"\s*\{\s*'descr'\s*:\s*'([^']*)'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([\d, ]*)\)"
    r"[\s,]*\}\s*"
)


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Writes ``arrays`` to ``path``: all of it or nothing, see ``write_whole``; the same numbers give the same bytes.

    NumPy: ``np.savez``, without the date.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_npz(f"{folder}/x.npz", {"x": np.arange(3.0)})
    ...     read_npz(f"{folder}/x.npz")
    {'x': array([0., 1., 2.])}

    Raises ``TypeError`` for what is no array of real numbers, ``ValueError`` for a name that a zip archive cannot hold,
    ``OSError`` as ``open`` does; the file that was there stands.
    """
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _NUMBERS:
            kind = f"of dtype {array.dtype}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
            raise TypeError(f"{name!r} is {kind}, and no array of real numbers")
        encoded = name.encode(errors="ignore")
        if "\0" in name or len(encoded) > 60_000 or encoded.decode() != name:
            raise ValueError(f"{name[:80]!r} is no name of an entry: it is too long, or has a null or half a character")

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                info = zipfile.ZipInfo(f"{name}.npy")
                info.file_size = array.nbytes + _LONGEST_HEADER  # more than it will be: whether it may need 64 bits
                with archive.open(info, "w") as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)

    write_whole(path, write)


def read_npz(path: str | os.PathLike[str], shapes: Mapping[str, tuple[int, ...]] | None = None) -> Arrays:
    """The arrays of an ``.npz`` file by name, ``np.load`` for a file from anywhere.

    Nothing in it is run, evaluated or unpacked to the disk. What is allocated is at most as large as the file, or with
    ``shapes`` as large as arrays of these shapes: all names and sizes are checked before any data is read, so that an
    archive that is compressed, whose size does not bound what is in it, can be read with ``shapes`` only.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/x.npz", x=np.ones((1000, 1000)))
    ...     read_npz(f"{folder}/x.npz", {"x": (10, 10)})
    Traceback (most recent call last):
    ValueError: x has shape (1000, 1000), not (10, 10)

    Raises ``ValueError`` that says what is wrong with the file, whatever is wrong, and ``OSError`` as ``open`` does.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = _checked_entries(archive, os.fstat(file.fileno()).st_size, shapes)
                forms = {name: _form(name, archive, info, shapes) for name, info in entries.items()}
                return {name: _array(archive, entries[name], *form) for name, form in forms.items()}
        except Exception as problem:  # zipfile, zlib and struct have each their own for broken bytes
            ours = isinstance(problem, ValueError)
            what = "" if ours else "it is no zip archive, was cut short, or its checksum is wrong: "
            raise ValueError(f"{what}{str(problem) or type(problem).__name__}"[:300]) from problem


def _checked_entries(archive: zipfile.ZipFile, size: int, shapes: Any) -> dict[str, zipfile.ZipInfo]:
    """The entries by the names of their arrays, if together they can lie in a file of this size."""
    entries = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name == info.filename:
            raise ValueError(f"{name} in it is no array")
        if name in entries:
            raise ValueError(f"{name} stands in it twice")
        if shapes is not None and name not in shapes:
            raise ValueError(f"{name} is unexpected")
        if info.compress_type == zipfile.ZIP_STORED:
            size -= info.file_size
        elif shapes is None or info.compress_type != zipfile.ZIP_DEFLATED:
            raise ValueError(f"{name} is compressed, and may unpack to any size")
        entries[name] = info
    if size < 0:
        raise ValueError("its arrays are larger than the file")
    return entries


def _form(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, shapes: Any) -> tuple[int, Any, Any, Any]:
    """Where the data of an array begins, its dtype, shape and order, if it is one of numbers and has its size."""
    with archive.open(info) as entry:
        header, start = _read_header(entry)
    parts = _HEADER.fullmatch(header)
    if parts is None:
        raise ValueError(f"{name} is no array of numbers; its header is {header.strip()[:80]!r}")
    text, is_fortran, sizes = parts.groups()
    if text.strip("<>=|") == "O":
        raise ValueError(f"{name} needs pickle, which can run any code")
    if not re.fullmatch(r"[<>=|]?[fiub]\d{1,2}", text):
        raise ValueError(f"{name} has dtype {text[:80]!r}, and is no array of real numbers")
    dtype, shape = np.dtype(text), tuple([int(size) for size in sizes.split(",") if size.strip()])
    if shapes is not None and shape != tuple(shapes[name]):
        raise ValueError(f"{name} has shape {shape}, not {tuple(shapes[name])}")
    if start + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"{name} has not the size of an array of shape {shape} and dtype {text!r}")
    return start, dtype, shape, "F" if is_fortran == "True" else "C"


def _read_header(entry: IO[bytes]) -> tuple[str, int]:
    """The header of an array in the format .npy, and how many bytes come before the data."""
    magic = entry.read(8)
    version = magic[6:]
    if magic[:6] != b"\x93NUMPY" or version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise ValueError("an entry in it is no array")
    length = "<H" if version == b"\x01\x00" else "<I"
    (size,) = struct.unpack(length, entry.read(struct.calcsize(length)))
    if size > _LONGEST_HEADER:
        raise ValueError(f"the header of an array in it has {size} bytes")
    header = entry.read(size)
    return header.decode("utf-8" if version == b"\x03\x00" else "latin1"), 8 + struct.calcsize(length) + len(header)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, start: int, dtype: Any, shape: Any, order: Any) -> Any:
    data = bytearray(info.file_size - start)
    with archive.open(info) as entry, memoryview(data) as view:
        entry.read(start)
        for at in range(0, len(data), _CHUNK):  # to the end, where zipfile checks the checksum
            view[at : at + _CHUNK] = entry.read(_CHUNK)
    return np.ndarray(shape, dtype, data, order=order)
