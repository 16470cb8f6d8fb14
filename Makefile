# Everything runs in .venv, which `make setup` makes from the lock file. Needs only make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: docs fuzz render migration help setup run run-split test test-long test-split lint format lock
.DELETE_ON_ERROR:

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make .venv with all dependencies and the command samenzaak

# The stamp comes last, so an interrupted installation is repeated. The lock is complete, so nothing is resolved; what is
# imported is compiled then, and most of it never is. The build back end is in the lock, so installing the project itself
# needs neither isolation nor a network.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Samenzaak needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV), which takes a minute"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --progress-bar off --no-compile \
		--no-deps --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --progress-bar off \
		--no-index --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## start everything with demo data on http://localhost:8000
	@$(BIN)/samenzaak serve --demo

run-split: setup ## the same in separate processes: gateway, six services and a worker
	@$(BIN)/samenzaak serve-split --demo

# What is different between separate processes: rights that one process changes and another must hear of, pools of which
# each has its own, relations and notifications that cross from one to another over a network, and errors that come from
# either side of it. The rest of what these folders test is the same code with the same answer; test-long runs it all.
APART := tests/autorisaties tests/foundation/test_order.py \
	tests/isolation/test_resources.py::test_thousands_of_mixed_requests_none_wrong \
	tests/notificaties/test_delivery.py tests/notificaties/test_kenmerken.py \
	tests/relaties/test_spiegelen.py tests/relaties/test_verwijderen.py tests/relaties/test_zaak_terug.py

test: lint ## check style and types, and run all tests
	@$(BIN)/python -m pytest
	@SAMENZAAK_TEST_SPLIT=1 $(BIN)/python -m pytest -n 2 $(APART)

test-long: setup ## run the tests of endurance (some minutes), and all that speak HTTP against separate processes
	@$(BIN)/python -m pytest -m long -n 2
	@$(MAKE) --no-print-directory test-split

test-split: setup ## run all tests that speak HTTP against separate processes
	@SAMENZAAK_TEST_SPLIT=1 $(BIN)/python -m pytest -m "long or not long" -n 2

lint: setup ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .

format: setup ## repair the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

render: setup ## render the overlays of k8s/ for the tests (needs kubectl)
	@$(BIN)/python -m tests.k8s.render

docs: setup ## write docs/conformance.md and docs/cli.md from the code and the tests
	@$(BIN)/python -m tests.contract.conformance
	@$(BIN)/python -m tests.architecture.cli_page

migration: setup ## write the migration of a changed table: make migration SERVICE=zaken WHAT="A keyword of a zaak"
	@$(BIN)/python -W ignore -m beheer.new_migration "$(SERVICE)" "$(WHAT)"

fuzz: setup ## send requests that the OAS allows and forbids to a running Samenzaak (some minutes)
	@$(BIN)/python -m tests.fuzz

# requirements.lock is for development, requirements-runtime.lock is the part of it that goes into an image.
UV ?= uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" pyproject.toml
lock: ## renew the lock files (needs uv; UPGRADE=--upgrade for newer versions)
	@$(LOCK) --group dev $(UPGRADE) --output-file requirements.lock
	@$(LOCK) --constraint requirements.lock --output-file requirements-runtime.lock
