"""What `make demo` runs: all demos; and what it says where an extra is missing."""

from __future__ import annotations

import importlib
import importlib.util
import inspect

import pytest

import demos
from demos import digits, main, moons, neuron


def test_the_files_written_are_listed_last(tmp_path, capsys):
    files = main.main(tmp_path, [neuron])
    assert files == [tmp_path / "neuron.svg", tmp_path / "neuron.html"]
    assert capsys.readouterr().out.splitlines()[-2:] == [f"  {file}" for file in files]


def test_every_demo_is_run_and_says_what_to_look_at_and_what_to_change():
    assert set(main.DEMOS) == {neuron, digits, moons}
    assert main.DEMOS[-1] is neuron  # the microscope and the marks come last
    for demo in main.DEMOS:
        assert "\nLook at\n" in demo.__doc__
        _, change = demo.__doc__.split("\nChange\n")
        settings = [line.split()[0] for line in change.splitlines() if line.startswith("    ") and line[4] != " "]
        assert set(settings) <= set(inspect.signature(demo.main).parameters)


@pytest.mark.parametrize(
    ("module", "package"),
    [("matplotlib", "matplotlib"), ("names", "names"), ("sklearn", "scikit-learn"), ("tqdm", "tqdm")],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(module, package, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == module else find_spec(name, *rest)
    )
    with pytest.raises(ModuleNotFoundError, match=rf"need {package}(.|\n)*pip install -e '\.\[demos\]'"):
        importlib.reload(demos)
