PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYNCED := $(VENV)/.synced
UV := uv==0.13.8

# Every command starts several Python processes; without cached bytecode each compiles for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak e2e shots browser medusa postgresql bench bench-facts bench-governing bench-replaying bench-predict check lock clean

help: ## list every target
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(SYNCED) ## make .venv and install what requirements.lock pins

demo: $(SYNCED) ## run the whole daily job for three simulated days against the sandbox
	$(BIN)/runwu demo

# Files stay whole, for what a module sets up once; they keep their order, which is longest first.
# Coverage is asked of rules/ alone, and costs half as much again: the other tests go without.
test: $(SYNCED) ## run the default tests, with full coverage asked of rules/
	$(BIN)/pytest tests/rules -m "not soak" -n 2 --dist loadfile --cov --cov-report=term:skip-covered
	$(BIN)/pytest --ignore=tests/e2e --ignore=tests/medusa --ignore=tests/rules -m "not soak" -n 2 --dist loadfile --no-loadscope-reorder

# The race has eight processes of its own: beside them, whoever waits for an answer waits too long.
soak: $(SYNCED) ## the long tests: kills, races, real flows, a demo, the pages of a run, a bench
	$(BIN)/pytest --ignore=tests/e2e --ignore=tests/medusa --ignore=tests/kill/test_race.py -m soak -n 2 --dist loadfile
	$(BIN)/pytest tests/kill/test_race.py

e2e: $(SYNCED) browser ## decide on reviews in a real browser, in both Prefect interfaces
	$(BIN)/pytest tests/e2e

shots: $(SYNCED) browser ## take the README's pictures anew
	RUNWU_SHOTS=docs $(BIN)/pytest tests/e2e

# In .runwu/medusa npm keeps what it installed, until tests/medusa/package.json names another version.
medusa: $(SYNCED) postgresql ## pull from a real Medusa 2 shop, change it, and pull again
	@{ command -v npm && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a == 20 ? +(b < 19) : a == 22 ? +(b < 12) : +(a < 22))'; } >/dev/null 2>&1 || { \
	  echo "make medusa needs Node.js 20.19 or 22.12 with npm; install it, then run it again" >&2; exit 2; }
	$(BIN)/pytest --confcutdir=tests/medusa tests/medusa

# Debian's PostgreSQL server, whose own cluster is left alone.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  command -v apt-get >/dev/null || { \
	    echo "make medusa needs PostgreSQL's server; install it, then run it again" >&2; exit 2; }; \
	  root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq -y postgresql >/dev/null; }

MEMBERS ?= 50000
ORDERS ?= 500000
bench: $(SYNCED) ## time a first load and a day against raw COPY; ORDERS=10000000 MEMBERS=1000000
	$(BIN)/python -m bench --members $(MEMBERS) --orders $(ORDERS)

bench-facts: $(SYNCED) ## time a rebuild of facts and segments, and a day, against DuckDB
	$(BIN)/python -m bench.knowing --members $(MEMBERS) --orders $(ORDERS)

bench-governing: $(SYNCED) ## time a morning's decisions against a bare INSERT ... SELECT; MEMBERS=1000000
	$(BIN)/python -m bench.governing --members $(MEMBERS)

bench-replaying: $(SYNCED) ## time a replay of recorded days against reading the same rows
	$(BIN)/python -m bench.replaying

bench-predict: $(SYNCED) ## say who orders next, on a public log and simulated shops, beside what others use
	$(BIN)/python -m bench.predict

# Debian's chromium, and a font in which Chinese is more than boxes.
browser:
	@{ command -v chromium && fc-list :lang=zh | grep -q .; } >/dev/null 2>&1 || { \
	  command -v apt-get >/dev/null || { \
	    echo "make e2e needs chromium and a Chinese font; install both, then run it again" >&2; \
	    exit 2; }; \
	  root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq -y chromium fonts-noto-cjk fontconfig >/dev/null; }

check: $(SYNCED) ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

lock: $(SYNCED) ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --all-extras --generate-hashes --no-header --quiet --upgrade -o requirements.lock

clean: ## stop what runwu started here and remove what was made
	-@[ ! -x $(BIN)/runwu ] || $(BIN)/runwu down
	rm -rf $(VENV) .runwu .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(SYNCED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "runwu needs Python 3.11 or later; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
