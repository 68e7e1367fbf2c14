"""gradcheck tells right gradients from wrong ones, and kinks from both."""

import numpy as np
import pytest

import nn
from autograd_mini import Value, abs, concatenate, gradcheck, linear, log, log_softmax, relu, where
from autograd_mini.ops.operation import TABLE, Pointwise

wrong_tanh = Pointwise("wrong_tanh_of_gradcheck", np.tanh, lambda g, z, x: g * (1 - x * x))
wrong_product = Pointwise("wrong_product_of_gradcheck", np.multiply, lambda g, z, x, y: g * x, lambda g, z, x, y: g * x)
for wrong in (wrong_tanh, wrong_product):
    del TABLE[wrong.name]  # where other tests would find it


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


def test_a_gradient_that_is_nan_is_wrong(planting):
    nan_rule = Pointwise("nan_rule_of_gradcheck", np.sin, lambda g, z, x: g * np.nan)
    assert not gradcheck(lambda x: nan_rule(x), 1.0).ok


def test_a_kink_is_told_apart_from_an_error():
    report = gradcheck(lambda x: relu(x).sum(), [1.0, 0.0])
    assert report.ok
    assert report.checked == 1
    assert [entry.index for entry in report.kinks] == [(1,)]


@pytest.mark.parametrize("distance", [0.01, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("f", [relu, abs, lambda x: relu(x) - 3.0 * x, lambda x: (abs(x) + 1.0) ** 3])
def test_a_kink_anywhere_within_the_step_is_told_apart_from_an_error(f, side, distance):
    report = gradcheck(lambda x, y: f(x) + y, side * distance * 1e-5, 1.0, per_op=True)
    assert report.ok
    assert [entry.input for entry in report.kinks] == [0]


def test_a_wrong_rule_beside_a_kink_a_curve_and_a_jump_are_no_kinks():
    wrong_abs = Pointwise("wrong_abs_of_gradcheck", np.abs, lambda g, z, x: g * 3.0)
    del TABLE[wrong_abs.name]
    for x in (0.0, 3e-6, -7e-6, 1.0):
        assert not gradcheck(wrong_abs, x).kinks
        assert not gradcheck(lambda x: x + np.floor(x.data), 1.0 + abs(x) * (x < 1)).kinks
    curve = gradcheck(lambda x: wrong_tanh(x * 3e3), 1e-4)
    assert (len(curve.wrong), curve.kinks) == (1, [])


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("constant", [0.5, 0.9, 0.9999, 1.0001, 1.5])
def test_a_wrong_rule_beside_a_kink_is_wrong_however_near_the_kink_is(planting, constant, side):
    slope = constant if side > 0 else 1 - constant  # as far from the right one, on either side
    wrong_relu = Pointwise("wrong_relu_of_gradcheck", lambda x: np.maximum(x, 0.0), lambda g, z, x: g * slope)
    for distance in 10.0 ** np.linspace(-9, -5, 17):
        report = gradcheck(lambda x: wrong_relu(x) + x, side * distance)
        assert report.kinks == [], distance


def test_kinks_on_both_sides_small_ones_and_those_of_large_functions_are_told_apart_from_errors():
    for f in (
        lambda x: relu(x) - 0.7 * relu(x - 1e-6) + relu(x + 3e-6),
        lambda x: relu(x) * 1e-3 + x,
        lambda x: relu(x) + 1e3,
    ):
        for distance in 10.0 ** np.linspace(-9, -5, 17):
            for x in (distance, -distance):
                assert not gradcheck(f, x).wrong, x


def test_a_network_with_a_sample_near_a_kink_is_right_and_so_is_the_rule_of_relu():
    rng = np.random.default_rng(15)
    model = nn.MLP(2, [16, 16, 2], rng=rng)
    x = rng.normal(size=(100, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    report = gradcheck(lambda *_: nn.cross_entropy(model(x), y), *model.parameters(), per_op=True)
    assert report.ok, report
    assert len(report.kinks) == 3


def test_a_gradient_of_inf_is_wrong_and_no_kink():
    report = gradcheck(lambda x: (x * x) ** 0.25, 0.0)
    assert not report.ok
    assert report.kinks == []


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


def test_containers_are_taken_as_the_transforms_take_them():
    weights = {"w": np.ones((2, 3)), "b": [np.zeros(3), 1.0]}

    def f(p, x):
        return (x @ p["w"] + p["b"][0]).tanh().sum() * p["b"][1]

    report = gradcheck(f, weights, np.array([[0.1, 0.2]]))
    assert report.ok
    assert report.checked == 6 + 3 + 1 + 2
    wrong = gradcheck(lambda p: wrong_tanh(p["b"][1]), weights)
    assert wrong.worst.name == "input 0['b'][1]"
    assert weights["b"][1] == 1.0  # what was given is as it was


def test_a_list_of_numbers_is_one_array_and_a_list_of_values_a_list():
    assert gradcheck(lambda x: x * np.array([1.0, 2.0]), [1.0, 2.0]).ok
    x, y = Value(1.0), Value(2.0)
    assert gradcheck(lambda pair: pair[0] * pair[1], [x, y]).checked == 2


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


@pytest.mark.parametrize("h", [0, 0.0, -1.0, np.nan, np.inf])
def test_a_step_that_is_not_above_0_is_refused(h):
    with pytest.raises(ValueError, match="the step h is a positive number, not"):
        gradcheck(relu, 1.0, h=h)


def test_a_result_in_place_of_a_function_is_refused():
    with pytest.raises(TypeError, match="the function, not its result, and a float64 is none"):
        gradcheck(np.sin(2.0), 2.0)


def test_a_difference_that_leaves_the_domain_says_so():
    assert "outside of its domain: take a smaller h" in str(gradcheck(log, 1e-6))
    assert gradcheck(log, 1e-6, h=1e-10).ok
    assert "domain" not in str(gradcheck(lambda x: wrong_tanh(x), 2.0))


def test_right_rules_and_a_wrong_gradient_mean_that_the_graph_is_cut():
    assert "a path is missing from the graph" in str(gradcheck(lambda x: x * x.detach(), 2.0, per_op=True))
    assert "a path is missing" not in str(gradcheck(lambda x: wrong_tanh(x), 2.0, per_op=True))


def test_parameters_of_one_label_are_called_by_their_paths():
    model = nn.MLP(2, [3, 1], rng=np.random.default_rng(0))
    report = gradcheck(lambda *_: wrong_tanh(model(np.ones((4, 2)))), *model.parameters())
    assert {"layers.0.weight", "layers.1.bias"} <= {entry.name for entry in report.wrong}


def test_a_random_function_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="another result each time"):
        gradcheck(lambda x: x * rng.normal(), 1.0)


# ---------------------------------------------------------------- each op by itself


def test_per_op_names_the_op_whose_rule_is_wrong_and_where():
    report = gradcheck(lambda x: (wrong_tanh(x * 2.0).exp() + x).sum(), Value([0.0, 1.0], label="x"), per_op=True)
    assert not report.ok
    check = report.first_wrong_op
    assert (check.op, check.node.op.name, check.shapes) == ("wrong_tanh_of_gradcheck",) * 2 + (((2,),),)
    assert (check.worst.input, check.worst.index) == (0, (1,))
    assert "WRONG OP wrong_tanh_of_gradcheck of (2,), which made v" in str(report)
    assert [other.op for other in report.ops if other.wrong] == ["wrong_tanh_of_gradcheck"]


def test_per_op_blames_the_first_that_the_backward_pass_meets():
    report = gradcheck(lambda x: wrong_product(wrong_tanh(x), 3.0), 0.7, per_op=True)
    assert report.first_wrong_op.op == "wrong_product_of_gradcheck"
    assert report.first_wrong_op.worst.input == 0
    assert [check.op for check in report.ops] == ["wrong_product_of_gradcheck", "wrong_tanh_of_gradcheck"]


def test_per_op_sees_only_the_wrong_operand_of_a_product():
    report = gradcheck(lambda x, y: wrong_product(x, y), 0.7, 3.0, per_op=True)
    assert [entry.input for entry in report.first_wrong_op.wrong] == [0]


def test_per_op_finds_an_error_that_no_input_shows():
    report = gradcheck(lambda x: wrong_tanh(x) * 0.0 + x, 0.7, per_op=True)
    assert not report.wrong
    assert not report.ok
    assert report.first_wrong_op.op == "wrong_tanh_of_gradcheck"


@pytest.mark.usefixtures("planting")
def test_a_last_op_that_forgets_its_upstream_gradient_is_found():
    forgetful = Pointwise("forgetful_of_gradcheck", np.sin, lambda g, z, x: np.cos(x))
    report = gradcheck(forgetful, 0.7, per_op=True)
    assert len(report.wrong) == 1
    assert report.first_wrong_op.op == "forgetful_of_gradcheck"


def test_per_op_finds_the_right_rules_right():
    x, index = np.random.default_rng(0).normal(size=(3, 4)), np.array([0, 0, 2])

    def f(x, w):
        h = concatenate([relu(linear(x, w, np.ones(2))), (x @ w.T)[index]], axis=1)
        return log_softmax(where(h > 0.5, h * h, h / 3.0)).max(axis=1).mean() + h.std()

    report = gradcheck(f, x, np.random.default_rng(1).normal(size=(2, 4)), per_op=True)
    assert report.ok, report
    assert {"linear", "matmul", "where", "mean", "relu"} <= {check.node.op.name for check in report.ops}
    assert all(check.checked for check in report.ops)
    assert "ops have right rules" in str(report)


def test_per_op_tells_a_kink_from_a_wrong_rule():
    report = gradcheck(lambda x: relu(x * 1.0).sum(), [1.0, 0.0], per_op=True)
    assert report.ok
    (check,) = [check for check in report.ops if check.op == "relu"]
    assert (check.checked, [kink.index for kink in check.kinks]) == (1, [(1,)])


def test_per_op_does_not_judge_an_op_that_rounds():
    report = gradcheck(lambda x: x.astype("float16") * 0.0 + x, [0.3], per_op=True)
    (check,) = [check for check in report.ops if check.op.startswith("astype") and check.node.dtype == np.float16]
    assert (check.checked, check.wrong) == (0, [])
    assert "nothing to check" in str(check)


def test_per_op_blames_no_op_for_a_nan_that_it_was_given():
    report = gradcheck(lambda x: log(x).sum(), [-1.0, 2.0], per_op=True)
    assert not report.ok
    assert report.first_wrong_op is None


@pytest.mark.usefixtures("planting")
def test_a_rule_of_the_wrong_shape_is_named():
    misshapen = Pointwise("misshapen_of_gradcheck", np.sin, lambda g, z, x: np.ones(3))
    with pytest.raises(ValueError, match=r"misshapen_of_gradcheck of \(2,\), which made v1, cannot be differentiated"):
        gradcheck(lambda x: misshapen(x).sum(), [1.0, 2.0], per_op=True)


def test_without_per_op_no_op_is_listed():
    assert gradcheck(lambda x: x * x, 2.0).ops == []


def test_no_line_of_a_report_is_wider_than_a_hundred_columns():
    outside, kink = gradcheck(lambda a: a.log().sum(), np.array([0.0, 1.0])), gradcheck(abs, 0.0)
    text = f"{outside}\n{kink}"
    assert "outside of its domain: take a smaller h, or another x" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100
    assert "\n  WRONG    input 0[0]: backprop inf" in text
    assert "\n      " in text
