# Two commands matter: `make lab` to open the lectures, `make test` to test everything.
# Windows has no make as a rule; README.md gives the conda way.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILD := build
PARALLEL := --numprocesses=auto

.PHONY: help setup lab check test test-lecture sources outputs results section tested published lint benchmark \
    bench-live bench-server site pictures constraints clean
.DEFAULT_GOAL := help

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1 — /p' $(MAKEFILE_LIST)

setup: $(READY)  ## create .venv and install everything; instant, and offline, once that is done

$(READY): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[test]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "lecturekit needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	    echo "Name a newer one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { \
	    rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

lab: setup  ## open JupyterLab on your own copy of the notebooks, made or refreshed first
	$(BIN)/lecturekit lab

check: setup lint  ## a minute: lint, types, and the tests next to what changed (BASE=… since when)
	@$(BIN)/python tests/changed.py $(BASE) | xargs $(BIN)/python -m pytest \
	    $(PARALLEL) --quiet -m "not lecture and not browser and not notebook"

test: setup lint  ## lint, types, import floors, and all tests but the lecture's own
	$(BIN)/python -m pytest $(PARALLEL) --dist=worksteal -m "not lecture" --ignore=tests/benchmarks

# LECTUREKIT_DATA names a folder that is not there: the embedded data, whatever was fetched before.
test-lecture: setup  ## every notebook as a student runs it, compared with its stored outputs
	LECTUREKIT_PROFILE=cpu LECTUREKIT_STRICT=1 LECTUREKIT_DATA=none \
	    $(BIN)/python -m pytest -p tests.notebooks.unix_sockets --nbval-lax --nbval-current-env \
	    --nbval-sanitize-with=tests/notebooks/sanitize.cfg \
	    --nbval-cell-timeout=600 --timeout=0 $(PARALLEL) --dist=loadfile notebooks
	$(BIN)/python -m pytest $(PARALLEL) -m lecture tests

sources: setup  ## strip the notebooks to the form in which they are committed
	-$(BIN)/python tests/notebooks/sources.py notebooks/*.ipynb

outputs: setup  ## renew the outputs that are stored and compared (NOTEBOOK=… for one notebook)
	$(BIN)/python tests/notebooks/sources.py --execute $(or $(NOTEBOOK),notebooks/*.ipynb)

results: setup  ## write docs/results.md from the recorded numbers of `lecturekit reproduce`
	$(BIN)/python -m lecturekit.reproduce.results docs/results.md

section: setup  ## write the skeleton of a new section: make section STEM=flows N=7
	$(BIN)/python tests/skeleton/write.py $(STEM) $(N)

tested: setup  ## run the tests, and note in docs/tested.md with what they passed
	$(BIN)/python -m tests.tested

published: setup  ## enter where the project is published: make published REPOSITORY=https://github.com/…
	$(BIN)/python -m tests.published $(REPOSITORY)

lint: setup  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: setup  ## speed, as ratios to raw matrix products and to peers
	$(BIN)/python -m pytest tests/benchmarks

bench-live: setup  ## what live pictures cost and how fast they follow, in a real page
	$(BIN)/python tests/benchmarks/bench_live.py

bench-server: setup  ## memory and processor time of students on one server
	$(BIN)/python tests/benchmarks/bench_server.py

site: setup  ## write the lectures as a book with recorded runs, under build/site
	$(BIN)/lecturekit site $(BUILD)/site

pictures: site  ## draw the README's moving picture from the recorded runs
	$(BIN)/python tests/pictures.py $(BUILD)/site

# A local build tag such as +cpu belongs to one machine, so it is cut off.
constraints: setup  ## renew constraints.txt from what is installed in .venv
	@sed '/^[^#]/d' constraints.txt > $(VENV)/constraints
	@$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' >> $(VENV)/constraints
	@cp $(VENV)/constraints constraints.txt && rm $(VENV)/constraints

clean:  ## remove what was built, and .venv
	rm -rf $(VENV) $(BUILD) dist *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache .benchmarks
