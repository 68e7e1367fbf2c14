"""diagnose names what is wrong with a training step, and leaves alone the step that nearly has the fault."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, log_softmax, logsumexp, no_grad, relu, sigmoid, softmax, tanh, where
from autograd_mini.diagnosis import activations
from autograd_mini.diagnosis.diagnose import diagnose
from autograd_mini.diagnosis.report import Diagnosis, Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.diagnosis.trial import Trial
from autograd_mini.text import number
from demos import digits, moons

X = np.random.default_rng(0).normal(size=(64, 4))
CLASSES = np.random.default_rng(1).integers(0, 3, size=64)


def mlp(*widths: int, activation: Any = relu, seed: int = 0) -> nn.MLP:
    return nn.MLP(4, widths or (8, 3), activation=activation, rng=np.random.default_rng(seed))


def backward(loss: Any) -> Any:
    """The loss, after its backward()."""
    loss.backward()
    return loss


def kinds(report: Diagnosis) -> list[str]:
    return [finding.kind for finding in report.findings]


def only(report: Diagnosis, kind: str) -> Finding:
    """The one finding, which is of that kind."""
    assert kinds(report) == [kind], str(report)
    assert not report
    assert not report.ok
    return report.findings[0]


# ---------------------------------------------------------------- a healthy step


@pytest.mark.parametrize("activation", [relu, tanh, sigmoid])
def test_a_healthy_step_has_no_findings(activation: Any) -> None:
    model = mlp(16, 16, 3, activation=activation)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        loss = nn.cross_entropy(model(X), CLASSES)
        assert diagnose(loss, model).ok
        optimizer.zero_grad()
        loss.backward()
        for holder in (model, optimizer, model.parameters()):
            report = diagnose(loss, holder)
            assert report, str(report)
            assert report.notes == []
        optimizer.step()
        assert diagnose(loss, model).ok
    assert str(report) == "diagnose: nothing is wrong with this step"


def test_the_digits_demo_is_healthy_from_the_first_step_to_the_last() -> None:
    (x, y), _ = digits.load(0)
    rng = np.random.default_rng(0)
    model = nn.MLP(64, [128, 10], rng=rng)
    optimizer = optim.SGD(model.parameters(), 0.2, momentum=0.9, weight_decay=5e-4)
    for step, (x_batch, y_batch) in enumerate(optim.minibatches(x, y, batch_size=32, rng=rng)):
        loss = nn.cross_entropy(model(x_batch + 0.2 * rng.normal(size=x_batch.shape)), y_batch)
        optimizer.zero_grad()
        loss.backward()
        assert step % 5 or diagnose(loss, optimizer if step % 2 else model)
        optimizer.step()


@pytest.mark.parametrize("holder", ["model", "optimizer"])
def test_the_moons_demo_is_healthy_though_its_loss_is_a_sum_over_samples(holder: str) -> None:
    x, y = X[:20, :2].tolist(), np.sign(X[:20, 2]).tolist()
    model = nn.scalar.MLP(2, (16, 16, 1), rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    for _ in range(2):
        loss = moons.objective(model, x, y)
        optimizer.zero_grad()
        loss.backward()
        report = diagnose(loss, model if holder == "model" else optimizer)
        assert report.ok, str(report)
        optimizer.step()


def test_nothing_is_changed() -> None:
    model = mlp()
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    before = [(x.data.copy(), x.grad.copy()) for x in model.parameters()]
    diagnose(loss, model)
    for x, (data, grad) in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(x.data, data)
        np.testing.assert_array_equal(x.grad, grad)


def test_float32_and_gradients_that_are_values_make_no_difference() -> None:
    model = nn.MLP(4, (8, 3), dtype=np.float32, rng=np.random.default_rng(0))
    loss = nn.cross_entropy(model(X.astype(np.float32)), CLASSES)
    loss.backward(create_graph=True)
    assert diagnose(loss, model).ok
    loss.backward()
    assert only(diagnose(loss, model), "gradients not zeroed")


# ---------------------------------------------------------------- gradients not zeroed


def test_a_gradient_of_an_earlier_step_is_found() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for half in (slice(0, 32), slice(32, 64)):
        loss = backward(nn.cross_entropy(model(X[half]), CLASSES[half]))
        report = diagnose(loss, model)
        optimizer.step()
    finding = only(report, "gradients not zeroed")
    assert (finding.name, finding.node) == ("layers.0.weight", model.layers[0].weight)
    assert "zero_grad()" in finding.advice


def test_an_optimizers_parameters_have_the_paths_of_the_model_that_the_loss_went_through() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))
    loss = backward(backward(nn.cross_entropy(model(X), CLASSES)))
    assert diagnose(loss, optim.SGD(model.parameters())).findings[0].name == "0.weight"


def test_two_backwards_make_twice_the_gradient() -> None:
    model = mlp()
    loss = backward(backward(nn.cross_entropy(model(X), CLASSES)))
    assert "grad is 2 times the gradient" in only(diagnose(loss, model), "gradients not zeroed").message


def test_a_scaled_or_clipped_gradient_is_no_older_one() -> None:
    model = mlp()
    loss = nn.cross_entropy(model(X), CLASSES)
    loss.backward(8.0)
    assert diagnose(loss, model).ok
    for x in model.parameters():
        x.grad = 0.1 * x.grad
    assert diagnose(loss, model).ok
    for x in model.parameters():
        x.grad = np.clip(x.grad, -1e-3, 1e-3)
    assert diagnose(loss, model).ok


def test_before_backward_zero_grad_may_still_come_so_it_is_not_judged() -> None:
    model = mlp()
    backward(nn.cross_entropy(model(X[:32]), CLASSES[:32]))
    loss = nn.cross_entropy(model(X[32:]), CLASSES[32:])
    report = diagnose(loss, model)
    assert report.ok
    assert "backward() has not been called" in report.notes[0]
    model.zero_grad()
    loss.backward()
    assert diagnose(loss, model).notes == []


def test_after_step_the_gradients_are_not_judged_and_the_report_says_so() -> None:
    model = mlp()
    loss = backward(backward(nn.cross_entropy(model(X), CLASSES)))
    optim.SGD(model.parameters(), lr=0.1).step()
    report = diagnose(loss, model)
    assert report.ok
    assert "between backward() and step()" in str(report)


def test_after_step_the_gradients_are_those_that_the_step_took() -> None:
    model = mlp()
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    optim.SGD(model.parameters(), lr=1e9).step()  # gradients computed anew would be as large as the new weights
    assert diagnose(loss, model).ok


def test_without_any_gradient_there_is_no_all_clear() -> None:
    model = mlp()
    loss = nn.cross_entropy(model(X), CLASSES)
    report = diagnose(loss, model)
    assert report.ok
    assert str(report).startswith("diagnose: nothing is wrong in what can be judged now\n  not judged: the gradients")
    assert "backward() has not been called on this loss" in report.notes[0]
    loss.backward()
    assert str(diagnose(loss, model)) == "diagnose: nothing is wrong with this step"


def test_gradients_that_were_zeroed_between_backward_and_step_are_missed() -> None:
    model = mlp()
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    model.zero_grad()
    finding = only(diagnose(loss, model), "no gradients")
    assert "none of the 4 parameters" in finding.message
    assert "before backward()" in finding.advice
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    optimizer.step()
    optimizer.zero_grad()
    assert diagnose(loss, model).ok  # step() has used them


# ---------------------------------------------------------------- softmax twice


@pytest.mark.parametrize(
    "probabilities",
    [
        lambda z: softmax(z),
        lambda z: z.exp() / z.exp().sum(axis=1, keepdims=True),
        lambda z: z.exp() * z.exp().sum(axis=1, keepdims=True) ** -1,
        lambda z: softmax(z).reshape((64, 3)),
        lambda z: softmax(z - z.max(axis=1, keepdims=True)),
    ],
)
def test_cross_entropy_of_probabilities_is_found_however_they_were_computed(probabilities: Any) -> None:
    model = mlp()
    loss = backward(nn.cross_entropy(probabilities(model(X)), CLASSES))
    finding = only(diagnose(loss, model), "softmax twice")
    assert "log_softmax of" in finding.message
    assert "which is a softmax already" in finding.message
    assert "logits" in finding.advice


def test_a_softmax_layer_before_cross_entropy_is_named() -> None:
    model = nn.Sequential(nn.Linear(4, 3, rng=np.random.default_rng(0)), nn.Softmax())
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "softmax twice")
    assert "in 1 (Softmax dim=-1)" in finding.message
    assert finding.line == ""  # it is in the library, not in the user's code


@pytest.mark.parametrize(
    ("loss_of", "pair"),
    [
        (lambda z: (softmax(softmax(z)) * X[:, :3]).sum(), ("softmax", "softmax")),
        (
            lambda z: (softmax((z := softmax(z)) - z.max(axis=1, keepdims=True)) * X[:, :3]).sum(),
            ("softmax", "softmax"),
        ),
        (lambda z: nn.cross_entropy(sigmoid(z), CLASSES), ("log_softmax", "sigmoid")),
        (lambda z: (sigmoid(sigmoid(z)) * X[:, :3]).sum(), ("sigmoid", "sigmoid")),
        (
            lambda z: nn.binary_cross_entropy_with_logits(sigmoid(z), (X[:, :3] > 0) * 1.0),
            ("binary cross-entropy with logits", "sigmoid"),
        ),
        (lambda z: -((z := softmax(z)) - z.exp().sum(axis=1, keepdims=True).log()).mean(), ("log_softmax", "softmax")),
        (lambda z: -((z := softmax(z)) - z.logsumexp(1, keepdims=True)).mean(), ("log_softmax", "softmax")),
    ],
)
def test_other_functions_of_scores_on_probabilities_are_found(loss_of: Any, pair: tuple[str, str]) -> None:
    model = mlp()
    message = only(diagnose(loss_of(model(X)), model), "softmax twice").message
    assert f"is the {pair[0]} of" in message
    assert f"which is a {pair[1]} already" in message


def test_a_softmax_of_scalars_as_micrograds_exercise_has_it_is_known() -> None:
    scores = [Value(float(s), label=f"s{i}") for i, s in enumerate((1, 2, 3))]

    def scalar_softmax(scores: list[Value]) -> list[Value]:
        counts = [score.exp() for score in scores]
        total = sum(counts)
        return [count / total for count in counts]

    once = -scalar_softmax(scores)[0].log()
    assert diagnose(backward(once), scores).ok
    for score in scores:
        score.zero_grad()
    twice = -scalar_softmax(scalar_softmax(scores))[0].log()
    assert "and" not in only(diagnose(backward(twice), scores), "softmax twice").name


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda z: -softmax(z).log()[np.arange(64), CLASSES].mean(),
        lambda z: nn.cross_entropy(log_softmax(z), CLASSES),  # superfluous, and harmless
        lambda z: nn.cross_entropy(softmax(z) @ X[:3, :3], CLASSES),  # attention, then scores
        lambda z: nn.binary_cross_entropy(sigmoid(z), (X[:, :3] > 0) * 1.0),
        lambda z: (softmax(z) * log_softmax(z)).sum(),  # an entropy
        lambda z: nn.cross_entropy(z.exp() / (z.exp() + 1.0).mean(axis=1, keepdims=True), CLASSES),
        lambda z: (softmax(z) - z.logsumexp(1, keepdims=True)).mean(),  # of something else
        lambda z: (z / z.sum(axis=1, keepdims=True)).mean() * 1e-3 + nn.cross_entropy(z, CLASSES),
    ],
)
def test_one_softmax_is_enough(loss_of: Any) -> None:
    model = mlp()
    assert diagnose(backward(loss_of(model(X))), model).ok


# ---------------------------------------------------------------- parameters not reached


def test_a_layer_that_forward_leaves_out_is_named() -> None:
    model = mlp()
    model.spare = nn.Linear(4, 3)
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "parameter not reached")
    assert finding.node is model.spare.weight
    assert "spare.weight, spare.bias" in finding.message


def test_a_layer_behind_detach_is_named() -> None:
    model = mlp(8, 8, 3)
    first, *rest = model.layers
    loss = backward(nn.cross_entropy(rest[1](relu(rest[0](first(X).detach()))), CLASSES))
    assert only(diagnose(loss, model), "parameter not reached").name == "layers.0.weight"


def test_the_wrong_model_is_told_from_a_missing_layer() -> None:
    loss = backward(nn.cross_entropy(mlp()(X), CLASSES))
    assert "none of the 4 parameters" in only(diagnose(loss, mlp()), "parameter not reached").message


def test_a_single_parameter_is_called_by_its_name() -> None:
    w = Value(2.0, label="w")
    loss = backward(backward(w * 3.0))
    assert "of this loss in w: an" in only(diagnose(loss, [w]), "gradients not zeroed").message
    stranger = Value(1.0, label="stranger")
    message = only(diagnose(loss, [stranger]), "parameter not reached").message
    assert message == "the loss depends on no parameter: not on parameter 0 (stranger)"


def test_a_frozen_parameter_and_a_shared_one_are_fine() -> None:
    model = mlp(8, 4, 4)
    model.layers[0].weight.requires_grad = False
    model.layers[2].weight = model.layers[2].weight
    model.again = model.layers[2].weight
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES % 3)), model).ok


# ---------------------------------------------------------------- a parameter rebound


def test_parameters_in_a_list_that_are_results_are_found_with_the_line() -> None:
    w, b = Value(np.ones(4), label="w"), Value(0.0, label="b")
    for step in range(2):
        loss = backward(((X @ w + b - 1.0) ** 2).mean())
        report = diagnose(loss, [w, b])
        assert report.ok is (step == 0), str(report)
        w = w - 0.1 * w.grad
        b.zero_grad()
    finding = only(report, "parameter rebound")
    assert finding.node.op.name == "sub"
    assert "w.data -= lr * w.grad" in finding.advice
    assert finding.line.endswith("w = w - 0.1 * w.grad")
    assert finding.line.startswith("test_diagnosis.py:")


def test_a_variable_that_is_no_longer_the_optimizers_parameter_is_found() -> None:
    w = Value(np.ones(4), label="w")
    optimizer = optim.SGD([w], lr=0.1)
    w = w.clip(-0.5, 0.5)
    finding = only(diagnose(backward(((X @ w - 1.0) ** 2).mean()), optimizer), "parameter rebound")
    assert finding.node is optimizer.params[0]
    assert "the variable w is no longer w" in finding.message


def test_a_parameter_that_its_model_has_lost_is_found() -> None:
    neuron = nn.scalar.Neuron(2, nonlin=False)
    backward(neuron([1.0, 2.0]) ** 2)
    neuron.w[0] = neuron.w[0] - 0.1 * neuron.w[0].grad
    neuron.zero_grad()
    assert "w0" in only(diagnose(backward(neuron([1.0, 2.0]) ** 2), neuron), "parameter rebound").name


class Shifted(nn.Module):
    """A module of its own, whose parameter is used through a difference."""

    def __init__(self) -> None:
        self.scale = nn.Parameter(np.ones(4))

    def forward(self, x: Any) -> Any:
        return x * (self.scale - 0.5)


def test_a_parameter_of_another_model_is_not_lost() -> None:
    body, head = Shifted(), mlp()
    assert diagnose(backward(nn.cross_entropy(head(body(X)), CLASSES)), head).ok


def test_a_line_of_another_function_is_not_taken_for_the_users() -> None:
    def elsewhere(w: Any) -> Any:
        w = w - 0.2
        return w

    w = Value(np.ones(4), label="w")
    optimizer = optim.SGD([w], lr=0.1)
    w = w - 0.1
    assert only(diagnose(backward(((X @ w) ** 2).mean()), optimizer), "parameter rebound").line.endswith("w = w - 0.1")
    assert elsewhere(1.0) == 0.8


def test_a_line_that_could_be_one_of_two_is_not_told() -> None:
    w = Value(np.ones(4), label="w")
    optimizer = optim.SGD([w], lr=0.1)
    w = w - 0.1
    w = w - 0.2
    finding = only(diagnose(backward(((X @ w) ** 2).mean()), optimizer), "parameter rebound")
    assert "2 updates of it" in finding.message
    assert finding.line == ""


def test_a_difference_from_a_target_is_no_update() -> None:
    w = Value(np.ones(4), label="w")
    error = w - np.arange(4.0)
    assert diagnose(backward((error * error).sum()), [w]).ok
    model = mlp()
    weight = model.layers[0].weight - 1.0
    model.cached = weight
    loss = backward((weight * weight).sum() + nn.cross_entropy(model(X), CLASSES))
    assert diagnose(loss, model).ok


def test_a_loop_that_rebinds_its_variable_is_found_with_the_line_before_it_was_run() -> None:
    model = mlp()
    for _ in range(2):
        for p in model.parameters():
            p.zero_grad()
        loss = backward(nn.cross_entropy(model(X), CLASSES))
        finding = only(diagnose(loss, model), "parameter rebound")
        assert finding.name == "layers.0.weight"
        assert "gives the variable p a result, and leaves layers.0.weight, layers.0.bias" in finding.message
        assert finding.line.endswith("p -= 0.1 * p.grad")
        for p in model.parameters():
            p -= 0.1 * p.grad


def test_a_loop_that_rebinds_its_variable_is_found_by_a_function_that_it_calls() -> None:
    model = mlp()

    def diagnosed(loss: Value) -> Diagnosis:
        return diagnose(backward(loss), model)

    for _ in range(1):
        finding = only(diagnosed(nn.cross_entropy(model(X), CLASSES)), "parameter rebound")
        for p in model.parameters():
            p -= 0.1 * p.grad
    assert finding.line.endswith("p -= 0.1 * p.grad")


def test_a_loop_that_went_wrong_is_found_by_its_variable_after_it_too() -> None:
    model = mlp()
    backward(nn.cross_entropy(model(X), CLASSES))
    for p in model.parameters():
        p -= 0.1 * p.grad
    model.zero_grad()
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "parameter rebound")
    assert finding.name == "layers.1.bias"
    assert "the variable p is an update of layers.1.bias, and layers.1.bias itself is as it was" in finding.message
    assert finding.line.endswith("p -= 0.1 * p.grad")


def test_a_loop_over_other_things_and_one_that_may_not_be_run_are_no_fault() -> None:
    w, numbers, wrong = Value(np.ones(4), label="w"), [Value(1.0), Value(2.0)], False
    parameters = [w]
    for _ in range(2):
        w.zero_grad()
        for number_ in numbers:
            number_.grad = 0.0
        assert diagnose(backward(((X @ w - X[:, 0]) ** 2).mean()), parameters)
        for number_ in numbers:
            number_ -= 0.1 * number_.grad
        if wrong:
            for p in parameters:
                p -= 0.1 * p.grad
        w.data -= 0.1 * w.grad


def test_a_parameter_is_not_called_by_the_variable_of_a_loop() -> None:
    w, b = Value(np.ones(4)), Value(0.0)
    parameters = [w, b]
    for _ in range(2):
        for p in parameters:
            p.zero_grad()
        report = diagnose(backward(((X @ w + b - 1.0) ** 2).mean()), parameters)
        b = b - 0.1 * b.grad
    finding = only(report, "parameter rebound")
    assert finding.node is parameters[1]
    assert "the variable b is no longer p " not in finding.message


def test_a_loop_that_changes_the_data_is_right_and_so_is_a_difference_that_is_only_looked_at() -> None:
    model = mlp()
    for _ in range(2):
        model.zero_grad()
        loss = backward(nn.cross_entropy(model(X), CLASSES))
        distance = model.layers[0].weight - 1.0
        assert diagnose(loss, model).ok
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    assert distance.shape == (8, 4)


# ---------------------------------------------------------------- what nobody trains


class PlainWeight(nn.Module):
    """A user's module, one of whose weights is no Parameter."""

    def __init__(self) -> None:
        self.body = nn.Linear(4, 8)
        self.head = [Value(np.random.default_rng(0).normal(size=(8, 3)))]

    def forward(self, x: Any) -> Any:
        return tanh(self.body(x)) @ self.head[0]


