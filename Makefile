# Every target needs only python3 (3.11 or newer), make and git; see scripts/bootstrap.
.DEFAULT_GOAL := help
.PHONY: help setup demo test screenshots simulate workers-proof planted bench soak check format translations lock

PYTHON ?= python3
BIN := .venv/bin
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' Makefile

setup:  ## create .venv from the locked requirements
	@PYTHON='$(PYTHON)' scripts/bootstrap

demo: setup  ## sync sandboxed systems both ways, prove them equal, look around in the web (without a terminal: Salesforce, no web)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/crosswalk demo; else $(BIN)/crosswalk demo --once; fi

test: setup  ## run all tests; needs Chromium too, see scripts/chromium
	@CHROMIUM='$(CHROMIUM)' scripts/chromium
	@$(if $(CHROMIUM),CHROMIUM='$(CHROMIUM)' )$(BIN)/python -m pytest -n 2 --dist loadscope

screenshots: setup  ## take a picture of each page of a demo into docs/screenshots: light, dark and narrow
	@CHROMIUM='$(CHROMIUM)' scripts/chromium
	@$(if $(CHROMIUM),CHROMIUM='$(CHROMIUM)' )$(BIN)/python -m tests.screenshots

SEEDS ?= 100
simulate: setup  ## play SEEDS=100 histories of people, faults and deaths; SEED=n tells the story of one (CRM=dynamics: with that)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) $(if $(FIRST),--first $(FIRST))) $(if $(CRM),--crm $(CRM))

KILLS ?= 30
workers-proof: setup  ## kill and stop workers KILLS=30 times and restart their database; SEED=n repeats what a run printed
	@CROSSWALK_KILLS=$(KILLS) $(if $(SEED),CROSSWALK_SEED=$(SEED) )$(BIN)/python -m pytest -q -s tests/acceptance/test_workers_proof.py

planted: setup  ## plant known bugs in copies and show which test finds each; BUGS="name ..." plants only those
	@$(BIN)/python -m tests.planted $(BUGS)

bench: setup  ## measure calls and speed with both CRMs, 35 minutes; writes docs/benchmarks.md (RECORDS=1000000: memory at that size too)
	@PYTHON='$(PYTHON)' scripts/bootstrap .venv-bench bench
	@$(BIN)/python -m benchmarks --dlt .venv-bench/bin/python $(if $(RECORDS),--records $(RECORDS))

soak: setup  ## let people edit both sides under faults for MINUTES=20 while a worker runs; both sides must end equal
	@$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),20) $(if $(SEED),--seed $(SEED))

check: setup  ## formatting, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests $(wildcard benchmarks)
	$(BIN)/lint-imports --no-logo

format: setup  ## format the code and fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: setup  ## bring the translations in step with the code's texts, and say which are missing
	@$(BIN)/python scripts/translations

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(LOCKFLAGS)
lock: setup  ## compile requirements/*.txt from pyproject.toml (LOCKFLAGS=--upgrade for newer versions)
	$(COMPILE) --group bootstrap -o requirements/bootstrap.txt
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) --group bench -o requirements/bench.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
