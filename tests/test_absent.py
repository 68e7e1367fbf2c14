"""What arrays and tensors have and a Value has not is answered with what to write instead."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import autograd_mini
import nn
from autograd_mini import _REMEDIES, Value
from autograd_mini.absent import REMEDIES
from autograd_mini.ops.caller import is_library
from nn.absent import OF_NN


@pytest.mark.parametrize("name", REMEDIES)
def test_what_is_absent_says_what_to_write_instead(name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"a Value has no .{name}; {REMEDIES[name]}")) as caught:
        getattr(Value([1.0, 2.0]), name)
    assert "test_absent.py" in str(caught.value)
    assert not is_library(__file__)


@pytest.mark.parametrize("name", REMEDIES)
def test_nobody_is_told_that_it_is_there(name: str) -> None:
    assert not hasattr(Value(1.0), name)
    assert not hasattr(Value, name)
    assert name not in dir(Value(1.0))


def test_only_what_others_have_is_on_the_list() -> None:
    theirs = {*dir(np.ndarray), *dir(torch.Tensor), "ptp", "itemset"}  # NumPy 1 had these two
    theirs |= {"_prev", "_op", "_backward"}  # micrograd's Value
    assert not {name for name in _REMEDIES if name in autograd_mini.__all__}
    assert set(REMEDIES) <= theirs


def test_every_public_name_of_an_array_is_there_or_explained() -> None:
    gone = {"newbyteorder", "tostring"}  # of NumPy 2.0, and of no other since
    public = {name for name in dir(np.ndarray) if not name.startswith("_")} - gone
    assert {name for name in public if not hasattr(Value, name)} <= set(REMEDIES)


@pytest.mark.parametrize(
    ("remedy", "expected"),
    [
        (lambda v: v.ravel(), [1.0, 2.0, 3.0, 4.0]),
        (lambda v: np.full(v.shape, 7.0), [[7.0, 7.0], [7.0, 7.0]]),
        (lambda v: np.resize(v, (1, 3)), [[1.0, 2.0, 3.0]]),
        (lambda v: np.choose([0, 1], [v, 9.0]), [[1.0, 9.0], [3.0, 9.0]]),
        (lambda v: np.ptp(v), 3.0),
        (lambda v: np.take_along_axis(v, np.array([[1], [0]]), 1), [[2.0], [3.0]]),
        (lambda v: np.where(v > 2, 0.0, v), [[1.0, 2.0], [0.0, 0.0]]),
        (lambda v: v[v > 2], [3.0, 4.0]),
        (lambda v: np.split(v, 2, 0)[1], [[3.0, 4.0]]),
        (lambda v: v.expand_dims(0), [[[1.0, 2.0], [3.0, 4.0]]]),
        (lambda v: v.sort()[..., -1:], [[2.0], [4.0]]),
        (lambda v: v.clip(None, 2.0), [[1.0, 2.0], [2.0, 2.0]]),
        (lambda v: np.array_split(v, 2, 1)[1], [[2.0], [4.0]]),
        (lambda v: v.transpose(1, 0), [[1.0, 3.0], [2.0, 4.0]]),
        (lambda v: v.moveaxis(0, 1), [[1.0, 3.0], [2.0, 4.0]]),
        (lambda v: v.repeat(2, 0), [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]]),
        (lambda v: v.astype("float32"), [[1.0, 2.0], [3.0, 4.0]]),
        (lambda v: Value(np.ones_like(v.data)), [[1.0, 1.0], [1.0, 1.0]]),
        (lambda v: np.argmax(v, 1), [1, 1]),
        (lambda v: autograd_mini.concatenate([v, v], 1), [[1.0, 2.0, 1.0, 2.0], [3.0, 4.0, 3.0, 4.0]]),
        (lambda v: autograd_mini.transpose(v, (1, 0)), [[1.0, 3.0], [2.0, 4.0]]),
    ],
)
def test_the_remedies_work(remedy: object, expected: object) -> None:
    result = remedy(Value([[1.0, 2.0], [3.0, 4.0]]))  # type: ignore[operator]  # a function
    assert result.tolist() == expected


@pytest.mark.parametrize("name", _REMEDIES)
def test_what_makes_a_tensor_elsewhere_is_pointed_to_where_it_is(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"module 'autograd_mini' has no attribute '{name}'; write "):
        getattr(autograd_mini, name)
    assert not hasattr(autograd_mini, name)


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        (lambda: autograd_mini.draw_dot, r"write draw\(value\)"),
        (lambda: autograd_mini.cat, r"write concatenate\(\[x, y\], axis\)"),
        (lambda: autograd_mini.manual_seed, "write nn.manual_seed, after import nn"),
        (lambda: autograd_mini.SGD, "write optim.SGD, after import optim"),
        (lambda: autograd_mini.autograd.grad, r"write grad\(f\)\(x\)"),
        (lambda: nn.Layer, "micrograd's is nn.scalar.Layer"),
        (lambda: Value(1.0).long(), r"value\.data\.astype\(int\)"),
        (lambda: Value(1.0).uniform_(), "a Value is never written to"),
    ],
)
def test_the_first_words_of_who_knows_micrograd_or_pytorch_are_answered(written: Any, remedy: str) -> None:
    with pytest.raises(AttributeError, match=remedy):
        written()


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("from autograd_mini import Tensor", r"write Value\(x\)"),
        ("from nn import functional as F", "are functions of autograd_mini, the losses functions of nn"),
        ("from nn import relu", r"autograd_mini\.relu"),
        ("from optim import StepLR", r"write optim\.lr_scheduler\.StepLR"),
    ],
)
def test_from_import_says_it_too(line: str, remedy: str) -> None:
    with pytest.raises(ImportError, match=remedy) as caught:
        exec(compile(line, "homework.py", "exec"))
    assert "at homework.py:1" in str(caught.value)


def test_no_remedy_hides_a_module() -> None:
    assert all(find_spec(f"autograd_mini.{name}") is None for name in _REMEDIES)
    assert all(find_spec(f"nn.{name}") is None for name in OF_NN)


@pytest.mark.parametrize("package", [autograd_mini, nn])
def test_a_package_lists_its_public_names_and_no_others(package: Any) -> None:
    assert {name for name in dir(package) if not name.startswith("__")} == set(package.__all__)


@pytest.mark.parametrize("name", ["relu", "softmax", "linear", "embedding"])
def test_an_op_that_is_looked_for_in_nn_is_found_in_autograd_mini(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"'nn' has no attribute '{name}'; it is in .*autograd_mini\.{name}"):
        getattr(nn, name)


@pytest.mark.parametrize("name", ["dropout", "flatten", "threshold"])
def test_a_function_of_pytorchs_that_is_a_layer_here_is_named(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"'nn' has no attribute '{name}'; is it {name.capitalize()}\?"):
        getattr(nn, name)


def test_no_file_of_nn_stands_in_the_place_of_a_function() -> None:
    functions = {*autograd_mini.__all__, *dir(torch.nn.functional)}
    assert not {name for name, thing in vars(nn).items() if isinstance(thing, ModuleType)} & functions
    assert import_module("nn.softmax").Softmax is nn.Softmax
