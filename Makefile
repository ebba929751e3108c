# Everything runs from the virtual environment, which is set up from the locks when they change.
# PYTHON names the interpreter to make it with: python3, unless that is older than 3.11.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; echo python3)
VENV := .venv/bin/python
RUN_LOCK := requirements.txt
TEST_LOCKS := requirements.txt requirements-dev.txt
SOURCES := shop catalog orders traceability admin tests $(wildcard bench) wsgi.py
COMPILE := -m piptools compile --quiet --generate-hashes --strip-extras --no-header --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.PHONY: help run test check browser soak bench messages lock clean python

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: python ## start everything on http://127.0.0.1:8000
	@$(PYTHON) bin/setup.py $(RUN_LOCK)
	@exec bin/duikou up

test: python ## run the tests
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	@$(VENV) -m pytest -n 2 --dist worksteal -m "not browser and not soak" $(ARGS)

check: python ## lint, format, types, architecture
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy $(SOURCES)
	$(VENV) -m pytest -q tests/test_architecture.py

browser: python ## run the tests that drive Chromium
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	@$(VENV) -m pytest -n 2 -m browser tests/system $(ARGS)

soak: python ## run the full repetition counts
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	@$(VENV) -m pytest -m soak $(ARGS)

bench: python ## measure, and write the results
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	@$(VENV) -m bench $(ARGS)

messages: python ## bring the English catalogue up to date with the code
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	@$(VENV) bin/messages.py

lock: python ## lock the libraries named in the .in files
	@$(PYTHON) bin/setup.py $(TEST_LOCKS)
	$(VENV) $(COMPILE) --output-file requirements.txt requirements.in
	$(VENV) $(COMPILE) --output-file requirements-dev.txt requirements-dev.in

clean: ## remove the environment and all caches; the data folder stays
	rm -rf .venv .test-cluster .mypy_cache .ruff_cache .pytest_cache .hypothesis .setup.lock
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo "setup  | Python 3.11 or newer is needed, and $(PYTHON) was not found." >&2; exit 1; }
