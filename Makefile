# One command each. `make setup` builds the environment in .venv from the hashed lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: setup demo demo-data test test-fast soak check app bench clean browser lock

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Cartera needs Python 3.11, 3.12 or 3.13; run: make PYTHON=python3.12 " + "setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/python -m orchestration.transform
	@touch $@

demo: setup
	$(BIN)/cartera demo

demo-data: setup
	$(BIN)/cartera demo --no-serve

browser: setup
	@$(BIN)/python -m tests.browser.ensure_chromium

test: setup browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: setup
	$(BIN)/python -m pytest -m "not slow"

# ten times the mutated files, more orders of delivery, and other random companies at each run
soak: setup
	CARTERA_FUZZ_CFDIS=10000 CARTERA_FUZZ_FILES=3000 CARTERA_FUZZ_ORDERS=100 CARTERA_FUZZ_COMPANIES=300 \
	  $(BIN)/python -m pytest --timeout 14400 tests/dbt/test_odd_registers.py tests/dbt/test_random_companies.py \
	  tests/dbt/test_ledger_reference.py \
	  tests/ingestion/test_mutants.py tests/ingestion/test_corpus.py tests/ingestion/test_cfdi_fuzz.py \
	  tests/ingestion/test_tables_fuzz.py tests/end_to_end/test_laws.py tests/end_to_end/test_late_documents.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests
	$(BIN)/python -m tests.portability

app: setup
	$(BIN)/cartera app

bench: setup
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --no-strip-extras --quiet -o requirements.lock

clean:
	rm -rf demo-home dbt_project/target dbt_project/logs .pytest_cache .ruff_cache .mypy_cache .hypothesis
