# `make help` explains every target. Nothing but Python >= 3.11, make and git is needed; the stack (`make up`) needs Docker.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
INSTALLED := $(VENV)/.installed
API_TOOLS := $(VENV)/api-tools
ARGS ?=
JOBS ?= 4
KAFKA_CLASSES := $(VENV)/kafka-classes.jsa
# In the order of testpaths. The tests start hundreds of processes, which need not compile the same modules each time, nor
# Java read and verify the same classes and compile them for long runs.
RUN_TESTS = JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 -XX:SharedArchiveFile='$(CURDIR)/$(KAFKA_CLASSES)'" \
  PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11
# What installs Frontline: it has a lock file of its own, since it comes first.
INSTALLERS := uv hatchling hatch-vcs editables

.DEFAULT_GOAL := help
.PHONY: help setup run screenshots test test-fast test-e2e properties oracle bench bench-backtest bench-timers bench-intake bench-chat bench-board mutants check format types schemas lock lock-check tree up down logs clean test-fault test-fault-long api-fuzz api-lint

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Make .venv and install exactly what the lock files name, tests and checks included

$(INSTALLED): requirements-uv.lock requirements-dev.lock pyproject.toml testkit/pyproject.toml
	@sh deploy/install.sh dev $(PYTHON)
	@touch $@ $(RUNS)

# What `make run` needs. With tests and checks installed, an update is one of them as well.
$(RUNS): requirements-uv.lock requirements.lock pyproject.toml
	@sh deploy/install.sh $(if $(wildcard $(INSTALLED)),dev,run) $(PYTHON)
	@touch $@ $(wildcard $(INSTALLED))

run: $(RUNS) ## Start the whole system with demo traffic on a real Kafka; Ctrl-C stops it (ARGS=... go to `frontline demo`)
	@$(BIN)/frontline demo $(ARGS)

$(KAFKA_CLASSES): $(INSTALLED) shared/embedded_kafka/kafka-jars.lock
	@echo "Archiving the classes of Kafka for its starts in tests"
	@$(BIN)/python -m tests.harness.java_archive $@ || echo "Tests start Kafka without it, and take some two minutes longer" >&2

test: setup $(KAFKA_CLASSES) ## Run the whole test suite, the broker tests on a real Kafka included, JOBS=4 at a time (ARGS=... go to pytest)
	@$(RUN_TESTS) $(ARGS)

test-fast: setup ## Run only the tests that need no broker
	@$(BIN)/python -m pytest tests/unit tests/topology tests/contract $(ARGS)

test-e2e: setup ## Bring the compose stack up, drive it from the host, kill parts of it, take it down (needs Docker)
	@$(BIN)/python -m pytest tests/e2e --timeout 900 $(ARGS)

screenshots: setup ## Take the pictures of docs/images, and of every page at three widths in both themes, to look at (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots

test-fault: setup ## Inflict 60 faults on the whole system, and judge its log: some twelve minutes (ARGS="--seed N", --help)
	@$(BIN)/python -m tests.fault --faults 60 --fresh --journal .frontline/fault-short.jsonl $(ARGS)

test-fault-long: setup ## The same with 1,000 faults; stop it with Ctrl-C, it goes on there (ARGS="--faults N --seed N", --help)
	@$(BIN)/python -m tests.fault --faults 1000 $(ARGS)

properties: setup $(KAFKA_CLASSES) ## Try the properties with 20 times the examples of `make test`: some twenty minutes (ARGS=... go to pytest)
	@FRONTLINE_TEST_EXAMPLES=20 $(RUN_TESTS) --dist load -m hypothesis --timeout 3600 $(ARGS)

oracle: setup ## Judge business time in a million random cases; stop it with Ctrl-C, it goes on there (ARGS="--cases N", --help)
	@$(BIN)/python -m tests.oracle $(ARGS)

bench: setup ## Measure business time and decisions against their goals (ARGS=--strict exits 1 if one is missed, --help)
	@$(BIN)/python -m tests.bench $(ARGS)

bench-backtest: setup ## Measure how many events a backtest folds in a second of CPU (ARGS=--strict as above, --help)
	@$(BIN)/python -m tests.bench.backtest $(ARGS)

bench-timers: setup ## Measure how late timers are with a million open cases, and how a herd drains (ARGS=--strict as above, --help)
	@$(BIN)/python -m tests.bench.timers $(ARGS)

bench-intake: setup ## Measure intake under 200 submissions/s, and find each in Kafka (ARGS="--kill intake", "--kill kafka", --help)
	@$(BIN)/python -m tests.bench.intake_load $(ARGS)

