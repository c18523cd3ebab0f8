# What can be done here. Everything runs on this machine, in .venv; state is kept in .counterfoil.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := .venv/bin
export PYTHON ?= python3
# A folder with transactions_*.csv and questions_*.jsonl: make eval DATA=folder
DATA ?=
ARGS ?=
# A folder with us_bank_regs or tau_banking in it: make eval ARTICLES=folder
ARTICLES ?=

.PHONY: run setup test test-postgres check browser node simulator eval faults bench lock

run: setup  ## everything on http://127.0.0.1:8080
	@exec $(BIN)/counterfoil serve

setup:
	@tools/setup.sh

test: check browser node simulator  ## every check and every test, on two cores, a file at a time on each
	$(BIN)/pytest --numprocesses 2 --dist loadfile

test-postgres: setup  ## the tests on PostgreSQL instead of SQLite, a server of their own; ARGS are pytest's
	@tools/postgres.sh $(ARGS)

check: setup  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The tests of the chat page open it in Chromium. Without one they are skipped, and say so.
browser:
	@command -v chromium chromium-browser >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	} || echo "There is no Chromium: the tests of the chat page are skipped. As root: apt-get install chromium"

# Tests of logins run against an OpenID provider that is written for Node 20 or newer. Without one they are skipped, and say so.
node:
	@command -v node >/dev/null && command -v npm >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm; \
	} || echo "There is no Node: tests against another's OpenID provider are skipped. As root: apt-get install nodejs npm"

# These are in no lock: something that inspect-evals asks for, and that the simulator does without, may not be to be had.
simulator: setup  ## what counterfoil eval tau --model needs
	@[ -d .venv/simulator ] || { rm -rf .venv/simulator.new \
		&& $(BIN)/uv pip install --quiet --target .venv/simulator.new --no-deps inspect-evals==0.28.0 toml==0.10.2 \
		&& mv .venv/simulator.new .venv/simulator; } \
		|| echo "The simulator cannot be installed: its tests are skipped."

eval: setup  ## how good the answers are, in under ten minutes; it fails below a floor of evals/gates.toml
	$(BIN)/counterfoil eval run
	$(if $(DATA),$(BIN)/counterfoil eval cards --data $(DATA),@echo "Card questions were not asked: make eval DATA=folder")
	$(if $(DATA),$(BIN)/counterfoil eval cards --data $(DATA) --reworded dev)
	$(if $(DATA),$(BIN)/counterfoil eval cards --data $(DATA) --reworded held)
	$(if $(ARTICLES),$(BIN)/counterfoil eval articles --data $(ARTICLES),@echo "Articles were not asked: make eval ARTICLES=folder")

faults: setup  ## orders that something goes wrong in the middle of, in process and with servers killed; ARGS are its own
	$(BIN)/python -m evals.faults $(ARGS)

bench: setup  ## how fast
	$(BIN)/python -m evals.bench

# After a change of the dependencies in pyproject.toml. The libraries for GPUs are left out: nothing here uses them.
lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate pyproject.toml \
		| grep -Ev '^(nvidia|cuda|triton)' > requirements.lock.new
	mv requirements.lock.new requirements.lock
