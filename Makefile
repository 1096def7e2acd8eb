# Everything a person or CI runs. `make help` names the targets.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
CLIENTS := tests/conformance/node
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help demo test check clients conformance eval assault hostile kills outages month fix bench docs pictures site lock clean

help: ## List these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' \
		| awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.runs ## Run the worker on a sample company's leads in a local sandbox (about 1 minute)
	@$(BIN)/routeready demo $(if $(JSON),--json $(JSON))

test: $(VENV)/.tests ## Run all tests
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.tests ## Run lint, type checks, layer checks and all tests; must pass before every commit
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

clients: $(CLIENTS)/node_modules/.package-lock.json ## Install the Node.js clients used by tests/conformance (needs npm)

conformance: $(VENV)/.tests clients ## Test the sandbox with the vendors' own and other public clients
	@$(BIN)/pytest -q tests/conformance

eval: $(VENV)/.tests ## Compare the prompts with main: PROMOTE, REJECT or HOLD (a few minutes, no key; MODEL=name runs a model, TASK=name one prompt)
	@$(BIN)/python -m evals.commands compare --base $(or $(BASE),main) $(if $(MODEL),--model $(MODEL)) $(if $(TASK),--task $(TASK))

assault: $(VENV)/.tests ## Test the guards with 100,000 tool calls of a hostile model (a few minutes)
	@$(BIN)/python -m tests.assault 100000

kills: $(VENV)/.tests ## Kill the worker 200 times on each database (about 20 minutes each; goes on where it was ended)
	@$(BIN)/python -m tests.kills 200 sqlite
	@$(BIN)/python -m tests.kills 200 postgresql

outages: $(VENV)/.tests ## Take away each vendor and the database, for minutes and for days (about 30 minutes for each database; goes on where it was ended)
	@$(BIN)/python -m tests.outages sqlite
	@$(BIN)/python -m tests.outages postgresql

hostile: $(VENV)/.tests ## Corrupt 2,000 values on the wire and see who suffers (about 40 minutes; goes on where it was ended)
	@$(BIN)/python -m tests.hostile 2000 1 var/hostile

month: $(VENV)/.tests ## Simulate a month of 2,000 leads and 40 reps (about 10 minutes)
	@MONTH_LEADS=2000 MONTH_DAYS=30 $(BIN)/pytest -q tests/e2e/test_month.py

fix: $(VENV)/.tests ## Format the code, and fix what lint can fix
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(VENV)/.tests ## Measure API calls, time and memory
	@$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.tests ## Regenerate the generated parts of docs/
	@$(BIN)/python docs/generate.py

pictures: $(VENV)/.tests ## Take the README's pictures anew, from the demo (some minutes, needs chromium)
	@$(BIN)/python docs/pictures.py

site: $(VENV)/.site ## Build the documentation site into var/site; a dead link fails it
	@$(BIN)/zensical build --clean --strict
	@echo "To read it: $(BIN)/python -m http.server --directory var/site 8751"

lock: ## Resolve the dependencies again, with hashes (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--extra postgres --group build -o requirements.lock pyproject.toml
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--extra postgres --extra evals --extra otel --group build --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--group pyproject.toml:docs -c requirements-dev.lock -o requirements-docs.lock

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis var

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	@cd $(CLIENTS) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "routeready needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runs: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: $(VENV)/.runs requirements-dev.lock
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.site: $(VENV)/.python requirements-docs.lock
	@echo "Installing what the site needs (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@
