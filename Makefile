# make check: the main job.  make check-full: larger instances too.  make test: the tests.
# make recheck: the certificates alone.  make certificates: write them anew.
# make mutate: mutation testing of the model and of its proofs; hours, and it goes on where it was interrupted.
# make readme: README and tutorial with the output of today's commands.
# Each creates .venv itself.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: check check-full certificates recheck mutate test lint readme clean

check: $(STAMP)
	$(BIN)/sockproof check

check-full: $(STAMP)
	$(BIN)/sockproof check --full

certificates: $(STAMP)
	$(BIN)/sockproof certify

recheck: $(STAMP)
	$(BIN)/python proofs/recheck.py

mutate: $(STAMP)
	$(BIN)/sockproof mutate --write docs/mutation.md
	$(BIN)/sockproof mutate --proofs --write docs/mutation-proofs.md

test: $(STAMP)
	$(BIN)/pytest -n auto

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

readme: $(STAMP)
	$(BIN)/python docs/pages.py

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
