"""gradcheck tells right gradients from wrong ones, and kinks from both."""

import numpy as np
import pytest

from autograd_mini import Value, gradcheck, relu
from autograd_mini.ops.operation import Pointwise

wrong_tanh = Pointwise("wrong_tanh_of_gradcheck", np.tanh, lambda g, z, x: g * (1 - x * x))


def test_a_right_gradient_passes_to_ten_digits():
    rng = np.random.default_rng(0)
    report = gradcheck(lambda x, w: (x @ w).tanh().sum(), rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))
    assert report.ok
    assert report.checked == 20
    assert report.worst.error < 1e-9


def test_a_wrong_rule_is_found_and_named():
    x = Value([0.0, 2.0], label="x")
    report = gradcheck(lambda x: wrong_tanh(x).sum(), x)
    assert not report.ok
    assert not report
    assert (report.worst.name, report.worst.index) == ("x", (1,))
    assert report.worst.backprop == pytest.approx(1 - 2.0**2)
    assert report.worst.difference == pytest.approx(1 - np.tanh(2.0) ** 2)
    assert "WRONG    x[1]" in str(report)


def test_a_gradient_that_is_nan_is_wrong():
    nan_rule = Pointwise("nan_rule_of_gradcheck", np.sin, lambda g, z, x: g * np.nan)
    assert not gradcheck(lambda x: nan_rule(x), 1.0).ok


def test_a_kink_is_told_apart_from_an_error():
    report = gradcheck(lambda x: relu(x).sum(), [1.0, 0.0])
    assert report.ok
    assert report.checked == 1
    assert [entry.index for entry in report.kinks] == [(1,)]


def test_values_keep_their_data_and_gradient():
    w = Value(np.array([1.0, 2.0], dtype=np.float32))
    w.grad = np.array([5.0, 6.0])
    data = w.data
    assert gradcheck(lambda w: (w * w).sum(), w).ok
    assert w.data is data
    np.testing.assert_array_equal(w.data, np.array([1.0, 2.0], dtype=np.float32))
    np.testing.assert_array_equal(w.grad, [5.0, 6.0])


def test_a_result_of_any_shape_is_checked():
    assert gradcheck(lambda x: x * x, np.arange(6.0).reshape(2, 3)).ok
    assert not gradcheck(lambda x: wrong_tanh(x), np.arange(6.0).reshape(2, 3)).ok


def test_without_anything_to_check_it_refuses():
    with pytest.raises(ValueError, match="none of the inputs requires a gradient"):
        gradcheck(lambda x: x, Value(1.0, requires_grad=False))
    with pytest.raises(ValueError, match="does not depend on an input"):
        gradcheck(lambda x: 3.0, 1.0)


def test_no_gradient_is_touched_not_even_of_what_f_closes_over():
    weight = Value(2.0)
    assert gradcheck(lambda x: (x * weight).sum(), Value([1.0, 2.0])).ok
    assert not weight.has_grad


def test_a_small_wrong_gradient_is_as_wrong_as_a_large_one():
    half = gradcheck(lambda w: ((w * w.detach()) * 1e-8).sum(), np.full(10, 0.5))
    assert len(half.wrong) == 10


def test_a_jump_is_no_kink_and_nothing_checked_is_not_ok():
    assert not gradcheck(lambda x: x * 0.0 + np.floor(x.data), 1.0).ok
    only_a_kink = gradcheck(relu, 0.0)
    assert len(only_a_kink.kinks) == 1
    assert not only_a_kink.ok


def test_a_random_function_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="another result each time"):
        gradcheck(lambda x: x * rng.normal(), 1.0)
