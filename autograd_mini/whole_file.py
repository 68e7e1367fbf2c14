"""write_whole: a file that is under its name only when all of it is on the disk, whatever kills the process."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_ABANDONED = 3600.0  # seconds without a write, after which nobody is at work on a partial file any more


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Calls ``write(file)`` on a new file beside ``path``, and puts it in the place of ``path`` when it is on the disk.

    At every moment ``path`` is the old file or the new one, whole: also if ``write`` raises, the process is killed, the
    disk is full or the machine loses its power. If ``path`` is a link, the file that it leads to is replaced. What a
    killed process leaves, ``.name.0a1b2c3d.partial``, is in nobody's way, and is deleted by a later call for the same
    path when it is an hour old. POSIX: ``write``, ``fsync``, ``rename``, ``fsync`` of the folder.

    >>> import os, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/note.txt", lambda file: file.write(b"all of it"))
    ...     os.listdir(folder), pathlib.Path(folder, "note.txt").read_text()
    (['note.txt'], 'all of it')

    Raises what ``write`` raises, and ``OSError`` as ``open`` does; then the old file stands.
    """
    target = Path(os.path.realpath(path))
    _delete_abandoned(target)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")  # two at work never share one
    try:
        with open(partial, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with contextlib.suppress(OSError):  # some file systems refuse; the file is whole under its name already
            _flush_folder(target.parent)


def _delete_abandoned(target: Path) -> None:
    beginning = f".{target.name}."
    with contextlib.suppress(OSError):  # litter is no reason not to save: another may delete it at the same time
        for name in os.listdir(target.parent):
            if name.startswith(beginning) and name.endswith(".partial") and len(name) == len(beginning) + 16:
                partial = target.with_name(name)
                if time.time() - partial.stat().st_mtime > _ABANDONED:
                    partial.unlink()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
