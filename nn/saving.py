"""save and load: a network's numbers in a file, ``.npz`` or ``.safetensors``. Never pickle, which can run any code."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import Value, located
from nn.module import Module

State = dict[str, np.ndarray[Any, Any]]


def save(model: Module | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes a network, or a state dict, to ``path``: all of it, or nothing if something goes wrong on the way.

    The name decides the format: ``.npz`` is NumPy's, ``.safetensors`` is what PyTorch's world shares (it needs the
    extra ``safetensors``), and without an ending ``.npz`` is added. A file of that name is replaced when the new one
    is complete. PyTorch: ``torch.save(model.state_dict(), path)``, ``safetensors.torch.save_file``.

    >>> import tempfile, nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(nn.Linear(2, 1), f"{folder}/model.npz")
    ...     sorted(load(f"{folder}/model.npz"))
    ['bias', 'weight']

    Raises ``FileNotFoundError`` for a folder that does not exist, ``ValueError`` for another ending, ``TypeError`` for
    what is neither a network nor a state dict of numbers, ``ImportError`` if the extra is missing.
    """
    target = _with_ending("save", path)
    state = _state_of(model)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            located(f"save: there is no folder {target.parent}; make it first (os.makedirs), nothing was saved")
        )
    contents = _safetensors("save").save(state) if target.suffix == ".safetensors" else _as_npz(state)
    _write_whole(target, contents)


def load(path: str | os.PathLike[str]) -> State:
    """The state dict that ``save``, or PyTorch through safetensors, wrote: ``model.load_state_dict(nn.load(path))``.

    The name decides the format, as in ``save``. A file that holds pickled objects is refused unread. PyTorch:
    ``torch.load``, ``safetensors.torch.load_file``.

    >>> import tempfile, nn
    >>> model = nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.npz")
    ...     model.load_state_dict(load(f"{folder}/model.npz"))

    Raises ``FileNotFoundError`` if there is no such file, ``ValueError`` if it is damaged or something else,
    ``ImportError`` if the extra is missing.
    """
    source = _with_ending("load", path)
    if not source.is_file():
        raise FileNotFoundError(located(f"load: there is no file {source}"))
    if source.suffix == ".safetensors":
        return _from_safetensors(source)
    return _from_npz(source)


def _with_ending(who: str, path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            located(f"{who}: the path is a string or a Path, not {type(path).__name__} (nn.save(model, path))")
        )
    named = Path(path)
    if named.name and not named.suffix:
        named = named.with_name(named.name + ".npz")
    if named.suffix not in (".npz", ".safetensors"):
        raise ValueError(located(f"{who}: the name ends in .npz or .safetensors, not in {named.suffix!r} ({named})"))
    return named


def _state_of(model: Any) -> State:
    """The state dict to be saved, each entry an array of numbers whose elements lie in order."""
    if not isinstance(model, Module | Mapping):
        raise TypeError(
            located(f"save: give a network or its state_dict(), then the path; this is {type(model).__name__}")
        )
    state = {}
    for name, entry in (model.state_dict() if isinstance(model, Module) else model).items():
        array = np.array(entry.data if isinstance(entry, Value) else entry, order="C")
        if not isinstance(name, str) or array.dtype.kind not in "fiub":
            raise TypeError(
                located(f"save: a state dict maps names to arrays of numbers; {name!r} is of dtype {array.dtype}")
            )
        state[name] = array
    return state


def _as_npz(state: State) -> bytes:
    """What ``np.savez`` writes, without the date: the same numbers give the same bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in state.items():
            entry = BytesIO()
            np.lib.format.write_array(entry, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue())
    return buffer.getvalue()


def _from_npz(source: Path) -> State:
    try:
        if not zipfile.is_zipfile(source):
            raise ValueError("it is no archive, or was cut short")
        with np.load(source, allow_pickle=False) as archive:
            state = {name: archive[name] for name in archive.files}
        foreign = [name for name, array in state.items() if not isinstance(array, np.ndarray)]
        if foreign:
            raise ValueError(f"{foreign[0]} in it is no array")
    except Exception as cause:  # a file that is not ours can go wrong in any way
        raise _damaged(source, ".npz", cause) from cause
    return state


def _from_safetensors(source: Path) -> State:
    library = _safetensors("load")
    try:
        state: State = library.load(source.read_bytes())
    except Exception as cause:  # the library's own error, or a KeyError for a dtype that NumPy does not have
        raise _damaged(source, ".safetensors", cause) from cause
    return state


def _damaged(source: Path, ending: str, cause: Exception) -> ValueError:
    reason = "it needs pickle, which can run any code" if "allow_pickle" in str(cause) else str(cause).split("\n")[0]
    return ValueError(
        located(f"load: {source} is no {ending} file of arrays, or is damaged ({reason}); nothing was loaded")
    )


def _safetensors(who: str) -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            located(
                f"{who}: .safetensors needs the extra: pip install 'autograd_mini[safetensors]'; .npz works without"
            )
        ) from None
    return safetensors.numpy


def _write_whole(target: Path, contents: bytes) -> None:
    """The file under its name only when all of it is on the disk: a crash leaves the old one, or the new one."""
    target = Path(os.path.realpath(target))  # a link stays one
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(partial, "xb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
