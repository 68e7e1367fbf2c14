"""Schedules: what they keep, what they refuse, and that a refusal changes nothing."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

import optim
from autograd_mini import Value
from optim import lr_scheduler
from tests.optim.spoiling import spoilt


def sgd(lr: float = 0.8) -> optim.SGD:
    return optim.SGD([Value(1.0)], lr)


SCHEDULES: dict[str, Any] = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 5]),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 7),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "LambdaLR of a list": lambda o: lr_scheduler.LambdaLR(o, [lambda epoch: 1 / (1 + epoch)]),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, 0.5, 4),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 9, 2.0),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 2),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=20),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=1),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, total_iters=4), lr_scheduler.ExponentialLR(o, 0.9)], [4]
    ),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.LinearLR(o, total_iters=4), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
}


def json_of(state: Any) -> Any:
    """Through JSON, which has numbers, strings, lists and dicts."""
    return json.loads(json.dumps(state))


def go(schedule: Any, epochs: int) -> list[float]:
    rates = []
    for epoch in range(epochs):
        schedule.optimizer.step()
        schedule.step(*([1.0 + 0.01 * (epoch % 2)] if isinstance(schedule, lr_scheduler.ReduceLROnPlateau) else []))
        rates.append(schedule.optimizer.lr)
    return rates


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("epochs", [0, 3, 6])
def test_a_loaded_schedule_goes_on_where_it_was(name: str, epochs: int) -> None:
    schedule = SCHEDULES[name](sgd())
    go(schedule, epochs)
    saved = json_of({"optimizer": schedule.optimizer.state_dict(), "schedule": schedule.state_dict()})
    expected = go(schedule, 8)
    twin = SCHEDULES[name](sgd(0.1))  # its learning rate comes from the state as well
    twin.optimizer.load_state_dict(saved["optimizer"])
    twin.load_state_dict(saved["schedule"])
    assert go(twin, 8) == expected
    assert twin.last_epoch == schedule.last_epoch


def test_a_schedule_of_another_kind_is_refused_and_nothing_loaded() -> None:
    schedule = SCHEDULES["SequentialLR"](sgd())
    go(schedule, 2)
    before = schedule.state_dict()
    for state, message in [
        (None, "it is no state of a schedule"),
        (sgd().state_dict(), "it is no state of a schedule"),
        (SCHEDULES["StepLR"](sgd()).state_dict(), "it is the state of StepLR, and this is SequentialLR"),
        (spoilt(before, "last_epoch"), "last_epoch is missing"),
        (spoilt(before, "last_epoch", to="1"), "last_epoch is '1', where one like 2 is expected"),
        (spoilt(before, "gamma", to=1.0), "gamma is unexpected"),
        (spoilt(before, "schedulers", to=[]), "schedulers: a list of 2 is expected"),
        (spoilt(before, "schedulers", 0, "end_factor"), r"schedulers\[0\]\.end_factor is missing"),
    ]:
        with pytest.raises(ValueError, match=message):
            schedule.load_state_dict(state)
        assert schedule.state_dict() == before


def test_a_schedule_that_steps_before_the_optimizer_warns_once() -> None:
    optimizer = sgd()
    schedule = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"StepLR\.step\(\) was called before optimizer\.step\(\)"):
        schedule.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.step()
    assert optimizer.lr == pytest.approx(0.008)


def test_a_group_that_joins_late_follows_the_schedule_from_its_own_learning_rate() -> None:
    optimizer = sgd()
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    go(schedule, 1)
    optimizer.add_param_group({"params": [Value(1.0)], "lr": 0.2})
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.2, 0.1]


def test_a_step_too_far_changes_nothing() -> None:
    optimizer = optim.SGD([Value(1.0)], 0.8)
    schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=3)
    go(schedule, 3)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match="OneCycleLR: this is step 4, and total_steps is 3; nothing was changed"):
        schedule.step()
    assert optimizer.state_dict() == before
    assert schedule.last_epoch == 3


def test_of_chained_schedules_all_take_a_step_or_none() -> None:
    optimizer = optim.SGD([Value(1.0)], 0.8)
    falling = lr_scheduler.ExponentialLR(optimizer, 0.5)
    cycle = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=2, cycle_momentum=False)
    schedule = lr_scheduler.ChainedScheduler([falling, cycle])
    go(schedule, 2)
    before = optimizer.lr, schedule.state_dict()
    with pytest.raises(ValueError, match="this is step 3, and total_steps is 2"):
        schedule.step()
    assert (optimizer.lr, schedule.state_dict()) == before


BAD_SCHEDULES: list[Any] = [
    (lambda o: lr_scheduler.StepLR(0.1, 3), TypeError, "StepLR: the first argument is an optimizer, not float"),
    (lambda o: lr_scheduler.StepLR(o, 0), ValueError, "step_size is a positive whole number, not 0"),
    (lambda o: lr_scheduler.StepLR(o, 3, gamma=-1), ValueError, "gamma is a finite number that is not negative"),
    (lambda o: lr_scheduler.MultiStepLR(o, [1.5]), ValueError, "a milestone is a whole number that is not negative"),
    (lambda o: lr_scheduler.LinearLR(o, start_factor=0.0), ValueError, "start_factor is above 0 and at most 1"),
    (lambda o: lr_scheduler.LinearLR(o, end_factor=2.0), ValueError, "end_factor at most 1, not"),
    (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ValueError, "T_max is a positive whole number, not 0"),
    (lambda o: lr_scheduler.LambdaLR(o, 0.5), TypeError, r"lr_lambda is a function of the epoch, not 0\.5"),
    (lambda o: lr_scheduler.LambdaLR(o, lambda n: -1.0), ValueError, "lr is a finite number that is not negative"),
    (
        lambda o: lr_scheduler.LambdaLR(o, [abs, abs]),
        ValueError,
        "lr_lambda has 2 functions, and there are 1 parameter",
    ),
    (lambda o: lr_scheduler.LambdaLR(o, [0.5]), TypeError, r"lr_lambda is a function of the epoch, not 0\.5"),
    (lambda o: lr_scheduler.ConstantLR(o, 0.0), ValueError, "ConstantLR: factor is above 0 and at most 1, not 0"),
    (lambda o: lr_scheduler.ConstantLR(o, 1.5), ValueError, r"ConstantLR: factor is above 0 and at most 1, not 1\.5"),
    (lambda o: lr_scheduler.PolynomialLR(o, 0), ValueError, "total_iters is a positive whole number, not 0"),
    (lambda o: lr_scheduler.PolynomialLR(o, 5, -1.0), ValueError, "power is a finite number that is not negative"),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2.5), ValueError, "T_0 is a positive whole number, not"),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "T_mult is a positive whole number"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0), ValueError, "give total_steps, or epochs and steps_per_epoch"),
    (lambda o: lr_scheduler.OneCycleLR(o, [1.0, 2.0], 9), ValueError, "max_lr has 2 numbers, and there are 1"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=2), ValueError, "pct_start is a fraction of the steps"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, div_factor=0), ValueError, "div_factor is above 0, not 0"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, anneal_strategy="x"), ValueError, 'anneal_strategy is "cos" or'),
    (
        lambda o: lr_scheduler.OneCycleLR(optim.Adagrad(o.params), 1.0, 9),
        ValueError,
        "Adagrad has no momentum to",
    ),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="low"), ValueError, 'mode is "min" or "max"'),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, r"factor is below 1, not 1\.0"),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 1]), ValueError, "min_lr has 2 numbers, and there are 1"),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o).step("x"), TypeError, "step is given the number to watch, not 'x'"),
    (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "the list of schedules is empty"),
    (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]), ValueError, "1 schedules have 0 mile"),
    (lambda o: lr_scheduler.SequentialLR(o, [o], []), TypeError, "schedule 0 is a SGD"),
    (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "the list of schedules is empty"),
    (
        lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
        ValueError,
        "schedule 0 is ReduceLROnPlateau, which has to be told a number; step it beside",
    ),
    (
        lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(o, 1), lr_scheduler.StepLR(sgd(), 1)]),
        ValueError,
        "schedule 1 is that of another optimizer",
    ),
]


@pytest.mark.parametrize(
    ("make", "kind", "message"), BAD_SCHEDULES, ids=[message[:45] for *_, message in BAD_SCHEDULES]
)
def test_a_schedule_that_cannot_be_is_answered_with_a_sentence(make: Any, kind: Any, message: str) -> None:
    optimizer = sgd()
    with pytest.raises(kind, match=message):
        make(optimizer)
    assert optimizer.lr == 0.8


@pytest.mark.parametrize("epochs", range(1, 12))
def test_a_line_down_to_nothing_ends_at_nothing_and_not_below(epochs: int) -> None:
    for start in (0.1, 1 / 3, 0.7, 1.0):
        schedule = lr_scheduler.LinearLR(sgd(0.1), start, end_factor=0.0, total_iters=epochs)
        assert go(schedule, epochs + 2)[-3:] == pytest.approx([0.0] * 3, abs=1e-16)
