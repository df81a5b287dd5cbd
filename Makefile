SHELL := bash
PYTHON_IN_VENV := .venv/bin/python
STACK := $(PYTHON_IN_VENV) -m stack
# One process more than there are cores, for a third of a test's time goes by in waiting, each with a PostgreSQL and a sandbox of its own;
# a file stays in one, for what its tests share, and the folders with the longest come first.
WORKERS = $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 4 ? cores + 1 : 5)))
IN_PARALLEL = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
UV_COMPILE := $(PYTHON_IN_VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help compose-check dbt-check dingtalk-script fab-check lineage-check machines metrics-check setup demo smoke test soak crash mutate up status logs down clean lint lock bench bench-quick screenshots

help: ## List what can be made.
	@printf 'orgsync: make TARGET\n\n'
	@while IFS= read -r line; do \
		[[ $$line =~ ^([a-z-]+):[^#]*##\ (.*)$$ ]] && printf '  %-11s %s\n' "$${BASH_REMATCH[1]}" "$${BASH_REMATCH[2]}"; \
	done <Makefile; true

setup: ## Make .venv with the locked packages; does nothing if nothing changed.
	@bin/setup

demo: setup ## Start everything, sync the sandbox's organization, print a report, serve until Ctrl-C.
	@$(STACK) demo

smoke: setup ## The same in a fresh folder, then evolve the organization, sync again, check the warehouse, exit.
	@$(STACK) smoke

test: setup ## Run all tests; ARGS goes to pytest, for example ARGS="tests/unit -x".
	@$(PYTHON_IN_VENV) -m pytest $(IN_PARALLEL) $(ARGS)

soak: setup ## Hold ten thousand random evolutions of history against the model; takes the better part of an hour.
	@$(PYTHON_IN_VENV) -m tests.integration.soak $(ARGS)

crash: setup ## Kill whoever syncs or delivers at every single step, strike each platform with every fault; takes some minutes.
	@$(PYTHON_IN_VENV) -m pytest $(IN_PARALLEL) --exhaustive $(addprefix tests/integration/,test_crash.py test_sending_crash.py test_fault_matrix.py test_plan.py test_budgets.py test_names.py test_retraction.py test_receiver.py test_events_of_the_sandbox.py test_forgetting.py) tests/unit/platforms/hearing $(ARGS)

mutate: setup ## Change the pure modules a little, see whether their unit tests notice; some minutes, ARGS="quota" for one.
	@$(PYTHON_IN_VENV) -m tests.mutation $(ARGS)

up: setup ## Start the local stack and return.
	@$(STACK) up

status: setup ## Say what runs, and where.
	@$(STACK) status

logs: setup ## Follow the logs of all processes until Ctrl-C.
	@$(STACK) logs

down: ## Stop the local stack; its data stays.
	@if [[ -x $(PYTHON_IN_VENV) ]]; then $(STACK) down; else echo "nothing runs: there is no .venv"; fi

clean: ## Stop the local stack and delete all that it wrote (.orgsync); .venv stays.
	@if [[ -x $(PYTHON_IN_VENV) ]]; then $(STACK) clean; else rm -rf .orgsync; fi

lint: setup ## Check style and types.
	$(PYTHON_IN_VENV) -m ruff check
	$(PYTHON_IN_VENV) -m ruff format --check
	$(PYTHON_IN_VENV) -m mypy

lock: setup ## Resolve each requirements*.txt into its lock file.
	$(UV_COMPILE) requirements-dev.txt -o requirements-dev.lock
	$(UV_COMPILE) requirements.txt -c requirements-dev.lock -o requirements.lock
	$(UV_COMPILE) requirements-celery.txt -c <(sed -nE 's/^([a-z0-9].*==.*) \\$$/\1/p' requirements.lock | grep -v '^python-dateutil==') -o requirements-celery.lock
	$(UV_COMPILE) bench/peers/requirements.txt -o bench/peers/requirements.lock
	$(UV_COMPILE) dbt/requirements.txt -o dbt/requirements.lock

fab-check: setup ## Sign somebody in through Airflow's FAB provider, in an environment of its own; some minutes.
	@[[ -x .venv-fab/bin/python ]] || $(PYTHON_IN_VENV) -m venv .venv-fab
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-fab/bin/python --require-hashes -r requirements-dev.lock
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-fab/bin/python -r requirements-fab.txt
	@PYTHONPATH=plugins .venv-fab/bin/python -m tests.sign_in.fab_check

machines: setup ## Sync with Airflow's CeleryExecutor, two workers that share no folder and an S3 server, and kill workers; some minutes.
	@[[ -x .venv-celery/bin/python ]] || $(PYTHON_IN_VENV) -m venv .venv-celery
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-celery/bin/python --require-hashes -r requirements-celery.lock
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-celery/bin/python -r requirements-machines.txt -c requirements-celery.lock
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-celery/bin/python --no-deps --no-build-isolation -e .
	@ORGSYNC_BROKER=$$(bin/setup-broker) .venv-celery/bin/python -m pytest -s -W default --timeout 1800 tests/machines $(ARGS)

compose-check: setup ## Run the compose file in real containers (podman, as root on Debian), from build to restore and upgrade; some 15 minutes.
	@$(PYTHON_IN_VENV) -m tests.containers $(ARGS)

dbt-check: setup ## Build the dbt project over a warehouse that has read the sandbox, in an environment of its own; a minute.
	@[[ -x .venv-dbt/bin/dbt ]] || $(PYTHON_IN_VENV) -m uv venv --quiet --clear --no-project --python $(PYTHON_IN_VENV) .venv-dbt
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-dbt/bin/python --require-hashes -r dbt/requirements.lock
	@PYTHONPATH=plugins $(PYTHON_IN_VENV) -m tests.dbt_check

lineage-check: setup ## Collect what OpenLineage's provider tells of syncs on a local stack, in an environment of its own; two minutes.
	@[[ -x .venv-lineage/bin/python ]] || $(PYTHON_IN_VENV) -m venv .venv-lineage
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-lineage/bin/python --require-hashes -r requirements-dev.lock
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-lineage/bin/python -r requirements-lineage.txt
	@$(PYTHON_IN_VENV) -m uv pip install --quiet --python .venv-lineage/bin/python --no-deps --no-build-isolation -e .
	@.venv-lineage/bin/python -m tests.lineage_check $(ARGS)

metrics-check: setup ## Sync on a local stack, and ask a real Prometheus every query of the Grafana dashboard (needs Debian's prometheus); two minutes.
	@$(PYTHON_IN_VENV) -m tests.metrics_check $(ARGS)

dingtalk-script: ## Build what asks DingTalk's client for a code (needs npm); the built file is committed.
	cd include/pages/dingtalk && npm ci --silent && npm run --silent build && rm -rf node_modules

bench: setup ## Measure all that docs/benchmarks.md tells, and write it; ARGS="load" for a part, ARGS="--help" for which there are.
	@$(PYTHON_IN_VENV) -m bench $(ARGS)

bench-quick: setup ## Whether all of that can be measured and written: small, and into no file.
	@$(PYTHON_IN_VENV) -m bench --quick

screenshots: setup ## Make the pictures of docs/explorer.md, from the pages as they are.
	@$(PYTHON_IN_VENV) -m tests.pages.screenshots
