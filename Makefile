# `make` lists the commands. Each sets up what it needs first (.ci/set-up), which takes no time once done.

# Options for the command that runs, as in: make run ARGS="--set trainer.batch_size=64"
ARGS =
CONFIG = configs/digits.yaml

python := .venv/bin/python
code := $(wildcard pipeline components trainer kubeflow benchmarks examples tests)

.DEFAULT_GOAL := help
.PHONY: help set-up run test test-slow bench bench-scale lint format lock image clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-11s %s\n", $$1, $$2 }'
	@echo
	@echo '  ARGS="..." passes options on: make test ARGS="-k backbone",'
	@echo '  make run CONFIG=configs/flowers.yaml ARGS="--set trainer.batch_size=64"'

run: set-up ## run the whole pipeline on the built-in sample
	$(python) -m pipeline run $(CONFIG) $(ARGS)

# A file's tests stay together: they share what took minutes to make. tests/conftest.py orders the files.
in_parallel := --numprocesses auto --dist loadfile --no-loadscope-reorder

test: lint ## lint, then pass the tests
	$(python) -m pytest $(in_parallel) $(ARGS)

# pytest ends with 5 when it has no such test.
test-slow: set-up ## pass the tests that take longest
	$(python) -m pytest -m slow $(in_parallel) $(ARGS) || test $$? -eq 5

bench: set-up ## measure time and accuracy against a plain script and stock TFX (an hour)
	$(python) -m benchmarks.compare $(ARGS)

bench-scale: set-up ## measure how time, memory and disk grow with the images (an hour, 8 GB)
	$(python) -m benchmarks.scale $(ARGS)

lint: set-up ## check style and types
	$(python) -m ruff check $(code) setup.py
	$(python) -m ruff format --check $(code) setup.py
	$(python) -m mypy $(code)

format: set-up ## rewrite the code in the style that lint checks
	$(python) -m ruff check --fix $(code) setup.py
	$(python) -m ruff format $(code) setup.py

set-up: ## install what is missing into .venv
	@.ci/set-up

lock: ## choose the versions in requirements.lock again from setup.py (ARGS=--upgrade: the newest)
	@.ci/lock $(ARGS)

image: ## build the container image for a cluster (ARGS="--target gpu --name REGISTRY/NAME")
	@kubeflow/image/build $(ARGS)

clean: ## remove .venv and what builds and tests leave (what pipelines produced stays)
	rm -rf .venv .venv.old .venv.lock build *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find $(code) -name __pycache__ -prune -exec rm -rf {} +
