"""The backprop ninja: the derivation by hand agrees with PyTorch, and its planted mistakes are found where they are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograd_mini import check_by_hand
from demos import ninja

PARAMETERS = list(ninja.new_parameters(np.random.default_rng(0)))
CONTEXTS, NEXTS = ninja.examples(ninja.NAMES.split())
X, Y = CONTEXTS[:32], NEXTS[:32]
EXACT = {"rtol": 1e-10, "atol": 1e-15}
ALL_CHOICES = [slips for count in range(4) for slips in combinations(ninja.SLIPS, count)]


@pytest.fixture
def net():
    return ninja.forward(ninja.new_parameters(np.random.default_rng(0)), X, Y)


@pytest.fixture
def oracle(net):
    """Each tensor of the same steps in PyTorch, by name, with its gradient."""
    t = {name: torch.tensor(net.__dict__[name].data, requires_grad=True) for name in PARAMETERS}
    n = len(Y)
    t["emb"] = t["C"][torch.tensor(X)]
    t["embcat"] = t["emb"].view(n, -1)
    t["hprebn"] = t["embcat"] @ t["W1"] + t["b1"]
    t["bnmeani"] = 1 / n * t["hprebn"].sum(0, keepdim=True)
    t["bndiff"] = t["hprebn"] - t["bnmeani"]
    t["bndiff2"] = t["bndiff"] ** 2
    t["bnvar"] = 1 / (n - 1) * t["bndiff2"].sum(0, keepdim=True)
    t["bnvar_inv"] = (t["bnvar"] + 1e-5) ** -0.5
    t["bnraw"] = t["bndiff"] * t["bnvar_inv"]
    t["hpreact"] = t["bngain"] * t["bnraw"] + t["bnbias"]
    t["h"] = torch.tanh(t["hpreact"])
    t["logits"] = t["h"] @ t["W2"] + t["b2"]
    t["logit_maxes"] = t["logits"].max(1, keepdim=True).values
    t["norm_logits"] = t["logits"] - t["logit_maxes"]
    t["counts"] = t["norm_logits"].exp()
    t["counts_sum"] = t["counts"].sum(1, keepdim=True)
    t["counts_sum_inv"] = t["counts_sum"] ** -1
    t["probs"] = t["counts"] * t["counts_sum_inv"]
    t["logprobs"] = t["probs"].log()
    t["loss"] = -t["logprobs"][range(n), Y].mean()
    for tensor in t.values():
        tensor.retain_grad()
    t["loss"].backward()
    return t


def statuses(report):
    return {row.name: row.status for row in report.rows if row.status != "not given"}


def test_every_value_and_every_gradient_by_hand_is_pytorchs(net, oracle):
    gradients = ninja.by_hand(net, X, Y)
    assert set(gradients) == set(oracle) == set(vars(net))
    for name, tensor in oracle.items():
        np.testing.assert_allclose(getattr(net, name).data, tensor.detach().numpy(), **EXACT, err_msg=name)
        np.testing.assert_allclose(gradients[name], tensor.grad.numpy(), **EXACT, err_msg=name)


def test_the_loss_is_pytorchs_cross_entropy_after_its_batch_norm(net, oracle):
    scale, shift = oracle["bngain"].flatten(), oracle["bnbias"].flatten()
    layer = torch.nn.BatchNorm1d(len(scale), dtype=torch.float64, momentum=1.0)
    layer(oracle["hprebn"])  # in training it divides by n; what it remembers, as the lecture does, by n - 1
    hpreact = F.batch_norm(oracle["hprebn"], layer.running_mean, layer.running_var, scale, shift)
    logits = torch.tanh(hpreact) @ oracle["W2"] + oracle["b2"]
    assert net.loss.item() == pytest.approx(F.cross_entropy(logits, torch.tensor(Y)).item(), rel=1e-12)


def test_the_derivation_is_marked_right_throughout(net):
    report = check_by_hand(net.loss, ninja.by_hand(net, X, Y))
    assert report.ok, report
    assert statuses(report) == dict.fromkeys(vars(net), "ok")


@pytest.mark.parametrize("slips", ALL_CHOICES, ids="+".join)
def test_exactly_the_planted_mistakes_are_wrong_and_what_they_spoil_is_carried(net, slips):
    truth, gradients = ninja.by_hand(net, X, Y), ninja.by_hand(net, X, Y, slips)
    spoiled = {name for name in truth if not np.allclose(truth[name], gradients[name], rtol=1e-6, atol=1e-15)}
    expected = {name: "WRONG" if name in slips else "carried" if name in spoiled else "ok" for name in truth}
    report = check_by_hand(net.loss, gradients)
    assert statuses(report) == expected, report
    assert bool(report) == (not slips)


def test_each_planted_mistake_is_named(net):
    report = check_by_hand(net.loss, ninja.by_hand(net, X, Y, tuple(ninja.SLIPS)))
    diagnoses = {row.name: row.diagnosis for row in report.rows if row.status == "WRONG"}
    assert "path" in diagnoses["counts"], report
    assert "1 - hpreact**2" in diagnoses["hpreact"], report
    assert "sum" in diagnoses["bnvar_inv"], report


def test_a_mistake_in_any_single_line_is_blamed_on_that_line(net):
    truth = ninja.by_hand(net, X, Y)
    for name, gradient in truth.items():
        if name in ("logit_maxes", "b1"):  # zero but for rounding: twice as much is zero as well
            continue
        wrong = {
            row.name for row in check_by_hand(net.loss, truth | {name: 2 * gradient}).rows if row.status == "WRONG"
        }
        assert name in wrong


def test_the_fused_formulas_come_to_the_same_as_the_steps(net):
    steps, fused = ninja.by_hand(net, X, Y), ninja.fused(net, X, Y)
    assert set(PARAMETERS) < set(fused)
    for name, gradient in fused.items():
        np.testing.assert_allclose(gradient, steps[name], **EXACT, err_msg=name)
    report = check_by_hand(net.loss, fused)
    assert report.ok, report


def test_training_by_hand_takes_the_steps_of_backward():
    by_hand, by_engine = (ninja.new_parameters(np.random.default_rng(0)) for _ in range(2))
    before = ninja.forward(by_hand, CONTEXTS, NEXTS).loss.item()
    ninja.train(by_hand, CONTEXTS, NEXTS, rng=np.random.default_rng(1), batch=32, steps=50)
    rng = np.random.default_rng(1)
    for _ in range(50):
        chosen = rng.choice(len(NEXTS), 32, replace=False)
        ninja.forward(by_engine, CONTEXTS[chosen], NEXTS[chosen]).loss.backward()
        for parameter in by_engine.values():
            parameter.data -= 0.1 * parameter.grad
            parameter.zero_grad()
    for name, parameter in by_hand.items():
        np.testing.assert_allclose(parameter.data, by_engine[name].data, rtol=1e-9, atol=1e-12, err_msg=name)
    assert ninja.forward(by_hand, CONTEXTS, NEXTS).loss.item() < before - 0.5


def test_the_examples_are_each_character_after_the_three_before_it():
    contexts, nexts = ninja.examples(["ava"])
    spelled = ["".join(ninja.ALPHABET[i] for i in context) for context in contexts]
    assert spelled == ["...", "..a", ".av", "ava"]
    assert [ninja.ALPHABET[i] for i in nexts] == ["a", "v", "a", "."]


@pytest.mark.parametrize("slips", [tuple(ninja.SLIPS), ("hpreact",), ()])
def test_the_demo_shows_both_reports_and_writes_the_microscope(slips, tmp_path, capsys):
    (file,) = ninja.main(tmp_path, slips=slips, steps=20)
    assert file == tmp_path / "ninja.html"
    assert '"hpreact"' in file.read_text()
    text = capsys.readouterr().out
    assert text.count("WRONG") >= len(slips)
    assert "in a third of the lines: right" in text


def test_a_report_that_is_not_what_was_planted_stops_the_demo(tmp_path, monkeypatch):
    honest = ninja.by_hand
    monkeypatch.setattr(ninja, "by_hand", lambda v, x, y, slips=(): honest(v, x, y))
    with pytest.raises(SystemExit, match="marks"):
        ninja.main(tmp_path, steps=1)
