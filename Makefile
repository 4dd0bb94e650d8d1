# One command each; every one builds what it needs.  All paths are relative, so any folder name will do.
#
#   make check     decide every claim of every paper check; the bound on the bundled scores
#   make test      the tests            make slow   also the long proofs and searches
#   make figures   every figure, under out/figures
#   make bench     ratios against named peers
#   make lint      style and types      make wheel  the wheel, under dist
#   make clean     remove what the others made, .venv included
#
# Python 3.11 or newer: `make check PYTHON=python3.12` chooses the interpreter.  The network is needed once, to install.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
HCONSIST := $(VENV)/bin/hconsist
PARALLEL := --numprocesses auto --dist loadfile
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check

.PHONY: check test slow figures bench lint wheel clean

check: $(VENV)/.installed
	$(HCONSIST) bound sum-exponential logistic gce:q=0.7 mae --scores digits --method published --method sharp
	$(HCONSIST) check --all

test: $(VENV)/.test
	$(RUN) -m pytest $(PARALLEL)

slow: $(VENV)/.test
	$(RUN) -m pytest $(PARALLEL) -m "slow or not slow"

figures: $(VENV)/.installed
	$(HCONSIST) figure --all --format png,pdf,svg --output out/figures

bench: $(VENV)/.test
	for script in benchmarks/bench_*.py; do $(RUN) "$$script" || exit; done

lint: $(VENV)/.dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

wheel: $(VENV)/.dev
	rm -rf build dist
	$(RUN) -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) build dist out *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN):
	@"$(PYTHON)" -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else 1)' || { \
	    echo "hconsist needs Python 3.11 or newer, and '$(PYTHON)' is not one (`"$(PYTHON)" --version 2>&1 | head -1`)."; \
	    echo "Name another interpreter: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# A stamp per set of requirements: a second run asks the network for nothing.
$(VENV)/.installed: setup.cfg pyproject.toml | $(RUN)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(INSTALL) --editable ".[test]"
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	$(INSTALL) --editable ".[dev]"
	@touch $@