@pytest.mark.parametrize("holder", [lambda model: model, lambda model: optim.SGD(model.parameters(), lr=0.1)])
def test_a_plain_value_in_a_module_is_not_trained(holder: Any) -> None:
    model = nn.Sequential(PlainWeight(), nn.Tanh())
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    finding = only(diagnose(loss, holder(model)), "not trained")
    assert finding.name == "0.head.0"
    assert finding.node is model[0].head[0]
    assert "no parameter of the PlainWeight" in finding.message
    assert "nn.Parameter" in finding.advice
    model[0].head[0].requires_grad = False
    model.zero_grad()
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), holder(model)).findings == []


def test_an_optimizer_of_a_single_layer_leaves_the_others_out() -> None:
    model = mlp(8, 8, 3)
    optimizer = optim.SGD(model.layers[0].parameters(), lr=0.1)
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), optimizer), "not trained")
    assert finding.name == "layers.1.weight"
    assert "layers.1.weight, layers.1.bias, layers.2.weight, layers.2.bias of the MLP" in finding.message
    for layer in model.layers[1:]:
        for parameter in layer.parameters():
            parameter.requires_grad = False
    model.zero_grad()
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), optimizer).ok


def test_a_module_of_which_an_optimizer_has_nothing_may_have_one_of_its_own() -> None:
    generator, judge = mlp(8, 4), mlp(8, 1)
    loss = backward(judge(generator(X)).mean())
    assert diagnose(loss, optim.SGD(generator.parameters(), lr=0.1)).ok


