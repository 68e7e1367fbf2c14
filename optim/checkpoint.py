"""Checkpoint files: numbers, strings, lists, dicts and arrays as one .npz file, written whole or not at all.

The arrays are entries of their own, and all the rest is JSON with their numbers in it. Nothing is pickled.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import located

_KIND = "optim.fit checkpoint 1"


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Writes ``tree`` to ``path``: to a file beside it first, so that no moment has half a checkpoint.

    >>> save("run.npz", {"epoch": 3, "weights": [np.ones(2)]})
    >>> load("run.npz")
    {'epoch': 3, 'weights': [array([1., 1.])]}
    """
    arrays: list[Any] = []

    def noted(x: Any) -> Any:
        if isinstance(x, np.generic):
            return x.item()
        if not isinstance(x, np.ndarray):
            raise TypeError(located(f"checkpoint: {type(x).__name__} is no number, string, list, dict or array"))
        arrays.append(x)
        return {"array": len(arrays) - 1}

    text = json.dumps({"kind": _KIND, "tree": tree}, default=noted)
    path = check_folder(path)
    temporary = path.with_name(f".{path.name}.tmp")  # always the same: what a kill leaves, the next one overwrites
    try:
        with open(temporary, "wb") as file:
            named: dict[str, Any] = {f"array{i}": array for i, array in enumerate(arrays)}
            np.savez(file, allow_pickle=False, json=np.frombuffer(text.encode(), np.uint8), **named)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> Any:
    """What ``save`` wrote; ``ValueError`` for a file that is broken, or no checkpoint."""
    with open(path, "rb") as content:
        try:
            file = np.load(content, allow_pickle=False)
            document = json.loads(
                file["json"].tobytes(), object_hook=lambda x: file[f"array{x['array']}"] if set(x) == {"array"} else x
            )
            if document["kind"] != _KIND:
                raise ValueError(f"its kind is {document['kind']}")
        except Exception as problem:  # zipfile, zlib, NumPy and json have each their own for broken bytes
            message = f"{os.fspath(path)} is no checkpoint of optim.fit, or a broken one ({problem})"
            raise ValueError(located(f"{message}; nothing was loaded")) from None
    return document["tree"]


def check_folder(path: str | os.PathLike[str]) -> Path:
    """The path of a checkpoint, if there is a folder for it."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(located(f"checkpoint: there is no folder {path.parent}; make it first"))
    return path
