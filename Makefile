# Every command sets up what it needs by itself; only Python 3.11+ and make are assumed.
.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage otherday weather soak check audit sbom format bench fuzz attack lock clean

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
READY  := $(VENV)/.ready
PARALLEL ?= auto

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(READY) ## .venv with every dependency

# uv installs in seconds what takes pip half a minute; without a wheel for it pip does the work.
$(READY): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Easel needs Python 3.11 or newer; none was found. Install one, or run make PYTHON=/path/to/python3."; exit 1; }
	@echo "Setting up $(VENV), once: $$(grep -c '^[a-z].*==' requirements-dev.txt) packages for Easel, its stand-in Canvas and its tests. This takes about a minute."
	@test -x $(BIN)/python || { echo "  1 of 3: an environment of its own for Python"; $(PYTHON) -m venv $(VENV); }
	@echo "  2 of 3: uv, which installs the others quickly"
	@awk '/^uv==/{on=1} on{print} on && !/\\$$/{exit}' requirements-dev.txt > $(VENV)/uv.txt
	@if $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r $(VENV)/uv.txt; then \
		echo "  3 of 3: the packages"; \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt; \
	else \
		echo "  3 of 3: the packages, with pip, which takes longer: there is no uv for this machine"; \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt; \
	fi
	@touch $@

demo: $(READY) ## Easel and a stand-in Canvas; prints one URL
	@$(BIN)/python demo.py

test: $(READY) ## every test; at another moment with NOW=2026-11-30T00:10-07:00
	$(BIN)/python -m pytest -n $(PARALLEL)

coverage: $(READY) ## every test, with the lines and branches that none reaches
	$(BIN)/python -m pytest -n $(PARALLEL) --cov --cov-report=term

otherday: $(READY) ## unit and functional tests at a moment that changes with the day of the year
	@NOW=$${NOW:-$$($(BIN)/python -m tests.moment)} && export NOW && \
	echo "The unit and functional tests at another moment; again: make otherday NOW=$$NOW" && \
	$(BIN)/python -m pytest -n $(PARALLEL) -m "not anyday" tests/unit tests/functional

check: $(READY) ## format, lint, types, import contracts, known weaknesses of dependencies, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory audit || echo "The checks go on: a weakness that becomes known is no fault of a change. Renew with: make lock"
	$(MAKE) --no-print-directory test

format: $(READY) ## mend what the formatter and the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

WEATHER := $(addprefix tests/functional/test_,weather.py readiness.py redis_lost.py deploy.py turns.py server.py sign_in_shared.py)
weather: $(READY) ## what people see while each part is away: the table of docs/operations.md
	$(BIN)/python -m pytest -n $(PARALLEL) $(WEATHER)

soak: $(READY) ## people use two Easels while parts are killed; SOAK_SECONDS= (600), SOAK_SEED=
	@$(BIN)/python -m bench.soak

bench: $(READY) ## the client side by side with others
	@$(BIN)/python -m bench

fuzz: $(READY) ## hostile requests and spoiled answers; FUZZ_REQUESTS=, FUZZ_ANSWERS=, FUZZ_SEED=
	@$(BIN)/python -m fuzz

attack: $(READY) ## what others notice while somebody attacks; ATTACK_SECONDS=
	@$(BIN)/python -m fuzz attack

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --python-version 3.11 pyproject.toml

lock: $(READY) ## renew the pinned requirement files from pyproject.toml
	$(LOCK) --upgrade --extra redis --extra postgres --output-file requirements.txt
	$(LOCK) --upgrade --all-extras --output-file requirements-dev.txt

# uv reads its own lock file only: it gets one with exactly the versions of the requirement files.
LOCKED := $(VENV)/locked
SBOM := easel.cdx.json
NO_NETWORK := ^(error| *cause):.*(sending request|Request failed|Failed to fetch|dns error)

$(LOCKED)/pyproject.toml: pyproject.toml requirements-dev.txt
	@mkdir -p $(LOCKED) && cp README.md LICENSE $(LOCKED)
	@{ cat pyproject.toml; printf '\n[tool.uv]\nconstraint-dependencies = [\n'; \
		sed -nE 's/^([A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\\]*[^ \\]).*$$/  "\1",/p' requirements-dev.txt; echo ']'; } > $@

audit: $(READY) $(LOCKED)/pyproject.toml ## known weaknesses of the dependencies (osv.dev); says so without a network
	@{ $(BIN)/uv lock --quiet --project $(LOCKED) && \
		$(BIN)/uv audit --preview-features audit-command --project $(LOCKED) --frozen; } > $(LOCKED)/audit.txt 2>&1; \
	status=$$?; \
	if [ $$status -ne 0 ] && grep -qE '$(NO_NETWORK)' $(LOCKED)/audit.txt; then \
		echo "The dependencies were NOT audited: osv.dev or the package index cannot be reached from here."; \
	else cat $(LOCKED)/audit.txt; exit $$status; fi

sbom: $(READY) $(LOCKED)/pyproject.toml ## what a deployment installs, as CycloneDX JSON in $(SBOM); needs a network
	@$(BIN)/uv lock --quiet --project $(LOCKED)
	@$(BIN)/uv export --quiet --preview-features sbom-export --project $(LOCKED) --frozen --format cyclonedx1.5 \
		--extra redis --extra postgres --output-file $(CURDIR)/$(SBOM)
	@echo "$(SBOM): what requirements.txt pins, with hashes."

clean: ## remove what the other commands made
	rm -rf $(VENV) instance $(SBOM) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