def test_an_input_that_is_a_value_is_nothing_to_be_trained() -> None:
    model = mlp()
    x = Value(X)
    for holder in (model, optim.SGD(model.parameters(), lr=0.1)):
        model.zero_grad()
        assert diagnose(backward(nn.cross_entropy(model(x), CLASSES)), holder).ok


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize("target", [X[:, 0], Value(X[:, 0])])
def test_a_column_beside_a_row_is_found_with_the_line(target: Any) -> None:
    model = mlp(8, 1)
    loss = backward(((model(X) - target) ** 2).mean())
    finding = only(diagnose(loss, model), "outer difference")
    assert finding.node.shape == (64, 64)
    assert "from (64, 1) and (64,)" in finding.message
    assert ".reshape(64,)" in finding.advice
    assert finding.line.endswith("loss = backward(((model(X) - target) ** 2).mean())")


def test_the_margins_of_a_hinge_loss_may_be_an_outer_product_too() -> None:
    model, signs = mlp(8, 1), np.sign(X[:, 0])
    assert only(diagnose(backward((1.0 - signs * model(X)).relu().mean()), model), "outer difference")
    model.zero_grad()
    assert diagnose(backward((1.0 - signs * model(X)[:, 0]).relu().mean()), model).ok


def test_distances_that_are_meant_are_no_slip() -> None:
    centers = nn.Parameter(X[:, 0] + 0.1)
    weights = nn.Parameter(X[:, 1])
    kernel = (-((X[:, :1] - centers) ** 2)).exp()  # of each sample from each center
    assert diagnose(backward(((kernel @ weights - X[:, 2]) ** 2).mean()), [centers, weights]).ok
    points = nn.Parameter(X[:, :1])
    assert diagnose(backward(((points - points.T) ** 2).mean()), [points]).ok
    single = nn.Linear(4, 1)
    assert diagnose(backward(((single(X[:1]) - X[0, :1]) ** 2).mean()), single).ok


