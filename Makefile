# Everything lives in .venv. `make demo` and `make test` each work alone on a fresh machine.
# Another interpreter: make test PYTHON=python3.12      Tables of your own: make demo DATA=folder
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := out/web-tracking

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo measure-demo test test-all test-browser lint format bench docs dock mutate faults fuzz map dist clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/core ## run the example study and write its report
	$(BIN)/datapolis run examples/web-tracking/study.toml $(DEMO) $(if $(DATA),--data "$(DATA)")
	@echo "The report lies in $(DEMO)/report.html"

measure-demo: $(VENV)/dev ## audit real tables of each kind, published figures beside ours
	DATA="$(DATA)" $(BIN)/python -m examples.measure out/measure

test: lint ## check style, types and layers, then run the tests: minutes, without Java or a browser
	$(BIN)/pytest

test-all: $(VENV)/dev ## run the outer ring of tests: Spark, a browser, processes, whole examples
	$(BIN)/pytest -m outer

test-browser: $(VENV)/dev ## drive the app in Chromium (BROWSER=path of another); pictures in out/screenshots
	BROWSER="$${BROWSER:-chromium}" $(BIN)/pytest -m outer tests/browser -n 0

lint: $(VENV)/dev ## check style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/dev ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev ## time the same work in datapolis and in its peers, side by side; an hour on a quiet machine
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/month.py --large
	$(BIN)/python benchmarks/scale.py
	PYTHONPATH=. $(BIN)/python benchmarks/ensemble.py
	$(BIN)/python benchmarks/tails.py
	DATA="$(DATA)" PYTHONPATH=. $(BIN)/python benchmarks/disclosure.py
	$(BIN)/python benchmarks/prices.py
	PYTHONPATH=. $(BIN)/python benchmarks/app_load.py --minutes 2

docs: $(VENV)/dev ## build the site of the documents into out/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dock: $(VENV)/dev ## compare the model with the one written a second time
	$(BIN)/python -m verification.docking

mutate: $(VENV)/dev ## change the mechanisms one place at a time: do the tests notice?
	$(BIN)/python -m verification.mutate

faults: $(VENV)/dev ## disturb small real jobs 200 times, spoil tables: does any of it go unnoticed? under an hour
	$(BIN)/python -m verification.faults
	$(BIN)/python -m verification.faults.statistical

fuzz: $(VENV)/dev ## let hostile studies, tables, uploads and links be read for an hour: does any do harm?
	$(BIN)/python -m verification.fuzz --minutes 60

map: $(VENV)/dev ## draw the map of outcomes anew, docs/map.svg: three minutes
	$(BIN)/python docs/make_map.py

dist: $(VENV)/dev ## build wheel and sdist into dist/, install each on its own and use it
	$(BIN)/python -m verification.release dist

clean: ## remove what was made here: .venv, out, caches
	rm -rf $(VENV) out build dist .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two marks, .venv/core and .venv/dev: what was installed, and when.
$(VENV)/core $(VENV)/dev: $(VENV)/%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements/$*.txt into $(VENV) (some minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "datapolis needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
