# Two commands are all a newcomer needs: `make demo` and `make test`. Each builds .venv the first time.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test soak test-matrix fuzz check format bench pictures clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

demo: $(VENV)/demos ## the main job: digits, moons, a checked gradient, pictures in out/
	$(BIN)/python -m demos.main

test: $(VENV)/test ## every test, against PyTorch
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

soak: $(VENV)/test ## training of 100,000 steps and graphs of 1,000,000 Values; an hour
	SOAK=1 $(BIN)/python -m pytest -v tests/test_long_runs.py --durations 0

test-matrix: ## every test on the oldest and newest Python and NumPy; MATRIX="-x tests/nn" is for pytest
	$(PYTHON) -m tests.matrix $(MATRIX)

fuzz: $(VENV)/test ## 100,000 random programs, eager, jitted, twice differentiated and beside PyTorch; FUZZ="--seed 7" goes on
	$(BIN)/python -m tests.fuzz $(FUZZ)

check: $(VENV)/dev ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev ## lay out the code as `make check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/bench ## speed and memory beside the peers; writes the table of the README and its pictures
	$(BIN)/python -m tests.benchmarks

pictures: $(VENV)/test ## the pictures of the README, anew; needs Chromium
	$(BIN)/python -m demos.pictures

clean: ## remove the virtual environment and everything that was built
	rm -rf $(VENV) .matrix out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One stamp an extra: it is installed when its stamp is older than pyproject.toml, and not looked at otherwise.
$(VENV)/demos: EXTRAS := demos
$(VENV)/test:  EXTRAS := demos,test
$(VENV)/dev:   EXTRAS := dev
$(VENV)/bench: EXTRAS := bench

$(VENV)/demos $(VENV)/test $(VENV)/dev $(VENV)/bench: pyproject.toml | $(BIN)/python
	@echo "Installing autograd_mini[$(EXTRAS)] into $(VENV) ..."
	@$(PIP) --editable ".[$(EXTRAS)]"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