def test_cross_entropy_of_a_single_logit_is_found() -> None:
    model = mlp(8, 1)
    finding = only(diagnose(backward(nn.cross_entropy(model(X), np.zeros(64, int))), model), "one class")
    assert "binary_cross_entropy_with_logits" in finding.advice
    model.zero_grad()
    labels = (X[:, :1] > 0).astype(float)
    assert diagnose(backward(nn.binary_cross_entropy_with_logits(model(X), labels)), model).ok


# ---------------------------------------------------------------- symmetry


@pytest.mark.parametrize("activation", [relu, tanh])
def test_weights_that_are_all_equal_are_found(activation: Any) -> None:
    model = mlp(8, 3, activation=activation)
    for parameter in model.parameters():
        parameter.data = np.full_like(parameter.data, 0.1)
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "symmetric weights")
    assert finding.name == "layers.0.weight"
    assert "all 8 units" in finding.message


def test_a_network_of_zeros_is_symmetric_and_a_last_layer_of_zeros_is_not() -> None:
    model = mlp(8, 3, activation=tanh)
    model.layers[1].weight.data[:] = 0.0
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok
    model.layers[0].weight.data[:] = 0.0
    model.zero_grad()
    assert only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "symmetric weights")


def test_the_units_of_a_plain_product_are_its_columns() -> None:
    w, v = Value(np.full((4, 8), 0.1), label="w"), Value(np.full((8, 1), 0.5), label="v")
    assert only(diagnose(backward((((X @ w).tanh() @ v) ** 2).mean()), [w, v]), "symmetric weights").node is w
    table = Value(np.ones((3, 2)), label="table")  # of no layer
    assert diagnose(backward((table * table).mean()), [table]).ok
    w = Value(np.zeros((4, 3)), label="w")  # logistic regression begins at 0
    assert diagnose(backward(nn.cross_entropy(X @ w, CLASSES)), [w]).ok


# ---------------------------------------------------------------- all gradients are 0


@pytest.mark.parametrize(
    ("end", "op"),
    [
        (lambda z: relu(z - 100.0), "relu"),
        (lambda z: np.maximum(z - 100.0, 0.0), "maximum"),
        (lambda z: np.clip(z + 100.0, 0.0, 1.0), "clip"),
        (lambda z: np.sign(z), "sign"),
        (lambda z: np.round(z), "rint"),
        (lambda z: sigmoid(z + 1000.0), "sigmoid"),
    ],
)
def test_where_no_gradient_arrives_at_all_the_op_that_stops_it_is_named(end: Any, op: str) -> None:
    model = mlp(8, 1)
    out = end(model(X))
    finding = only(diagnose(backward(nn.mse_loss(out, 0.5 + 0.1 * X[:, :1])), model), "all gradients zero")
    assert finding.node.op.name == op
    assert "all 4 parameters are exactly 0" in finding.message
    assert f"= {op} of shape (64, 1)" in finding.message


def test_a_factor_or_a_mask_of_0_is_where_the_gradients_become_0() -> None:
    model = mlp()
    logits = model(X) * 0
    finding = only(diagnose(backward(nn.cross_entropy(logits, CLASSES)), model), "all gradients zero")
    assert finding.node is logits
    assert "all 4 parameters are exactly 0" in finding.message
    assert "become 0 at logits = mul of shape (64, 3)" in finding.message
    assert finding.line.endswith("logits = model(X) * 0")
    with_dropout = nn.Sequential(nn.Linear(4, 3), nn.Dropout(1.0))
    finding = only(diagnose(backward(nn.cross_entropy(with_dropout(X), CLASSES)), with_dropout), "all gradients zero")
    assert "(Dropout p=1)" in finding.message
    single = nn.Linear(4, 3, bias=False)
    finding = only(diagnose(backward(nn.mse_loss(single(0 * X), 1 + X[:, :3])), single), "all gradients zero")
    assert finding.node.op.name == "matmul"
    scalars = nn.scalar.MLP(4, (3, 1), rng=np.random.default_rng(0))
    loss = sum([(scalars(row.tolist()) * 0.0 - 1.0) ** 2 for row in X[:12]], Value(0.0))
    finding = only(diagnose(backward(loss), scalars), "all gradients zero")
    assert "= mul (and 11 more like it)" in finding.message


def test_a_slope_that_is_0_at_this_place_only_is_no_fault() -> None:
    x, y = Value(np.zeros(20)), Value(np.zeros(20))
    for loss in (
        (x**2).sum() + 1.0,
        (x * y).sum() + 1.0,  # a saddle: each is the other's factor
        np.cos(x).sum(),
        nn.huber_loss(x, np.zeros(20)) + 1.0,
    ):
        x.zero_grad()
        y.zero_grad()
        backward(loss)
        assert not x.grad.any()
        for recorded in (True, False):
            with nullcontext() if recorded else no_grad():
                report = diagnose(loss, [x])
            assert report, str(report)


def test_a_minimum_has_gradients_of_0_as_well_and_is_none_of_a_fault() -> None:
    model = mlp(8, 1)
    y = model(X).data
    for loss_of in (
        lambda z: nn.mse_loss(z, y),  # met exactly
        lambda z: nn.hinge_loss(1e9 * z, np.sign(y)),  # all beyond the margin
        lambda z: nn.mse_loss(relu(z - 100.0), 0.0 * y - 1.0),  # as low as it can be
        lambda z: nn.mse_loss(relu(z - 100.0), 0.0 * y),
        lambda z: (0.0 * z).sum(),  # a weight of 0, as a warm-up has it
        lambda z: nn.mse_loss(relu(z[:4] - 100.0), 0.0 * y[:4] + 1.0),  # few samples
    ):
        model.zero_grad()
        report = diagnose(backward(loss_of(model(X))), model)
        assert not any(x.grad.any() for x in model.parameters())
        assert report, str(report)


# ---------------------------------------------------------------- nll_loss of what is no log-probability


