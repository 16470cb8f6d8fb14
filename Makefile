# Everything runs in .venv, which `make setup` makes from the lock file. Needs only make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Who sets this, as images do, would have each of some dozens of processes compile everything again that it imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: docs examples guides node fuzz render migration help setup run run-split test tests tests-apart test-long test-shuffled test-split lint format lock
.DELETE_ON_ERROR:

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) guides ## make .venv with all dependencies, the command samenzaak and the guides

# The stamp comes last, so an interrupted installation is repeated. The lock is complete, so nothing is resolved; what is
# imported is compiled then, and most of it never is. The build back end is in the lock, so installing the project itself
# needs neither isolation nor a network. The pip of the lock comes first: that of older Pythons needs twice the time.
# What pip does is work for one processor, so several install a part of the lock each.
PIP := $(BIN)/python -m pip
PIP_OPTIONS := -qq --disable-pip-version-check --progress-bar off --no-compile
FROM_LOCK := $(PIP_OPTIONS) --no-deps --require-hashes --only-binary :all:
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Samenzaak needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV), which takes half a minute"
	@$(PYTHON) -m venv $(VENV)
	@awk '/^[^ #]/ { part = /^pip==/ ? "first" : n++ % 3 } part != "" { print > "$(VENV)/" part ".lock" }' requirements.lock
	@$(PIP) install $(FROM_LOCK) -r $(VENV)/first.lock
	@printf '%s\n' 0 1 2 | xargs -P 3 -I PART $(PIP) install $(FROM_LOCK) -r $(VENV)/PART.lock
	@$(PIP) install $(PIP_OPTIONS) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# Takes some seconds, and nothing when docs/ is as it was.
guides: $(READY) ## build the guides, which the gateway serves at /docs
	@$(BIN)/python -m guides.build

# What tests run with Node.js; without npm, or without a network, they are skipped.
NODE := tests/node
node: $(NODE)/node_modules/.package-lock.json ## install what tests run with Node.js (needs npm)
$(NODE)/node_modules/.package-lock.json: $(NODE)/package-lock.json
	@cd $(NODE) && npm ci --silent

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

# Each of the three waits for something half of its time, so side by side they take little longer than the longest. What
# one of them says comes in one piece, at its end. Style and types need no guides, which are built meanwhile.
test: $(READY) ## check style and types, and run all tests
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target tests lint tests-apart

tests: setup
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node || true; fi
	@$(BIN)/python -m pytest

tests-apart: setup
	@SAMENZAAK_TEST_SPLIT=1 $(BIN)/python -m pytest -n 1 $(APART)

# Those that have the common municipality together, in one random order; test-shuffled has all, in any.
SHARING := tests/aanval tests/autorisaties tests/besluiten tests/catalogi tests/foundation tests/isolation \
	tests/relaties tests/zaken tests/zgw

test-long: setup ## run the tests of endurance (some minutes), and all that speak HTTP against separate processes
	@$(BIN)/python -m pytest -m long -n 2
	@$(BIN)/python -m tests.shuffled 1 $(SHARING)
	@$(MAKE) --no-print-directory test-split

SEED ?= 1
test-shuffled: setup ## run all tests of `make test` with their files in a random order (SEED=1)
	@$(BIN)/python -m tests.shuffled $(SEED)

test-split: setup ## run all tests that speak HTTP against separate processes
	@SAMENZAAK_TEST_SPLIT=1 $(BIN)/python -m pytest -m "long or not long" -n 2

lint: $(READY) ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .

format: $(READY) ## repair the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

render: $(READY) ## render the overlays of k8s/ for the tests (needs kubectl)
	@$(BIN)/python -m tests.k8s.render

docs: $(READY) ## write docs/conformance.md, docs/cli.md and docs/applications/README.md from the code and the tests
	@$(BIN)/python -m tests.contract.conformance
	@$(BIN)/python -m tests.architecture.cli_page
	@$(BIN)/python -m tests.profiel.matrix

examples: $(READY) ## send the requests of the examples in the OAS, and write down what is answered
	@$(BIN)/python -m tests.oas.replay

migration: $(READY) ## write the migration of a changed table: make migration SERVICE=zaken WHAT="A keyword of a zaak"
	@$(BIN)/python -W ignore -m beheer.new_migration "$(SERVICE)" "$(WHAT)"

fuzz: $(READY) ## send requests that the OAS allows and forbids to a running Samenzaak (some minutes)
	@$(BIN)/python -m tests.fuzz

# requirements.lock is for development, requirements-runtime.lock is the part of it that goes into an image, and
# requirements-guides.lock the part that builds the guides for one.
UV ?= uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"
LOCK := $(COMPILE) pyproject.toml
lock: ## renew the lock files (needs uv; UPGRADE=--upgrade for newer versions)
	@$(LOCK) --group dev $(UPGRADE) --output-file requirements.lock
	@$(LOCK) --constraint requirements.lock --output-file requirements-runtime.lock
	@$(COMPILE) --group guides --constraint requirements.lock --output-file requirements-guides.lock
