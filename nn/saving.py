"""save and load: a network's numbers in a file, ``.npz`` or ``.safetensors``. Never pickle, which can run any code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import Value, located, read_npz, write_npz, write_whole
from nn.module import Module
from nn.safetensors_header import check_header

State = dict[str, np.ndarray[Any, Any]]


def save(model: Module | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes a network, or a state dict, to ``path``: all of it, or nothing if something goes wrong on the way.

    The name decides the format: ``.npz`` is NumPy's, ``.safetensors`` is what PyTorch's world shares (it needs the
    extra ``safetensors``), and without an ending ``.npz`` is added. A file of that name is replaced when the new one
    is on the disk, so that a crash, a kill or a power cut leaves the one or the other, whole (``write_whole`` of
    autograd_mini says how). PyTorch: ``torch.save(model.state_dict(), path)``, ``safetensors.torch.save_file``.

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
    if target.suffix == ".safetensors":
        contents = _as_safetensors(state)
        write_whole(target, lambda file: file.write(contents))
        return
    try:
        write_npz(target, state)
    except ValueError as cause:  # a name
        raise ValueError(located(f"save: {cause}; nothing was saved")) from None


def load(path: str | os.PathLike[str], *, like: Module | Mapping[str, Any] | None = None) -> State:
    """The state dict that ``save``, or PyTorch through safetensors, wrote: ``model.load_state_dict(nn.load(path))``.

    The name decides the format, as in ``save``. The file may come from anywhere: nothing in it is run, pickled objects
    are refused unread, and what is allocated is a small multiple of the file's size. ``like``, a network or a state
    dict, bounds that too: names and shapes are compared with it before any array is read, and only then may an .npz be
    compressed. A damaged .npz is found by its checksums; .safetensors has none, so that numbers which have changed on
    the disk are not noticed there. PyTorch: ``torch.load``, ``safetensors.torch.load_file``.

    >>> import tempfile, nn
    >>> model = nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.npz")
    ...     model.load_state_dict(load(f"{folder}/model.npz", like=model))

    Raises ``FileNotFoundError`` if there is no such file, ``ValueError`` if it is damaged or something else,
    ``ImportError`` if the extra is missing.
    """
    source = _with_ending("load", path)
    if not source.is_file():
        raise FileNotFoundError(located(f"load: there is no file {source}"))
    if like is not None and not isinstance(like, Module | Mapping):
        raise TypeError(located(f"load: like is a network or its state_dict(), not {type(like).__name__}"))
    entries = like.state_dict() if isinstance(like, Module) else like
    shapes = None if entries is None else {name: np.shape(entry) for name, entry in entries.items()}
    if source.suffix == ".safetensors":
        return _from_safetensors(source, shapes)
    try:
        return read_npz(source, shapes)
    except ValueError as cause:
        raise _refused(source, str(cause)) from cause


def _with_ending(who: str, path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        call = {"save": "nn.save(model, path)", "load": "model.load_state_dict(nn.load(path))"}[who]
        raise TypeError(located(f"{who}: the path is a string or a Path, not {type(path).__name__}; write {call}"))
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


def _as_safetensors(state: State) -> bytes:
    library = _safetensors("save")
    if "__metadata__" in state:
        raise ValueError(located("save: an entry of a .safetensors file cannot be called __metadata__; rename it"))
    try:
        contents: bytes = library.save(state)
    except Exception as cause:  # half a character in a name, or a dtype that the format does not have
        raise ValueError(located(f"save: .safetensors cannot hold this ({cause}); nothing was saved")) from cause
    return contents


def _from_safetensors(source: Path, shapes: Mapping[str, tuple[int, ...]] | None) -> State:
    library = _safetensors("load")
    try:
        with open(source, "rb") as file:
            header = check_header(file, os.fstat(file.fileno()).st_size, shapes)
            state: State = library.load(header + file.read())
        other = [name for name, array in state.items() if array.dtype.kind not in "fiub"]
        if other:
            raise ValueError(f"{other[0]} has dtype {state[other[0]].dtype}, and is no array of real numbers")
    except OSError:
        raise
    except Exception as cause:  # the library's own error, or a KeyError for a dtype that NumPy does not have
        raise _refused(source, f"dtype {cause}" if isinstance(cause, KeyError) else str(cause)) from cause
    return state


def _refused(source: Path, reason: str) -> ValueError:
    reason = "".join([c if c.isprintable() else ascii(c)[1:-1] for c in reason[:300]])  # a name may be anything
    return ValueError(
        located(
            f"load: {source} is no {source.suffix} file of arrays, or is damaged ({reason}); "
            "nothing was loaded; take another copy, or save it anew with nn.save (a compressed one needs like=model)"
        )
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