def test_nll_loss_of_probabilities_and_of_scores_is_found() -> None:
    for end, what in (((nn.Softmax(),), "a softmax: probabilities"), ((), "scores, of which some are above 0")):
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), *end)
        finding = only(diagnose(backward(nn.nll_loss(model(X), CLASSES)), model), "no log-probability")
        assert what in finding.message
        assert "cross_entropy" in finding.advice


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda z: nn.nll_loss(log_softmax(z), CLASSES),
        lambda z: nn.nll_loss(softmax(z).log(), CLASSES),
        lambda z: -(log_softmax(z)[np.arange(64), CLASSES] * X[:, 0]).mean(),  # a policy gradient
        lambda z: -z.mean(),  # a critic
        lambda z: z[np.arange(64), CLASSES].mean(),
        lambda z: -(softmax(z)[np.arange(64), CLASSES] * X[:, 0]).mean(),  # an expected reward
        lambda z: -(z[np.arange(64), CLASSES] - z.mean(axis=1)).mean(),
    ],
)
def test_what_only_looks_like_nll_loss_is_left_alone(loss_of: Any) -> None:
    model = mlp()
    assert diagnose(backward(loss_of(model(X))), model).ok


def test_a_sigmoid_of_which_a_column_was_picked_is_one_already() -> None:
    model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
    loss = nn.binary_cross_entropy_with_logits(model(X)[:, 0], (X[:, 0] > 0) * 1.0)
    assert "sigmoid already" in only(diagnose(backward(loss), model), "softmax twice").message


# ---------------------------------------------------------------- the learning rate


@pytest.mark.parametrize(
    ("make", "lr", "ok"),
    [(optim.SGD, 0.1, True), (optim.SGD, 1e4, False), (optim.Adam, 1e-3, True), (optim.Adam, 100.0, False)],
)
def test_a_step_that_leaves_nothing_of_the_weights_is_found_before_it_is_taken(make: Any, lr: float, ok: bool) -> None:
    model = mlp()
    optimizer = make(model.parameters(), lr=lr)
    report = diagnose(backward(nn.cross_entropy(model(X), CLASSES)), optimizer)
    if ok:
        assert report.ok, str(report)
    else:
        finding = only(report, "learning rate too high")
        assert f"with lr={number(lr)} " in finding.message
        assert "lower the learning rate" in finding.advice


@pytest.mark.parametrize("lr", [1.0, 2.0, 5.0, 10.0, 50.0])
def test_a_rate_at_which_the_loss_of_the_same_data_only_grows_is_found_in_the_first_step(lr: float) -> None:
    model = nn.Linear(4, 1, rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), lr=lr)
    loss = backward(nn.mse_loss(model(X), X[:, :1] * 2 + 1))
    before = [(x.data.copy(), x.grad.copy()) for x in model.parameters()]
    finding = only(diagnose(loss, optimizer), "learning rate too high")
    assert finding.line.endswith("optimizer = optim.SGD(model.parameters(), lr=lr)")
    for x, (data, grad) in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(x.data, data)
        np.testing.assert_array_equal(x.grad, grad)
    if lr == 5.0:  # what it says of the next step is true
        assert "the same step takes the loss to" in finding.advice
        optimizer.step()
        assert f"to {number(nn.mse_loss(model(X), X[:, :1] * 2 + 1).item())}," in finding.message


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.RMSprop])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_in_a_minimum_and_around_it_no_rate_is_too_high_that_stays_there(make: Any, momentum: float) -> None:
    if momentum and make is optim.Adam:
        return
    model = nn.Linear(4, 1, rng=np.random.default_rng(0))
    options = {"momentum": momentum} if momentum else {}
    for lr in (0.3, 0.05) if make is optim.SGD else (0.05,):
        optimizer = make(model.parameters(), lr=lr / (1 + 5 * momentum), **options)
        for step in range(60):
            optimizer.zero_grad()
            loss = backward(nn.mse_loss(model(X), X[:, :1] * 2 + 1))
            report = diagnose(loss, optimizer)
            assert report, f"step {step}, loss {loss.item()}: {report}"
            optimizer.step()


def test_at_the_edge_of_stability_and_of_a_single_sample_the_rate_is_not_too_high() -> None:
    model = nn.MLP(4, (16, 1), activation=tanh, rng=np.random.default_rng(3))
    optimizer = optim.SGD(model.parameters(), lr=0.4)
    rises, before = 0, np.inf
    for _ in range(100):
        optimizer.zero_grad()
        loss = backward(nn.mse_loss(model(X), np.sin(3 * X[:, :1]) + X[:, 1:2]))
        report = diagnose(loss, optimizer)
        assert report, str(report)
        rises, before = rises + (loss.item() > before), loss.item()
        optimizer.step()
    assert rises > 0
    single = nn.Linear(4, 1, rng=np.random.default_rng(0))
    far = 1.5 * X[:1] / np.linalg.norm(X[0])  # farther out than most: its own step goes too far, at a rate that is good
    loss = backward(nn.mse_loss(single(far), far[:, :1]))
    assert diagnose(loss, optim.SGD(single.parameters(), lr=0.4))


def test_a_clipped_gradient_and_a_step_that_goes_up_on_purpose_are_not_tried() -> None:
    model = nn.Linear(4, 1, rng=np.random.default_rng(0))
    loss = backward(nn.mse_loss(model(X), X[:, :1] * 2 + 1))
    optimizer = optim.SGD(model.parameters(), lr=5.0)
    assert only(diagnose(loss, optimizer), "learning rate too high")
    assert diagnose(loss, optim.SGD(model.parameters(), lr=5.0, maximize=True))
    optim.clip_grad_norm(model.parameters(), 0.1)
    assert diagnose(loss, optimizer)


def test_a_step_that_divides_a_single_number_by_0_is_looked_at_as_the_optimizer_takes_it() -> None:
    w = Value(1.0)
    loss = backward(w * 0.0)
    assert diagnose(loss, optim.Adam([w], eps=0.0)).ok


def test_a_large_gradient_that_adam_makes_small_is_no_fault_of_the_learning_rate() -> None:
    model = mlp(8, 1)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    report = diagnose(backward(nn.mse_loss(model(X), 1e6 * X[:, :1])), optimizer)
    assert kinds(report) == ["exploding gradients"]
    assert "lower the learning rate" in report.findings[0].advice


@pytest.mark.parametrize(
    ("make", "lr", "scale"),
    [
        (optim.Adam, 10.0, 1.0),
        (optim.Adam, 1.0, 1.0),
        (optim.SGD, 100.0, 1.0),
        (optim.SGD, 1000.0, 1.0),
        (optim.SGD, 0.1, 1000.0),  # inputs that are not scaled
    ],
)
def test_a_step_that_raises_the_loss_many_times_is_found_before_it_is_taken(make: Any, lr: float, scale: float) -> None:
    (x, y), _ = digits.load(0)
    x, y = scale * x[:100], y[:100]
    model = nn.MLP(64, [16, 10], rng=np.random.default_rng(0))
    optimizer = make(model.parameters(), lr=lr)
    finding = only(diagnose(backward(nn.cross_entropy(model(x), y)), optimizer), "learning rate too high")
    assert f"with lr={number(lr)} the next step raises the loss of these very data" in finding.message
    assert "the same step takes the loss to" in finding.advice or "by powers of ten" in finding.advice
    optimizer.step()  # and what it says is true
    assert f"to {number(nn.cross_entropy(model(x), y).item())}: it changes" in finding.message


