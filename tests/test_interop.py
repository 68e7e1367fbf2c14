"""Other libraries: arrays that follow NumPy's protocols, Dask's lazy ones, SciPy's optimizers, DLPack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from device_array import DeviceArray

from autograd_mini import (
    Value,
    exp,
    log_softmax,
    logsumexp,
    maximum,
    relu,
    sigmoid,
    softmax,
    stack,
    tanh,
    where,
)
from autograd_mini.transforms import grad, hvp, jacobian, value_and_grad

# ------------------------------------------------------------ arrays that NumPy cannot reach

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.3]])
W = np.array([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]])
B = np.array([0.01, -0.02])

PROGRAMS: dict[str, Callable[..., Any]] = {
    "arithmetic": lambda x, w, b: ((2.0 * x - 1.0) / (x * x + 1.0) + x**2).sum(),
    "a layer": lambda x, w, b: tanh(x @ w + b).sum(),
    "relu and sigmoid": lambda x, w, b: (relu(x @ w) * sigmoid(b)).mean(),
    "a reduction over an axis": lambda x, w, b: ((x.sum(axis=0) ** 2).sum() + x.mean(axis=1, keepdims=True) * x).sum(),
    "a mean of means": lambda x, w, b: (x - x.mean()).var() + w.std(axis=0).sum(),
    "the largest": lambda x, w, b: x.max(axis=1).sum() + x.min() + maximum(x, 0.2).sum(),
    "logsumexp": lambda x, w, b: logsumexp(x @ w, axis=1).sum() - log_softmax(x @ w + b)[:, 0].sum(),
    "softmax": lambda x, w, b: (softmax(x @ w, axis=1) * b).sum(),
    "pieces": lambda x, w, b: (x[1:, ::2] ** 2).sum() + x[0, 1] * 3.0 + x.T.reshape(-1)[1:3].sum(),
    "picked by lists": lambda x, w, b: (x[[0, 1, 1]] ** 2).sum() + (x[[0, 0], [1, 1]] ** 3).sum() + x[X > 0].sum() ** 2,
    "padded by what it reflects": lambda x, w, b: (np.pad(x, 1, mode="reflect") ** 2).sum(),
    "where": lambda x, w, b: where(x > 0, exp(x), x * 2.0).sum(),
    "a deviation": lambda x, w, b: x.std() * w.sum() + b.sum() ** 2,
    "nothing but a derivative of 0": lambda x, w, b: (np.sign(x) + np.floor(w.sum())).sum(),
    "a derivative of 0": lambda x, w, b: (np.sign(x) + x.astype("float64")).sum(),
    "NumPy's functions": lambda x, w, b: np.sum(np.tanh(np.matmul(x, w)) * np.exp(b)) + np.mean(np.abs(x)),
    "a number beside": lambda x, w, b: (x * b[0]).sum(),
}


def values_of(program: Callable[..., Any], arrays: Any) -> tuple[Any, list[Any]]:
    """What a program gives and its gradients."""
    values = [Value(x) for x in arrays]
    z = program(*values)
    z.backward()
    return z.data, [value.grad for value in values]


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_array_of_another_library_stays_one(name: str) -> None:
    expected, expected_gradients = values_of(PROGRAMS[name], [X, W, B])
    result, gradients = values_of(PROGRAMS[name], map(DeviceArray, [X, W, B]))
    assert type(result) is DeviceArray
    np.testing.assert_allclose(result.get(), expected, rtol=1e-12)
    for gradient, like in zip(gradients, expected_gradients, strict=True):
        assert type(gradient) is DeviceArray
        assert (gradient.shape, gradient.dtype) == (like.shape, like.dtype)
        np.testing.assert_allclose(gradient.get(), like, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_second_derivative_stays_one_too(name: str) -> None:
    def of_gradient(arrays: Any) -> Any:
        values = [Value(x) for x in arrays]
        PROGRAMS[name](*values).backward(create_graph=True)
        squares = [(value.grad * value.grad).sum() for value in values if isinstance(value.grad, Value)]
        for value in values:
            value.zero_grad()
        total = sum(squares, Value(0.0))
        if any(square.requires_grad for square in squares):
            total.backward()
        return [value.grad for value in values]

    for gradient, like in zip(of_gradient(map(DeviceArray, [X, W, B])), of_gradient([X, W, B]), strict=True):
        assert type(gradient) is DeviceArray
        np.testing.assert_allclose(gradient.get(), like, rtol=1e-12, atol=1e-15)


def test_a_value_has_its_own_copy_of_another_librarys_array() -> None:
    array = DeviceArray([1.0, 2.0])
    x = Value(array)
    array[0] = 7.0
    assert x.data.get().tolist() == [1.0, 2.0]
    assert (x.shape, x.size, x.dtype) == ((2,), 2, np.float64)


def test_whole_numbers_of_another_library_become_floats() -> None:
    assert Value(DeviceArray([1, 2])).dtype == np.float64
    assert Value(DeviceArray(np.array([1, 2], "float32"))).dtype == np.float32
    with pytest.raises(TypeError, match="DeviceArray of dtype complex128"):
        Value(DeviceArray([1j]))


def test_another_librarys_array_is_a_constant_beside_a_value() -> None:
    x = Value(X)
    z = (x * DeviceArray(X)).sum() + (DeviceArray(X) * x).sum()
    z.backward()
    assert type(z.data) is type(x.grad) is DeviceArray
    np.testing.assert_allclose(x.grad.get(), 2 * X)


def test_plain_ops_take_another_librarys_arrays() -> None:
    result = tanh(DeviceArray(X))
    assert type(result) is DeviceArray
    np.testing.assert_array_equal(result.get(), np.tanh(X))
    np.testing.assert_array_equal((softmax(DeviceArray([0, 0]))).get(), [0.5, 0.5])


def test_a_gradient_of_two_uses_and_two_calls_adds_up_there() -> None:
    x = Value(DeviceArray(X))
    for times in (1, 2):
        (x * x + x).sum().backward()
        np.testing.assert_allclose(x.grad.get(), times * (2 * X + 1))


def test_a_row_that_was_broadcast_has_a_gradient_of_its_own_shape() -> None:
    row = Value(DeviceArray(X[:1]))
    (row * DeviceArray(X)).sum().backward()
    np.testing.assert_allclose(row.grad.get(), X.sum(axis=0, keepdims=True))


def test_two_leaves_do_not_share_a_gradient_that_may_be_changed_in_place() -> None:
    x, y = Value(DeviceArray(X)), Value(DeviceArray(X))
    (x + y).sum().backward()
    x.grad[0, 0] = 7.0
    assert y.grad.get().tolist() == np.ones((2, 3)).tolist()


def test_before_any_backward_the_gradient_is_zeros_there() -> None:
    assert type(Value(DeviceArray(X)).grad) is DeviceArray


def test_an_upstream_gradient_may_be_of_the_other_library() -> None:
    x = Value(DeviceArray([1.0, 2.0]))
    (x * x).backward(DeviceArray([1.0, 10.0]))
    assert x.grad.get().tolist() == [2.0, 40.0]


# ------------------------------------------------------------ Dask


@pytest.mark.parametrize("name", PROGRAMS)
def test_dasks_arrays_stay_lazy_until_they_are_computed(name: str) -> None:
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    from dask.callbacks import Callback

    tasks: list[Any] = []
    with Callback(pretask=lambda key, *_: tasks.append(key)), dask.config.set(scheduler="synchronous"):
        result, gradients = values_of(PROGRAMS[name], [da.from_array(x, chunks=2) for x in (X, W, B)])
        assert tasks == []
        assert isinstance(result, da.Array)
        assert all(isinstance(gradient, da.Array) for gradient in gradients)
        computed = dask.compute(result, *gradients)
        assert tasks
    expected, expected_gradients = values_of(PROGRAMS[name], [X, W, B])
    for ours, like in zip(computed, [expected, *expected_gradients], strict=True):
        np.testing.assert_allclose(ours, like, rtol=1e-12, atol=1e-15)


def test_a_lazy_array_is_a_constant_beside_a_value() -> None:
    da = pytest.importorskip("dask.array")
    w = Value(W)
    loss = ((Value(da.from_array(X, chunks=1), requires_grad=False) @ w) ** 2).mean()
    loss.backward()
    again = Value(W)
    ((X @ again) ** 2).mean().backward()
    assert isinstance(w.grad, da.Array)
    np.testing.assert_allclose(w.grad.compute(), again.grad)


# ------------------------------------------------------------ SciPy


def rosenbrock(x: Any) -> Any:
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "SLSQP"])
def test_scipy_minimizes_with_our_gradient(method: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    start = np.array([-1.2, 1.0, 0.5])
    found = optimize.minimize(value_and_grad(rosenbrock), start, jac=True, method=method, tol=1e-9)
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-3)
    assert type(found.fun) is float


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_scipy_minimizes_with_our_products_with_the_hessian(method: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    products: list[Any] = []

    def hessp(x: Any, p: Any) -> Any:
        products.append(hvp(rosenbrock, (x,), (p,)))
        np.testing.assert_allclose(products[-1], optimize.rosen_hess_prod(x, p), rtol=1e-9)
        return products[-1]

    start = np.array([-1.2, 1.0, 0.5])
    found = optimize.minimize(value_and_grad(rosenbrock), start, jac=True, hessp=hessp, method=method)
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-3)
    assert products


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_scipy_finds_a_root_with_our_jacobian(method: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    called: list[Any] = []

    def f(x: Any) -> Any:
        return stack([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])

    def jac(x: Any) -> Any:
        called.append(x)
        return jacobian(f)(x)

    found = optimize.root(f, np.zeros(2), jac=jac, method=method)
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-6)
    assert called


def test_scipys_check_of_a_gradient_agrees() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x = np.array([-1.2, 1.0, 0.5])
    assert optimize.check_grad(lambda x: float(rosenbrock(x)), grad(rosenbrock), x) < 1e-4


# ------------------------------------------------------------ plain arrays, only after detach()


def test_a_value_becomes_a_plain_array_only_after_detach() -> None:
    x = Value(X)
    with pytest.raises(TypeError, match=r"detach\(\)"):
        np.asarray(x)
    assert np.asarray(x.detach()) is x.data
    assert np.array(x.detach()) is not x.data
    assert np.asarray(x.detach(), dtype="float32").dtype == np.float32


@pytest.mark.parametrize("data", [X, X.astype("float32"), np.float32(2.0), 3.0, np.array(1.5)])
def test_dlpack_hands_over_the_same_memory_after_detach(data: Any) -> None:
    x = Value(data)
    with pytest.raises(TypeError, match=r"detach\(\)"):
        np.from_dlpack(x)
    with pytest.raises(TypeError, match=r"detach\(\)"):
        torch.from_dlpack(x)
    array, tensor = np.from_dlpack(x.detach()), torch.from_dlpack(x.detach())
    np.testing.assert_array_equal(array, data)
    np.testing.assert_array_equal(tensor.numpy(), data)
    assert array.dtype == tensor.numpy().dtype == x.dtype
    if isinstance(data, np.ndarray):
        assert np.shares_memory(array, x.data)
        assert np.shares_memory(tensor.numpy(), x.data)


def test_transforms_keep_another_librarys_arrays() -> None:
    f = lambda x: (tanh(x) ** 2).sum()  # noqa: E731
    value, gradient = value_and_grad(f)(DeviceArray(X))
    assert type(value) is type(gradient) is DeviceArray
    np.testing.assert_allclose(gradient.get(), grad(f)(X))
    second = grad(lambda x: (grad(f)(x) ** 2).sum())(DeviceArray(X))
    np.testing.assert_allclose(second.get(), grad(lambda x: (grad(f)(x) ** 2).sum())(X))
