# One command per habit. Every target prepares what it needs first.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
SOURCES := protocol subscriber events access verification streaming config consumers examples training benchmarks tests

.PHONY: help setup demo serve test test-fast lint bench requirements schemas

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the other commands need
	@deploy/setup.sh

demo: setup ## watch people being verified, then keep serving (ONCE=1: end after the cases)
	@$(PYTHON) -m examples.demo

serve: setup ## the embedded product alone on http://127.0.0.1:$$PORT
	@$(PYTHON) -m config.supervisor

test: setup ## the whole suite
	@$(PYTHON) -m pytest -q

test-fast: setup ## the part of the suite that needs no servers and no minutes
	@$(PYTHON) -m pytest -q -m "not slow"

lint: setup ## formatting, rules, types, and who may import whom
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy manage.py $(SOURCES)
	@PYTHONPATH=. .venv/bin/lint-imports

bench: setup ## the promises with figures, one JSON line a claim
	@$(PYTHON) -m benchmarks.main_job

requirements: ## pin requirements/*.in anew
	@for name in service vision web dev; do \
	  .venv/bin/uv pip compile -q --no-header requirements/$$name.in -o requirements/$$name.txt; done

schemas: setup ## make the code of protocol/schemas anew
	@PATH=$(CURDIR)/.venv/bin:$$PATH $(PYTHON) -m protocol.generate