@pytest.mark.parametrize(
    ("make", "lr"),
    [(optim.Adam, 1e-3), (optim.Adam, 1e-2), (optim.Adam, 0.1), (optim.SGD, 0.5), (optim.RMSprop, 0.01)],
)
@pytest.mark.parametrize("target", [1.0, 0.001])
def test_a_first_step_that_goes_up_but_stays_near_the_weights_is_no_fault(make: Any, lr: float, target: float) -> None:
    (x, y), _ = digits.load(0)
    for loss_of, width in (
        (lambda z: nn.cross_entropy(z, y[:100]), 10),
        (lambda z: nn.mse_loss(z[:, 0], target * np.sin(y[:100])), 1),
    ):
        if make is optim.SGD and width == 1:
            continue
        model = nn.MLP(64, [16, width], rng=np.random.default_rng(0))
        optimizer = make(model.parameters(), lr=lr)
        for step in range(5):
            optimizer.zero_grad()
            loss = backward(loss_of(model(x[:100])))
            found = [finding for finding in diagnose(loss, optimizer).findings if "learning rate" in finding.kind]
            assert not found, f"step {step}, loss {loss.item()}: {found[0]}"
            optimizer.step()


def test_an_optimizer_that_remembers_may_run_past_a_minimum() -> None:
    w = Value(5.0, label="w")
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    lowest = np.inf
    for _ in range(30):
        optimizer.zero_grad()
        loss = backward(w * w)
        report = diagnose(loss, optimizer)
        assert report, str(report)
        optimizer.step()
        lowest = min(lowest, loss.item())
    assert lowest < 0.01  # so that some step raised it tenfold


@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=0.1), lambda p: optim.SGD(p, lr=0.01, momentum=0.9)])
def test_where_the_samples_are_learned_already_other_ones_may_carry_the_step(make: Any) -> None:
    (x, y), _ = digits.load(0)
    x, y = 16 * x[:200], y[:200]
    model = nn.Linear(64, 10, rng=np.random.default_rng(0))
    for parameter in model.parameters():
        parameter.data[...] = 0.0
    optimizer = make(model.parameters())
    rng = np.random.default_rng(1)
    for step in range(120):
        batch = rng.permutation(200)[:8]
        optimizer.zero_grad()
        loss = backward(nn.cross_entropy(model(x[batch]), y[batch]))
        report = diagnose(loss, optimizer)
        assert report, f"step {step}, loss {loss.item()}: {report}"
        optimizer.step()
    assert np.mean(model(x).data.argmax(axis=1) == y) > 0.9


def test_the_maximum_that_softmax_subtracts_is_taken_anew_in_the_steps_that_are_tried() -> None:
    rows = np.arange(64)

    def by_hand(z: Value) -> Any:
        e = np.exp(z - z.data.max(axis=1, keepdims=True))
        return -(e / e.sum(axis=1, keepdims=True))[rows, CLASSES].mean()

    def with_its_maximum_added_back(z: Value) -> Any:  # no constant may be another there
        exponents = z - z.data.max(axis=1, keepdims=True)
        return (np.exp(exponents).sum(axis=1).log() + z.data.max(axis=1) - z[rows, CLASSES]).mean()

    for loss_of in (
        lambda z: nn.cross_entropy(z, CLASSES),
        lambda z: (logsumexp(z, 1) - z[rows, CLASSES]).mean(),
        lambda z: logsumexp(z) - z[0, 0],
        lambda z: -softmax(z)[rows, CLASSES].mean(),
        by_hand,
        with_its_maximum_added_back,
    ):
        for lr in (0.1, 30.0) if loss_of is with_its_maximum_added_back else (0.1, 30.0, 3e4):
            model = mlp()
            optimizer = optim.SGD(model.parameters(), lr=lr)
            trial = Trial(Step(backward(loss_of(model(X))), optimizer), optimizer)
            expected = trial.loss_at(trial.after_a_step())
            optimizer.step()
            assert expected == pytest.approx(loss_of(model(X)).item(), rel=1e-9)


# ---------------------------------------------------------------- dead relu


def test_a_unit_far_below_0_for_all_samples_is_dead() -> None:
    model = mlp(8, 3)
    model.layers[0].bias.data[5] = -100.0
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "dead relu")
    assert "1 of 8 units is 0 for all 64 samples" in finding.message
    assert "(unit 5)" in finding.message
    assert finding.node.op.name == "relu"


def test_a_dead_layer_stops_everything_before_it() -> None:
    model = nn.Sequential(nn.Linear(4, 8, rng=np.random.default_rng(0)), nn.ReLU(), nn.Linear(8, 3))
    model[0].weight.data[:] = 0.0
    model[0].bias.data[:] = -1.0
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "dead relu")
    assert "8 of 8 units" in finding.message
    assert "in 1 (ReLU)" in finding.message


@pytest.mark.parametrize("dead", [1, 7, 8, 9, 15, 16])
def test_dead_units_are_found_however_many_there_are(dead: int) -> None:
    model = mlp(16, 16, 3)
    model.layers[0].bias.data[:dead] = -100.0
    report = diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model)
    assert f"{dead} of 16 units {'is' if dead == 1 else 'are'} 0" in only(report, "dead relu").message


def test_a_layer_that_too_high_a_learning_rate_has_shut_is_dead_however_near_0_it_is() -> None:
    model = nn.MLP(2, (16, 16, 2), rng=np.random.default_rng(1))
    x = np.random.default_rng(1).normal(size=(64, 2))
    optimizer = optim.SGD(model.parameters(), lr=5.0)
    for _ in range(60):
        optimizer.zero_grad()
        loss = backward(nn.cross_entropy(model(x), (x[:, 0] * x[:, 1] > 0).astype(int)))
        report = diagnose(loss, model)
        optimizer.step()
    assert not model.layers[0].weight.grad.any()
    assert "16 of 16 units are 0 for all 64 samples" in only(report, "dead relu").message
    optimizer.zero_grad()
    assert kinds(diagnose(loss, model)) == ["dead relu"]  # the shut layers were not changed, and are reached even so


def test_a_dead_neuron_of_scalars_is_named_by_its_path() -> None:
    model = nn.scalar.MLP(4, (4, 1), rng=np.random.default_rng(0))
    model.layers[0].neurons[2].b.data = -100.0
    loss = sum(model(point) ** 2 for point in X[:8].tolist())
    assert "(layers.0.neurons.2 (Neuron 4 -> 1, relu))" in only(diagnose(backward(loss), model), "dead relu").message


def test_numpys_maximum_with_0_is_a_relu_too() -> None:
    w, v = Value(np.eye(4) - 50.0 * np.eye(4)[0], label="w"), Value(np.ones(4), label="v")
    loss = (np.maximum((np.abs(X) + 5.0) @ w, 0.0) @ v).mean()
    assert "1 of 4 units" in only(diagnose(backward(loss), [w, v]), "dead relu").message


def test_a_unit_of_images_is_a_channel() -> None:
    images = np.random.default_rng(0).normal(size=(8, 3, 5, 4))
    w, b = Value(np.ones((3, 1, 1)), label="w"), Value(np.array([0.0, -100.0, 0.0]).reshape(3, 1, 1), label="b")
    loss = (relu(images * w + b) * Value(np.ones((3, 1, 1)))).mean()
    message = only(diagnose(backward(loss), [w, b]), "dead relu").message
    assert "1 of 3 units is 0 for all 160 samples" in message
    assert "(unit 1)" in message


def test_of_few_samples_more_distance_is_asked_for() -> None:
    two = np.array([[-1.0, -1.2]])  # 11 standard deviations below 0
    assert not activations._far_beyond(-two)[0]
    assert activations._far_beyond(-np.tile(two, 50))[0]


