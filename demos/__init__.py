"""Short scripts to run, to read and to change: `python -m demos.digits`, and what else demos/README.md lists."""

from importlib.util import find_spec

for _module, _package in {
    "matplotlib": "matplotlib",
    "names": "names",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}.items():
    if find_spec(_module) is None:
        raise ModuleNotFoundError(
            f"the demos need {_package}, which is not installed; from the folder of the repository, run\n"
            "  pip install -e '.[demos]'\n"
            "or `make demo`, which installs what is missing and runs them all",
            name=_module,
        )
