"""Runs one of our layers and its twin on PyTorch, with the same weights, and compares all that comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import nn
from autograd_mini import Value

EXACT = {"rtol": 1e-10, "atol": 1e-11}


def load_from(ours: nn.Module, theirs: torch.nn.Module) -> None:
    """PyTorch's weights, under its names and no others."""
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())


def perturbed(theirs: torch.nn.Module) -> torch.nn.Module:
    """In float64, each weight moved off its round starting value, so that a forgotten one is noticed."""
    theirs = theirs.double()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter += 0.3 * torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
    return theirs


def assert_same(ours: nn.Module, theirs: torch.nn.Module, *inputs: Any, tolerance: Any = None, **options: Any) -> None:
    """Outputs, gradients of inputs and parameters, and buffers, after one forward and one backward."""
    exact = tolerance or EXACT
    values = [Value(x) if is_float(x) else x for x in inputs]
    tensors = [torch.tensor(x, requires_grad=is_float(x)) if isinstance(x, np.ndarray) else x for x in inputs]
    theirs_options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    z = [x for x in flat(ours(*values, **options)) if x is not None]
    tz = [x for x in flat(theirs(*tensors, **theirs_options)) if x is not None]
    assert len(z) == len(tz)
    rng = np.random.default_rng(1)
    loss, their_loss = 0.0, 0.0
    for one, other in zip(z, tz, strict=True):
        assert one.shape == tuple(other.shape)
        np.testing.assert_allclose(np.asarray(one.data), other.detach().numpy(), **exact)
        upstream = rng.normal(size=one.shape)
        loss, their_loss = loss + (one * upstream).sum(), their_loss + (other * torch.tensor(upstream)).sum()
    ours.zero_grad()
    theirs.zero_grad()
    loss.backward()
    their_loss.backward()
    for i, (x, tx) in enumerate(zip(values, tensors, strict=True)):
        if isinstance(x, Value):
            np.testing.assert_allclose(x.grad, tx.grad.numpy(), **exact, err_msg=f"input {i}")
    named = dict(theirs.named_parameters())
    assert set(named) == {name for name, _ in ours.named_parameters()}
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, named[name].grad.numpy(), **exact, err_msg=name)
    buffers = dict(theirs.named_buffers())
    for name, buffer in ours.named_buffers():
        np.testing.assert_allclose(buffer.data, buffers[name].numpy(), **exact, err_msg=name)


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def flat(outputs: Any) -> list[Any]:
    return [x for part in outputs for x in flat(part)] if isinstance(outputs, tuple) else [outputs]