def test_a_unit_that_is_silent_by_chance_or_wakes_for_one_sample_is_not_dead() -> None:
    model = mlp(8, 3)
    z = model.layers[0](X).data
    model.layers[0].bias.data[5] -= z[:, 5].max() + 0.1  # for none of these samples, but nearly
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok
    model.zero_grad()
    model.layers[0].bias.data[5] = -100.0
    model.layers[0].weight.data[5] = 0.0
    model.layers[0].weight.data[5, 0] = 200.0
    assert (model.layers[0](X).data[:, 5] > 0).any()
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok


def test_a_hinge_loss_of_0_is_no_dead_relu() -> None:
    model = mlp(8, 1)
    with no_grad():
        y = np.sign(model(X).data)
    model.layers[1].weight.data *= 1e4
    model.layers[1].bias.data *= 1e4
    loss = nn.hinge_loss(model(X), y) + 1e-4 * sum((w * w).sum() for w in model.parameters())
    assert diagnose(backward(loss), model).ok


def test_of_a_single_sample_no_relu_is_called_dead() -> None:
    model = mlp(8, 3)
    model.layers[0].bias.data[:4] = -100.0
    assert diagnose(backward(nn.cross_entropy(model(X[0]), 1)), model).ok


# ---------------------------------------------------------------- saturated


@pytest.mark.parametrize("activation", [tanh, sigmoid])
def test_weights_that_are_far_too_large_saturate(activation: Any) -> None:
    model = mlp(16, 3, activation=activation)
    model.layers[0].weight.data *= 100.0
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), f"saturated {activation.name}")
    assert "% of its 1,024 elements" in finding.message


def test_plain_normal_weights_saturate_tanh_and_scaled_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 30)), rng.integers(0, 27, size=32)
    for scale, found in ((1.0, ["saturated tanh"]), (5 / 3 / 30**0.5, [])):
        w1, w2 = Value(scale * rng.normal(size=(30, 200))), Value(0.01 * rng.normal(size=(200, 27)))
        loss = backward(nn.cross_entropy((x @ w1).tanh() @ w2, y))
        assert kinds(diagnose(loss, [w1, w2])) == found


def test_a_single_unit_that_is_stuck_is_named() -> None:
    model = mlp(16, 3, activation=tanh)
    model.layers[0].bias.data[3] = 50.0
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    assert "1 of 16 units (unit 3)" in only(diagnose(loss, model), "saturated tanh").message


def test_a_sure_and_right_probability_is_not_saturated_nor_is_a_gate_that_opens_and_closes() -> None:
    model = mlp(8, 1)
    with no_grad():
        y = (model(X).data > 0) * 1.0
    model.layers[1].weight.data *= 1e3
    model.layers[1].bias.data *= 1e3
    assert diagnose(backward(nn.binary_cross_entropy(sigmoid(model(X)), y)), model).ok
    model = mlp(16, 3, activation=tanh)
    model.layers[0].weight.data *= 4.0
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok


# ---------------------------------------------------------------- gradients by layer


def test_gradients_vanish_in_a_deep_network_of_sigmoids() -> None:
    model = mlp(*[16] * 12, 3, activation=sigmoid)
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "vanishing gradients")
    assert finding.name == "layers.0"
    assert "layers.1 " in finding.message


def test_the_layers_of_a_sequential_do_not_read_as_numbers_and_a_list_that_stops_says_so() -> None:
    rng = np.random.default_rng(0)
    layers = [layer for _ in range(20) for layer in (nn.Linear(4, 4, rng=rng), nn.Sigmoid())]
    model = nn.Sequential(*layers[:-1])
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "vanishing gradients")
    assert finding.message.startswith("the gradient of layer 0 is about ")
    assert ", that of layer 38 " in finding.message
    assert finding.message.endswith(" and 8 more)")


def test_an_optimizers_weights_are_layers_too() -> None:
    model = mlp(*[16] * 12, 3, activation=sigmoid)
    optimizer = optim.SGD(model.parameters())
    loss = backward(nn.cross_entropy(model(X), CLASSES))
    assert only(diagnose(loss, optimizer), "vanishing gradients").name == "layers.0.weight"


def test_gradients_explode_where_weights_are_too_large() -> None:
    model = mlp(*[16] * 8, 3)
    for layer in model.layers:
        layer.weight.data *= 8.0
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "exploding gradients")
    assert finding.name.startswith("layers.")
    assert "clip the gradients" in finding.advice


def test_gradients_explode_where_targets_are_not_scaled() -> None:
    model = mlp(8, 1)
    loss = backward(nn.mse_loss(model(X), 1e6 * X[:, :1]))
    finding = only(diagnose(loss, model), "exploding gradients")
    assert "its weights" in finding.message


def test_gradients_that_are_small_everywhere_or_uneven_in_measure_are_fine() -> None:
    model = mlp(*[16] * 4, 3, activation=sigmoid)
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok
    model = mlp()
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES) * 1e-12), model).ok
    model.zero_grad()
    model.layers[1].weight.data[:] = 0.0  # to begin the last layer at 0 is a custom; what lies before it waits a step
    assert diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model).ok


# ---------------------------------------------------------------- nan and inf


def test_a_log_of_0_is_where_inf_began() -> None:
    w = Value(np.array([1.0, 0.0, 2.0]), label="w")
    p = w * 2.0
    loss = (p.log() + 1.0).sum() * 3.0
    finding = only(diagnose(loss, [w]), "nan or inf")
    assert "log of shape (3,), which is -inf at [1] (log of 0)" in finding.message
    assert "clip" in finding.advice
    assert finding.node.op.name == "log"


def test_it_is_where_it_began_and_not_what_came_of_it() -> None:
    w = Value(np.array([1.0, -1.0]), label="w")
    loss = (w.sqrt().exp() * w.tanh()).sum()
    assert only(diagnose(backward(loss), [w]), "nan or inf").node.op.name == "sqrt"


def test_nan_in_the_data_and_in_a_parameter_are_told_apart() -> None:
    model = mlp()
    spoiled = X.copy()
    spoiled[3, 2] = np.nan
    finding = only(diagnose(backward(nn.cross_entropy(model(spoiled), CLASSES)), model), "nan or inf")
    assert finding.name == "spoiled"
    assert "nan at [3, 2]" in finding.message
    assert "data" in finding.advice
    model.zero_grad()
    model.layers[1].weight.data[0, 0] = np.inf
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "nan or inf")
    assert finding.name == "layers.1.weight"
    assert "the step before" in finding.advice


def test_a_gradient_that_is_not_finite_is_traced_to_the_op_that_sent_it() -> None:
    for terms in (("sqrt", "exp"), ("exp", "sqrt")):
        w = Value(np.array([4.0, 0.0]), label="w")
        distance = w * w
        loss = sum(getattr(distance, term)().sum() for term in terms)
        finding = only(diagnose(backward(loss), [w]), "nan or inf")
        assert finding.name == "distance"
        assert "= sqrt of shape (2,): it sends inf back to distance at [1], which is 0 there" in finding.message


def test_the_branch_that_where_does_not_take_spoils_the_gradient() -> None:
    w = Value(np.array([1.0, 0.0]), label="w")
    loss = where(w.data > 0, (1.0 / w).sqrt(), 0.0).sum()
    report = diagnose(backward(loss), [w])
    assert np.isnan(w.grad[1])
    assert "div" in only(report, "nan or inf").message or "sqrt" in report.findings[0].message