bench-chat: setup ## Measure intake with 500 chats at once, and find each message in Kafka (ARGS="--kill intake", "--kill kafka", --help)
	@$(BIN)/python -m tests.bench.chat_load $(ARGS)

bench-board: setup ## Measure the board with 200,000 open cases under 500 events/s (ARGS=--kill, --strict, --help)
	@$(BIN)/python -m tests.bench.board_load $(ARGS)

mutants: setup ## Score the tests by mutants of calendar, clocks and escalation; stop it with Ctrl-C, it goes on there (ARGS=--help)
	@$(BIN)/python -m tests.mutation $(ARGS)

check: setup lock-check ## Lint, types, import rules, generated files and lock files up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/mypy
	@MYPYPATH=testkit:examples/paging:examples/paging/tests $(BIN)/mypy testkit/*.py examples/paging
	@$(BIN)/lint-imports
	@$(BIN)/python -m shared.contracts.schema_export --check
	@$(BIN)/python -m shared.contracts.stub_export --check
	@$(BIN)/python -m tests.contract.api_documents --check
	@$(BIN)/python testkit/generate_events.py --check

api-lint: setup $(API_TOOLS)/.installed ## Validate the API documents with Redocly and the parser of AsyncAPI (needs Node 20 or newer)
	@rm -rf $(API_TOOLS)/documents && $(BIN)/python -m tests.contract.api_documents --all $(API_TOOLS)/documents
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(API_TOOLS)/node_modules/.bin/redocly lint \
	  --config tests/contract/api_tools/redocly.yaml $(API_TOOLS)/documents/openapi.json $(API_TOOLS)/documents/board-openapi.json
	@node tests/contract/api_tools/asyncapi.mjs $(CURDIR)/$(API_TOOLS) $(API_TOOLS)/documents/*asyncapi.json

api-fuzz: setup ## Try intake and the board by their OpenAPI documents with Schemathesis: some six minutes, other calls each time
	@FRONTLINE_TEST_EXAMPLES=15 $(BIN)/python -m pytest tests/broker/test_openapi.py tests/broker/test_board_openapi.py --timeout 3600 $(ARGS)

# Versions and hashes are those of the lock file, from whatever registry npm uses; no package runs a script.
$(API_TOOLS)/.installed: $(INSTALLED) tests/contract/api_tools/package.json tests/contract/api_tools/package-lock.json
	@command -v npm >/dev/null || { echo "make api-lint needs Node 20 or newer, with npm" >&2; exit 1; }
	@mkdir -p $(API_TOOLS) && cp tests/contract/api_tools/package*.json $(API_TOOLS)
	@npm ci --prefix $(API_TOOLS) --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

tree: setup ## List every file with its first sentence (ARGS=shared/sla: one folder)
	@$(BIN)/python -m tests.contract.tree $(ARGS)

format: setup ## Format the code and apply the safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schemas: setup ## Write the JSON Schemas of the events, their types here and in the kit, and the API documents in docs/, again
	@$(BIN)/python -m shared.contracts.schema_export
	@$(BIN)/python -m shared.contracts.stub_export
	@$(BIN)/python -m tests.contract.api_documents
	@$(BIN)/python testkit/generate_events.py

lock: setup ## Bring the lock files up to date with pyproject.toml (ARGS=--upgrade for newer versions)
	@$(COMPILE) $(ARGS) pyproject.toml -o requirements.lock
	@$(COMPILE) $(ARGS) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@printf '%s\n' $(INSTALLERS) | $(COMPILE) -c requirements-dev.lock - -o requirements-uv.lock

lock-check: setup
	@rm -rf $(VENV)/lock-check && mkdir $(VENV)/lock-check && cp requirements*.lock $(VENV)/lock-check
	@$(COMPILE) pyproject.toml -o $(VENV)/lock-check/requirements.lock
	@$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o $(VENV)/lock-check/requirements-dev.lock
	@printf '%s\n' $(INSTALLERS) | $(COMPILE) -c requirements-dev.lock - -o $(VENV)/lock-check/requirements-uv.lock
	@for f in requirements.lock requirements-dev.lock requirements-uv.lock; do \
	  diff -q $$f $(VENV)/lock-check/$$f >/dev/null || { echo "$$f is not up to date with pyproject.toml; run: make lock" >&2; exit 1; }; done

up: ## Start the same system with Docker Compose on the official Kafka image, wait until it is ready, and say where it is
	@sh deploy/up.sh

down: ## Stop the compose stack and remove its data
	docker compose down --volumes --remove-orphans

logs: ## Follow the logs of the compose stack
	@trap 'exit 0' INT; docker compose logs --follow --tail 100 # Ctrl-C is how it ends

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist
