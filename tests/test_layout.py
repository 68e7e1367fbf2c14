"""The arrows of the design: who may import whom, and what the public face of each package looks like."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd_mini

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("autograd_mini", "nn", "optim")
OPTIONAL = {"scipy", "matplotlib", "sklearn", "tqdm", "numba", "graphviz", "safetensors", "torch", "cloudpickle"}

# What a finished graph is read with.
LOOKING = {
    "autograd_mini.ops.",
    "autograd_mini.node",
    "autograd_mini.text",
    "autograd_mini.graph",
    "autograd_mini.backward",
    "autograd_mini.value",
}

# What a module of autograd_mini may import of it. A name that ends in a dot stands for all that lies in it.
ARROWS: dict[str, set[str]] = {
    "autograd_mini.ops.": {"autograd_mini.ops."},
    "autograd_mini.modes": {"autograd_mini.ops."},
    "autograd_mini.carrying": {"autograd_mini.modes"},
    "autograd_mini.scope": {"autograd_mini.ops."},
    "autograd_mini.node": {"autograd_mini.ops."},
    "autograd_mini.errors": {"autograd_mini.ops."},
    "autograd_mini.operands": {"autograd_mini.ops.", "autograd_mini.node", "autograd_mini.errors"},
    "autograd_mini.copying": {"autograd_mini.node"},
    "autograd_mini.arithmetic": {"autograd_mini.ops."},
    "autograd_mini.absent": {"autograd_mini.ops."},
    "autograd_mini.numpy_refusals": {"autograd_mini.ops."},
    "autograd_mini.numpy_protocol": {"autograd_mini.ops.", "autograd_mini.numpy_refusals"},
    "autograd_mini.conversions": {
        "autograd_mini.ops.",
        "autograd_mini.node",
        "autograd_mini.modes",
        "autograd_mini.numpy_protocol",
    },
    "autograd_mini.backward": {"autograd_mini.ops.", "autograd_mini.node", "autograd_mini.modes"},
    "autograd_mini.value": {
        "autograd_mini.ops.",
        "autograd_mini.node",
        "autograd_mini.copying",
        "autograd_mini.operands",
        "autograd_mini.absent",
        "autograd_mini.arithmetic",
        "autograd_mini.conversions",
        "autograd_mini.backward",
        "autograd_mini.modes",
        "autograd_mini.scope",
    },
    "autograd_mini.tree": set(),
    "autograd_mini.text": {"autograd_mini.ops."},
    "autograd_mini.graph": {"autograd_mini.ops.", "autograd_mini.node", "autograd_mini.text", "autograd_mini.value"},
    "autograd_mini.forward": {
        "autograd_mini.ops.",
        "autograd_mini.node",
        "autograd_mini.modes",
        "autograd_mini.backward",
        "autograd_mini.value",
    },
    "autograd_mini.transforms": {
        "autograd_mini.ops.",
        "autograd_mini.node",
        "autograd_mini.tree",
        "autograd_mini.modes",
        "autograd_mini.backward",
        "autograd_mini.forward",
        "autograd_mini.value",
    },
    # What looks at a finished graph: each room on what lies below it, the microscope on the derivation by hand too
    "autograd_mini.by_hand.": {"autograd_mini.by_hand.", "autograd_mini.arithmetic", *LOOKING},
    "autograd_mini.draw.": {"autograd_mini.draw.", "autograd_mini.by_hand.", "autograd_mini.scope", *LOOKING},
    "autograd_mini.diagnosis.": {"autograd_mini.diagnosis.", "autograd_mini.modes", *LOOKING},
    "autograd_mini.anomaly": {
        "autograd_mini.anomaly_report",
        "autograd_mini.modes",
        "autograd_mini.scope",
        "autograd_mini.diagnosis.",
        *LOOKING,
    },
    "autograd_mini.anomaly_report": {"autograd_mini.diagnosis.", *LOOKING},
    "autograd_mini.finite_differences.": {
        "autograd_mini.finite_differences.",
        "autograd_mini.modes",
        "autograd_mini.tree",
        *LOOKING,
    },
    "autograd_mini.expression_text": set(),
    "autograd_mini.expression": {"autograd_mini.expression_text", "autograd_mini.expression_functions", *LOOKING},
    "autograd_mini.expression_functions": {"autograd_mini.ops.", "autograd_mini.arithmetic"},
    "autograd_mini.custom": {"autograd_mini.modes", "autograd_mini.by_hand.symbol", *LOOKING},
    # A jitted function takes the place of almost everything; what numba compiles knows of nothing
    "autograd_mini.compiler.": {
        "autograd_mini.compiler.",
        "autograd_mini.conversions",
        "autograd_mini.errors",
        "autograd_mini.forward",
        "autograd_mini.modes",
        "autograd_mini.numpy_protocol",
        "autograd_mini.operands",
        "autograd_mini.scope",
        "autograd_mini.transforms",
        "autograd_mini.tree",
        *LOOKING,
    },
    "autograd_mini.compiler.native.interpreter": set(),
    "autograd_mini.whole_file": set(),
    "autograd_mini.npz": {"autograd_mini.whole_file"},
}
# Of the pictures only the microscope writes formulas
for room in ("dot", "drawing", "svg", "layout", "picture", "modules", "collapse"):
    ARROWS[f"autograd_mini.draw.{room}"] = ARROWS["autograd_mini.draw."] - {"autograd_mini.by_hand."}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports_of(tree: ast.AST, *, nested: bool = True) -> Iterator[tuple[str, ast.stmt]]:
    """Each imported module, or module.name where a module of that name exists."""
    for node in ast.walk(tree) if nested else ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in MODULES else node.module or ""), node


def matches(name: str, patterns: set[str]) -> bool:
    return any(name == p.rstrip(".") or (p.endswith(".") and name.startswith(p)) for p in patterns)


def test_the_packages_are_found() -> None:
    assert {"autograd_mini", "autograd_mini.ops.pointwise", "nn", "optim"} <= set(MODULES)


def test_every_engine_module_has_its_arrows() -> None:
    engine = {name for name in MODULES if name.startswith("autograd_mini.")}
    assert {name for name in engine if not matches(name, set(ARROWS))} == {"autograd_mini.__main__"}  # imports all


@pytest.mark.parametrize("name", sorted(MODULES))
def test_an_engine_module_imports_only_what_lies_below_it(name: str) -> None:
    for pattern, below in ARROWS.items():
        if matches(name, {pattern}):
            ours = {imported for imported, _ in imports_of(TREES[name]) if imported.split(".")[0] == "autograd_mini"}
            assert {imported for imported in ours if not matches(imported, below)} == set()


@pytest.mark.parametrize("name", [name for name in sorted(MODULES) if name.startswith("autograd_mini.ops")])
def test_the_ops_know_of_numpy_only(name: str) -> None:
    thirds = {imported.split(".")[0] for imported, _ in imports_of(TREES[name], nested=False)}
    standard = sys.stdlib_module_names
    assert thirds - standard <= {"numpy", "autograd_mini"}
    everywhere = {imported.split(".")[0] for imported, _ in imports_of(TREES[name])}
    assert everywhere - standard <= {"numpy", "autograd_mini", "scipy"}


@pytest.mark.parametrize("name", [name for name in sorted(MODULES) if name.split(".")[0] in ("nn", "optim")])
def test_nn_and_optim_use_the_public_names_only_and_never_each_other(name: str) -> None:
    own = name.split(".")[0]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                assert top not in {"nn", "optim"} - {own}, f"line {node.lineno}"
                assert top != "autograd_mini" or alias.name == "autograd_mini", f"line {node.lineno}"
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").split(".")[0]
            assert top not in {"nn", "optim"} - {own}, f"line {node.lineno}"
            if top == "autograd_mini":
                assert node.module == "autograd_mini", f"line {node.lineno}"
                assert {alias.name for alias in node.names} <= set(autograd_mini.__all__), f"line {node.lineno}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "autograd_mini":
            assert node.attr in autograd_mini.__all__, f"line {node.lineno}: autograd_mini.{node.attr}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_pytorch_and_the_tests_are_imported_nowhere_in_the_packages(name: str) -> None:
    tops = {imported.split(".")[0] for imported, _ in imports_of(TREES[name])}
    assert tops & {"torch", "tests", "demos", "pytest", "hypothesis"} == set()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_an_import_inside_a_function_is_of_an_optional_dependency(name: str) -> None:
    at_the_top = {id(node) for _, node in imports_of(TREES[name], nested=False)}
    inside = {imported.split(".")[0] for imported, node in imports_of(TREES[name]) if id(node) not in at_the_top}
    typing_only = {
        imported.split(".")[0]
        for block in ast.iter_child_nodes(TREES[name])
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for imported, _ in imports_of(block)
    }
    assert inside - typing_only <= OPTIONAL


def test_no_import_cycles() -> None:
    graph = {name: {i for i, _ in imports_of(tree) if i in MODULES and i != name} for name, tree in TREES.items()}
    # ``from autograd_mini import ops`` also runs autograd_mini/__init__.py, which may only sit above its own modules
    for name, imported in graph.items():
        if name.startswith("autograd_mini."):
            imported.discard("autograd_mini")
    done: list[str] = []
    while graph.keys() - set(done):
        free = [name for name, imported in graph.items() if name not in done and imported <= set(done)]
        assert free, f"a cycle among {sorted(graph.keys() - set(done))}"
        done += free


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_opens_with_a_sentence(name: str) -> None:
    docstring = ast.get_docstring(TREES[name])
    assert docstring
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":", "``", "?"))


@pytest.mark.parametrize("folder", ["", ".codegen", ".guards", ".passes", ".tracing"])
def test_the_guide_to_the_compiler_names_each_of_its_files(folder: str) -> None:
    package = f"autograd_mini.compiler{folder}"
    guide = ast.get_docstring(TREES[package]) or ""
    files = {name.removeprefix(f"{package}.").split(".")[0] for name in MODULES if name.startswith(f"{package}.")}
    assert files == set(re.findall(r"``(\w+)/?``", guide))


# ---------------------------------------------------------------- the public face

WITH_ALL = [*PACKAGES, "autograd_mini.ops"]


def ruffs_order(name: str) -> tuple[bool, bool, list[str | int]]:
    """SCREAMING names first, then classes, then functions, and log2 before log10, as ruff's RUF022 has it."""
    parts = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
    return not name.isupper(), not name[0].isupper(), parts


@pytest.mark.parametrize("name", WITH_ALL)
def test_all_is_sorted_and_complete(name: str) -> None:
    module = importlib.import_module(name)
    names = list(module.__all__)
    assert len(names) == len(set(names))
    assert [n for n in names if not hasattr(module, n)] == []
    assert [n for n in names if n.startswith("_")] == []
    if name != "autograd_mini":  # the ops come in as a list of their own, behind the rest
        assert names == sorted(names, key=ruffs_order)


def test_the_ops_are_public_names_of_the_engine() -> None:
    ours = [name for name in autograd_mini.__all__ if name not in autograd_mini.ops.__all__]
    assert ours == sorted(ours)
    assert set(autograd_mini.ops.__all__) <= set(autograd_mini.__all__)


PUBLIC = [(package, name) for package in PACKAGES for name in getattr(importlib.import_module(package), "__all__", ())]


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[f"{package}.{name}" for package, name in PUBLIC])
def test_a_public_name_has_a_docstring_with_an_example(package: str, name: str) -> None:
    thing: Any = getattr(importlib.import_module(package), name)
    if inspect.ismodule(thing):
        assert thing.__doc__
        return
    docstring = inspect.getdoc(thing) or ""
    assert docstring.split("\n")[0].endswith((".", ":", ")", "`"))
    assert doctest.DocTestParser().get_examples(docstring), f"{package}.{name} has no >>> example"
