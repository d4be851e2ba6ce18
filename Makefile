# One command per habit. Every target prepares what it needs first.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
SOURCES := protocol subscriber events access verification streaming config consumers clients/python examples training benchmarks deploy tests

.PHONY: help setup setup-full demo serve mirror consumer up down test test-fast lint bench soak requirements docs schemas

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the other commands need
	@deploy/setup.sh

demo: setup ## watch people being verified, then keep serving (ONCE=1: end after the cases)
	@$(PYTHON) -m examples.demo

serve: setup ## the embedded product alone on http://127.0.0.1:$$PORT
	@$(PYTHON) -m config.supervisor

mirror: setup ## copy a client's records into a Kafka topic of its own (docs/mirror.md)
	@PYTHONPATH=.:clients/python $(PYTHON) -m consumers.mirror run

consumer: setup ## make a new service beside the product, with a test and a page: NAME=letters
	@$(PYTHON) -m examples.making $(if $(NAME),"$(NAME)",--help)

setup-full: ## and the servers of the full profile: PostgreSQL, Redis, and what Kafka runs on
	@deploy/setup.sh --full

up: setup-full ## the full profile over HTTPS on this machine: Kafka, PostgreSQL, Redis, every process
	@$(PYTHON) -m deploy.full up

down: ## stop what `make up` started; its state stays in var/full
	@$(PYTHON) -m deploy.full down

test: ## the whole suite, in real servers and a real browser: first what needs no servers, in two processes
	@deploy/setup.sh --full --browser
	@$(PYTHON) -m pytest -q -n 2 --dist worksteal -m "not slow"
	@$(PYTHON) -m pytest -q --durations=15 -m slow

test-fast: setup ## the part of the suite that needs no servers and no minutes
	@$(PYTHON) -m pytest -q -n 2 --dist worksteal -m "not slow"

lint: setup ## formatting, rules, types, and who may import whom
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy manage.py $(SOURCES)
	@PYTHONPATH=.:clients/python .venv/bin/lint-imports

bench: setup-full ## the promises with figures, one JSON line a claim
	@$(PYTHON) -m benchmarks.main_job
	@$(PYTHON) -m benchmarks.backbone
	@$(PYTHON) -m benchmarks.feed
	@$(PYTHON) -m benchmarks.decisions
	@$(PYTHON) -m benchmarks.early_warning
	@$(PYTHON) -m benchmarks.fraud

soak: setup-full ## the long kill test: 10,000 messages, 200 kills, one JSON line a claim (QUICK=1: 600 and 12)
	@$(PYTHON) -m benchmarks.soak $(if $(QUICK),--quick)

requirements: ## pin requirements/*.in anew
	@for name in service vision web dev peers; do \
	  .venv/bin/uv pip compile -q --no-header requirements/$$name.in -o requirements/$$name.txt; done

docs: setup ## print the pages that are made from tables and schemas of the code
	@$(PYTHON) -c 'from subscriber.metrics import printed; print(printed(), end="")' >docs/metrics.md
	@$(PYTHON) -m protocol.asyncapi

schemas: setup ## make the code of the schemas anew
	@PATH=$(CURDIR)/.venv/bin:$$PATH $(PYTHON) -m protocol.generate protocol/schemas examples/legacy/language