def test_a_mask_of_minus_infinity_is_fine() -> None:
    model = mlp()
    mask = np.zeros((64, 3))
    mask[:, 2] = -np.inf
    assert diagnose(backward(nn.cross_entropy(model(X) + mask, CLASSES % 2)), model).ok


def test_after_a_step_that_spoiled_the_parameters_the_gradient_is_blamed() -> None:
    w = Value(np.array([4.0, 0.0]), label="w")
    optimizer = optim.SGD([w], lr=0.1)
    distance = w * w
    loss = backward(distance.sqrt().sum())
    optimizer.step()
    assert only(diagnose(loss, optimizer), "nan or inf").name == "distance"


# ---------------------------------------------------------------- a growing graph


def test_a_loss_that_contains_those_of_earlier_steps_is_found_with_the_line() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    total: Any = 0.0
    for step in range(3):
        total += nn.cross_entropy(model(X), CLASSES)
        optimizer.zero_grad()
        total.backward()
        report = diagnose(total, model)
        assert report.ok is (step == 0), str(report)
        optimizer.step()
    finding = only(report, "growing graph")
    assert finding.node is total
    assert report.notes == []
    assert "2 of 3 uses of layers.0.weight" in finding.message
    assert finding.line.endswith("total += nn.cross_entropy(model(X), CLASSES)")


def test_it_is_the_sum_where_the_old_and_the_new_meet() -> None:
    model = mlp()
    first = nn.cross_entropy(model(X), CLASSES)
    optim.SGD(model.parameters(), lr=0.1)
    model.layers[1].bias.data -= 0.1
    both = first + nn.cross_entropy(model(X), CLASSES)
    loss = backward(both / 2.0)
    assert only(diagnose(loss, model), "growing graph").node is both


def test_a_running_total_beside_the_loss_is_found_by_its_variable() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    running: Any = 0.0
    for _ in range(3):
        loss = nn.cross_entropy(model(X), CLASSES)
        optimizer.zero_grad()
        report = diagnose(backward(loss), model)
        optimizer.step()
        running = running + loss
    finding = only(report, "growing graph")
    assert finding.name == "running"
    assert "2 forward passes" in finding.message
    assert finding.line.endswith("running = running + loss")


def test_a_sum_over_batches_of_one_step_and_a_total_of_numbers_are_fine() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    running, previous = 0.0, None
    for _ in range(3):
        loss = sum(nn.cross_entropy(model(X[i : i + 16]), CLASSES[i : i + 16]) for i in range(0, 64, 16)) / 4
        optimizer.zero_grad()
        assert diagnose(backward(loss), model).ok
        optimizer.step()
        running += loss.item()
        previous = loss + 0.0
    assert previous.data == loss.data


def test_a_second_loss_of_the_same_step_is_no_growth() -> None:
    model = mlp()
    loss, other = nn.cross_entropy(model(X), CLASSES), nn.cross_entropy(model(X + 0.1), CLASSES)
    total = loss + other
    assert diagnose(backward(loss), model).ok
    optim.SGD(model.parameters(), lr=0.1).step()
    assert diagnose(loss, model).ok
    assert total.data > loss.data


# ---------------------------------------------------------------- the report, and bad input


def test_a_report_reads_and_shows_itself() -> None:
    model = mlp()
    model.spare = nn.Parameter(np.ones(2))
    loss = backward(backward(nn.cross_entropy(softmax(model(X)), CLASSES)))
    report = diagnose(loss, model)
    assert kinds(report) == ["parameter not reached", "gradients not zeroed", "softmax twice"]
    assert str(report).startswith("diagnose: 3 findings\n  1. parameter not reached, at spare\n")
    assert "<li><b>softmax twice</b>" in report._repr_html_()
    assert repr(report) == str(report)


def test_no_sentence_of_a_report_is_wider_than_a_hundred_columns() -> None:
    nn.manual_seed(0)
    model = nn.MLP(2, [4] * 20 + [1])
    report = diagnose(backward((model(np.ones((3, 2))) ** 2).mean()), model)
    unused = diagnose((nn.MLP(2, [1])(np.ones((3, 2))) ** 2).mean(), model)
    text = f"{report}\n{unused}"
    assert max(len(finding.message) for finding in report.findings) > 100  # whole, for who reads one
    assert max(map(len, text.splitlines())) <= 100
    for finding in report.findings:
        assert f"{finding.message} -> {finding.advice}" in " ".join(text.split())
    for note in unused.notes:
        assert f"not judged: {note}" in " ".join(text.split())


def test_what_goes_on_below_stands_below_its_sentence() -> None:
    long = Finding("softmax twice", "v7", Value(1.0), "word " * 30, "do " * 40, "train.py:3: loss = f(x)")
    assert str(Diagnosis([long], ["so " * 40])).splitlines() == [
        "diagnose: 1 finding",
        "  1. softmax twice, at v7",
        "     " + " ".join(["word"] * 19),
        "     " + " ".join(["word"] * 11),
        "     -> " + " ".join(["do"] * 31),
        "        " + " ".join(["do"] * 9),
        "     at train.py:3: loss = f(x)",
        "  not judged: " + " ".join(["so"] * 29),
        "    " + " ".join(["so"] * 11),
    ]


def test_names_are_text_in_html() -> None:
    x = Value(np.nan, label="</code><script>")
    report = diagnose(x * 2.0, [x])
    assert report.findings[0].name == "</code><script>"
    assert "<script>" not in report._repr_html_()


class Net(nn.Module):
    """A user's own module, whose line can be told."""

    def __init__(self) -> None:
        self.inner = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return softmax(self.inner(x))


def test_the_users_own_forward_is_the_line() -> None:
    model = Net()
    finding = only(diagnose(backward(nn.cross_entropy(model(X), CLASSES)), model), "softmax twice")
    assert finding.line.startswith("test_diagnosis.py:")
    assert finding.line.endswith("def forward(self, x: Any) -> Any:")


def test_the_librarys_forward_is_no_line_of_the_users() -> None:
    class Own(nn.Sequential):
        pass

    model = Own(nn.Linear(4, 3))
    model.scale = Value(1.0)
    loss = nn.cross_entropy(model(X) * model.scale, CLASSES)
    assert only(diagnose(backward(loss), model), "not trained").line == ""


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((3.0, [Value(1.0)]), TypeError, "the loss is a Value, not 3.0"),
        ((Value([1.0, 2.0]) * 2, [Value(1.0)]), ValueError, r"shape \(2,\), and a training step begins at a single"),
        ((Value(1.0, requires_grad=False), [Value(1.0)]), ValueError, "no_grad"),
        ((Value(1.0) * 2, 3), TypeError, "a model, an optimizer or a list of parameters, and a int is none"),
        ((Value(1.0) * 2, Value(1.0)), TypeError, "a Value is none"),
        ((Value(1.0) * 2, [1.0]), TypeError, "parameter 0 is a float"),
        ((Value(1.0) * 2, nn.ReLU()), ValueError, "the ReLU has no parameters"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(arguments: tuple[Any, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        diagnose(*arguments)
    assert "test_diagnosis.py:" in str(caught.value)


def test_a_long_chain_is_no_deeper_than_a_short_one() -> None:
    w = x = Value(1.0, label="w")
    for _ in range(20_000):
        x = x + 1e-6
    assert diagnose(backward(x), [w]).ok
