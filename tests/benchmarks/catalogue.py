"""The workloads and what is aimed at, as in the design's table, and the curves that show how time grows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.contest import Contestant
from tests.benchmarks.problems import nodes
from tests.benchmarks.race import Race

MICROGRAD = Contestant("micrograd", "micrograd")
CASADI = Contestant("CasADi", "casadi")
PYTORCH = Contestant("PyTorch eager", "pytorch")
COMPILED = Contestant("PyTorch compiled", "pytorch", {"compiled": True})
JAX = Contestant("JAX jit", "jax")
MYGRAD = Contestant("MyGrad", "mygrad")
HIPS = Contestant("HIPS autograd", "hips")
SCIKIT_LEARN = Contestant("scikit-learn", "scikit_learn")
BY_HAND = Contestant("NumPy by hand", "by_hand")
C_BY_HAND = Contestant("C by hand", "c")

EAGER, NUMPY, FAST, FIRST = "eager", "jit (NumPy)", "jit (fast)", "jit, first step"
STEP, FAST_STEP = "step (NumPy)", "step (fast)"  # the whole step in one program: gradients and update too
MODES = {EAGER: "eager", NUMPY: "jit", FAST: "fast", FIRST: "first", STEP: "step", FAST_STEP: "fast step"}


def ours(label: str, workload: str, **options: Any) -> Contestant:
    return Contestant(label, "ours", {"mode": MODES[label], **options}, workload)


def _tensors(dtype: str, tolerance: float) -> Race:
    return Race(
        f"T-{dtype}",
        f"MLP 2-16-16-1 as tensors, batch 100, {dtype}",
        "tensor_moons",
        [
            *[ours(EAGER, "T1"), *[ours(label, "T2") for label in (NUMPY, STEP, FAST, FAST_STEP)]],
            *[PYTORCH, COMPILED, JAX, MYGRAD, HIPS, BY_HAND, C_BY_HAND],
        ],
        {"dtype": dtype},
        tolerance,
    )


RACES = [
    Race(
        "S",
        "micrograd's moons, MLP 2-16-16-1 of single numbers, 100 samples, 65,077 nodes",
        "scalar_moons",
        [ours(EAGER, "S1"), ours(NUMPY, "S2"), ours(FAST, "S2"), ours(FIRST, "S3"), MICROGRAD, CASADI],
    ),
    _tensors("float32", 1e-4),
    _tensors("float64", 1e-9),
    Race(
        "T3",
        "MLP 784-256-128-10, batch 128, float32",
        "wide_net",
        [
            *[ours(label, "T3") for label in (EAGER, NUMPY, STEP, FAST, FAST_STEP)],
            *[PYTORCH, COMPILED, JAX, MYGRAD, HIPS, SCIKIT_LEARN],
        ],
        tolerance=1e-3,
    ),
    Race(
        "K1",
        "MLP 64-32-10 on 128 digits, float32",
        "digits_net",
        [*[ours(label, "K1") for label in (EAGER, NUMPY, STEP, FAST, FAST_STEP)], PYTORCH, SCIKIT_LEARN],
        tolerance=1e-3,
    ),
    Race(
        "N1",
        "recurrent net, 50 steps, 8-32-1, batch 16, float32",
        "sequences",
        [*[ours(label, "N1") for label in (EAGER, NUMPY, STEP, FAST, FAST_STEP)], PYTORCH, JAX, MYGRAD, HIPS],
        tolerance=1e-3,
    ),
    Race(
        "C1",
        "convolutional net on 32 digits, 8 and 16 channels, float32",
        "pictures",
        [*[ours(label, "C1") for label in (EAGER, NUMPY, STEP, FAST, FAST_STEP)], PYTORCH, COMPILED, JAX],
        tolerance=1e-3,
    ),
    Race(
        "G1",
        "a chain of 1,000,000 scalar adds, forward and backward",
        "chain",
        [
            Contestant(EAGER, "ours", workload="G1"),
            PYTORCH,
            Contestant("ours, gc off", "ours", {"collector": False}),
        ],
        learns=False,
    ),
]


@dataclass(frozen=True)
class Aim:
    """How many times as long as we ``peer`` should take, by the design's table."""

    workload: str
    ours: str
    peer: str
    ratio: float


AIMS = [
    Aim("S1", EAGER, "micrograd", 10),
    Aim("S2", NUMPY, "micrograd", 800),
    Aim("S2", FAST, "micrograd", 4000),
    Aim("S2", FAST, "CasADi", 1.2),
    Aim("S3", FIRST, "micrograd", 1 / 0.35),
    Aim("T1", EAGER, "PyTorch eager", 3),
    Aim("T2", NUMPY, "PyTorch eager", 5),
    Aim("T2", STEP, "JAX jit", 1),
    Aim("T2", FAST_STEP, "PyTorch eager", 10),
    Aim("T2", FAST_STEP, "JAX jit", 2),
    Aim("T2", FAST_STEP, "C by hand", 1 / 2),
    Aim("T3", EAGER, "PyTorch eager", 0.8),
    Aim("T3", STEP, "PyTorch eager", 1),
    Aim("N1", NUMPY, "PyTorch eager", 1),
    Aim("C1", NUMPY, "PyTorch eager", 1),
    Aim("G1", EAGER, "PyTorch eager", 5),
]


@dataclass(frozen=True)
class Curve:
    """The same problem at several sizes."""

    name: str
    axis: str  # what grows, for the picture
    problem: str
    setting: str  # the setting of the problem that grows
    sizes: list[int]
    contestants: list[Contestant]
    rival: Contestant  # whom the title of the picture names
    unit: str  # of the axis, behind a number
    place: Callable[[int], int] = int  # of a size on the axis


_EVERY = [ours(EAGER, "T1"), ours(NUMPY, "T2"), ours(FAST, "T2"), PYTORCH, JAX, MYGRAD]
CURVES = [
    Curve(
        "nodes",
        "nodes of the graph (MLP 2-16-16-1 of single numbers, 1 to 100 samples)",
        "scalar_moons",
        "samples",
        [1, 3, 10, 30, 100],
        [ours(EAGER, "S1"), ours(NUMPY, "S2"), ours(FAST, "S2"), MICROGRAD, CASADI],
        MICROGRAD,
        "nodes",
        nodes,
    ),
    Curve(
        "width",
        "width w of an MLP 2-w-w-1 (batch 100, float32)",
        "tensor_moons",
        "width",
        [4, 16, 64, 256, 1024],
        _EVERY,
        PYTORCH,
        "units wide",
    ),
    Curve(
        "batch",
        "batch size (MLP 2-16-16-1, float32)",
        "tensor_moons",
        "samples",
        [1, 10, 100, 1000, 10000],
        _EVERY,
        PYTORCH,
        "samples",
    ),
]
