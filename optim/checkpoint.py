"""Checkpoint files: numbers, strings, lists, dicts and arrays as one .npz file, written whole or not at all.

The arrays are entries of their own, and all the rest is JSON with their numbers in it. Nothing is pickled.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import located, read_npz, write_npz

_KIND = "optim.fit checkpoint 1"


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Writes ``tree`` to ``path``, so that at every moment all of the old checkpoint is there, or all of the new one.

    >>> save("run.npz", {"epoch": 3, "weights": [np.ones(2)]})
    >>> load("run.npz")
    {'epoch': 3, 'weights': [array([1., 1.])]}
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def noted(x: Any) -> Any:
        if isinstance(x, np.generic):
            return x.item()
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "fiub":
            kind = f"an array of dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(located(f"checkpoint: {kind} is no number, string, list, dict or array of numbers"))
        arrays[f"array{len(arrays)}"] = x
        return {"array": len(arrays) - 1}

    text = json.dumps({"kind": _KIND, "tree": tree}, default=noted)
    write_npz(check_folder(path), {"json": np.frombuffer(text.encode(), np.uint8), **arrays})


def load(path: str | os.PathLike[str]) -> Any:
    """What ``save`` wrote; ``ValueError`` for a file that is broken, or no checkpoint. Nothing in it is run."""
    try:
        arrays = read_npz(path)
        text = arrays.pop("json").tobytes()

        def placed(x: dict[str, Any]) -> Any:
            is_array = x.keys() == {"array"} and type(x["array"]) is int
            return arrays.pop(f"array{x['array']}") if is_array else x  # each stands in one place

        document = json.loads(text, object_hook=placed)
        if document["kind"] != _KIND:
            raise ValueError(f"its kind is {document['kind']}")
        return document["tree"]
    except OSError:
        raise
    except Exception as problem:  # json, deep nesting and what is missing have each their own
        reason = f"{type(problem).__name__}: {problem}" if isinstance(problem, LookupError) else str(problem)
        reason = "".join([c if c.isprintable() else ascii(c)[1:-1] for c in reason[:300]])  # a name may be anything
        message = f"{os.fspath(path)} is no checkpoint of optim.fit, or a broken one ({reason})"
        raise ValueError(located(f"{message}; nothing was loaded; take another copy, or train anew")) from None


def check_folder(path: str | os.PathLike[str]) -> Path:
    """The path of a checkpoint, if there is a folder for it."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(located(f"checkpoint: there is no folder {path.parent}; make it first"))
    return path
