# `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

SECONDS ?= 60

# The tests start some hundred processes; without compiled files each would compile the bot again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test soak lint bench docs picture texts clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | sort

# `python -m`, because the scripts of a virtual environment name its folder, which may have been renamed.
# One stamp per requirements file: pip runs again only when the file has changed.
$(VENV)/.run: requirements.txt
	$(PYTHON) -m pulse.ops.platforms
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: $(VENV)/.run ## start the bot: in Slack with tokens, else in the rehearsal on this machine
	$(BIN)/python bot.py

test: $(VENV)/.dev ## lint, types and all tests, the long ones bounded
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n 4 --dist worksteal

soak: $(VENV)/.dev ## the long tests at their whole length, about a quarter of an hour
	$(BIN)/python -m pytest -n 4 --dist worksteal -m soak

lint: $(VENV)/.dev ## fix what the linter can fix, then list the rest
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(BIN)/python -m mypy

docs: $(VENV)/.run ## make docs/baselines.md again from the ledger
	$(BIN)/python docs/make_baselines.py

texts: $(VENV)/.dev ## bring the catalogues in step with the code, and compile them
	$(BIN)/python docs/make_texts.py

picture: $(VENV)/.dev ## take the README's picture again, from the running page in Chromium
	env -u CI PULSE_GOLDEN=1 $(BIN)/python -m pytest -q tests/test_picture.py

bench: $(VENV)/.run ## measure the bot on this machine, about 20 minutes; SECONDS=2 for a short look
	$(BIN)/python -m bench --seconds $(SECONDS)

clean: ## forget the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
