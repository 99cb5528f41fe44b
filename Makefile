# Two commands: `make lab` builds and proves the labs on the embedded sandbox, `make test` tests everything.
PYTHON ?= $(call python,3.11 3.12 3.13,python3)
VENV ?= .venv
# The series of Python that are tested; a missing one is said, not skipped in silence.
SERIES ?= 3.11 3.13
INVENTORY ?= inventory/sandbox
# What `make audit` audits
LAB ?= secure-ingestion
# What `make regrade` judges again
FROM ?= reports/latest
export SANDBOX_PORT ?= 4566
export ANSIBLE_FORCE_COLOR ?= $(shell test -t 1 && echo 1 || echo 0)

BIN = $(VENV)/bin
# Ansible comes with some 100 collections, and compiling those that nobody uses here takes long.
NOT_COMPILED = 'ansible_collections/(?!(amazon|ansible|community/aws)/)'
SANDBOX = $(BIN)/python -m labproof.sandbox
PORT = --port $(SANDBOX_PORT)
# The first interpreter of the given series that runs, or the given default.
python = $(shell for s in $(1); do for p in python$$s $$HOME/.pyenv/versions/$$s*/bin/python$$s; do \
  $$p -c 'import sys, venv' 2>/dev/null && { echo $$p; exit; }; done; done; echo $(2))

# The series of SERIES that are on this machine, and that of VENV, which need no second environment
HERE = $(foreach s,$(SERIES),$(if $(call python,$s,),$s))
OWN = $(shell for p in $(BIN)/python $(PYTHON); do \
  $$p -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null && exit; done)

.PHONY: help lab verify grade accuracy regrade check destroy sandbox stop test lint bench audit lock clean

help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(VENV)/.ready ## Build every lab on the sandbox, prove it, grade it, and show how to look at it
	@$(BIN)/ansible-playbook -i $(INVENTORY) site.yml
	@$(BIN)/ansible-playbook -i $(INVENTORY) verify.yml
	@$(BIN)/ansible-playbook -i $(INVENTORY) grade.yml
	@$(BIN)/ansible-playbook -i $(INVENTORY) playbooks/show-labs.yml
	@echo "The grades of these labs are in reports/latest/index.html."

verify: $(VENV)/.ready ## Prove the labs again with fresh uploads
	@$(BIN)/ansible-playbook -i $(INVENTORY) verify.yml

grade: $(VENV)/.ready ## Grade the labs, and write a report into reports/
	@$(BIN)/ansible-playbook -i $(INVENTORY) grade.yml

regrade: $(VENV)/.ready ## Judge archived snapshots again, without AWS (FROM=reports/latest)
	@$(BIN)/python -m labproof.regrade $(FROM)

accuracy: $(VENV)/.ready ## Plant every fault into correct labs, and count the grader's mistakes
	@$(BIN)/python -m tests.accuracy

check: $(VENV)/.ready ## Judge the labs' state, one test per requirement
	@$(BIN)/pytest tests/checks --hosts=ansible://all --ansible-inventory=$(INVENTORY)

destroy: $(VENV)/.ready ## Remove the labs, keep the sandbox
	@$(BIN)/ansible-playbook -i $(INVENTORY) destroy.yml

sandbox: $(VENV)/.ready ## Start the sandbox alone
	@$(SANDBOX) start $(PORT)

stop: $(VENV)/.ready ## Stop the sandbox and keep its state
	@$(SANDBOX) stop $(PORT)

test: lint ## Run all tests, under each series of Python that is here
	@chosen=; for s in $(SERIES); do \
	  $(MAKE) --no-print-directory test-$$s CHOSEN="$$chosen" || exit 1; \
	  case "$(HERE)" in *$$s*) chosen='-m "not once"';; esac; \
	done

test-%: ## Run the tests under one series of Python
	@p=$(call python,$*,); if [ -z "$$p" ]; then \
	  echo "Python $* is not on this machine: its tests are not run here."; \
	else $(MAKE) --no-print-directory pytest PYTHON=$$p VENV=$(if $(filter $*,$(OWN)),$(VENV),.venv-$*); fi

pytest: $(VENV)/.ready
	@echo "== $$($(BIN)/python --version), $$($(BIN)/ansible --version | head -n 1)"
	@$(if $(CHOSEN),echo "   without the tests that are marked once: they ran under another series")
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(CHOSEN) $(PYTEST_ARGS)

lint: $(VENV)/.ready ## Lint playbooks and code
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/yamllint --strict . && $(BIN)/ansible-lint --offline

bench: $(VENV)/.ready ## Compare site.yml with an AWS CLI script and an SDK script
	@$(BIN)/python bench/build.py

audit: $(VENV)/.ready .venv-audit/.ready ## Let an outside auditor judge one lab that is built (LAB=secure-ingestion)
	@$(BIN)/python -m audit.run --inventory $(INVENTORY) --prowler .venv-audit/bin/prowler $(LAB)

lock: $(VENV)/.ready ## Renew requirements.lock
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## Stop the sandbox, and remove all that was made here
	@if [ -x $(BIN)/python ] && [ -d .sandbox ]; then $(SANDBOX) stop $(PORT); fi
	@rm -rf .sandbox .build .ansible .venv .venv-* build *.egg-info reports .faults
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@echo "Clean: the sandbox, the labs in it, and the environments are gone."

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed, found $$($(PYTHON) --version 2>&1): set PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip sync --quiet --python $(BIN)/python requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --config-settings editable_mode=compat -e .; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps -r requirements.lock && \
	  $(BIN)/python -m compileall -q -x $(NOT_COMPILED) $(VENV)/lib && \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .; \
	fi
	@touch $@

# Prowler pins boto3 and much else, so it gets an environment of its own, under a Python that it supports.
.venv-audit/.ready: audit/requirements.txt
	@p="$(call python,3.12 3.13 3.11,)"; [ -n "$$p" ] || { echo "Prowler needs Python 3.11, 3.12 or 3.13."; exit 1; }; \
	echo "Setting up .venv-audit from audit/requirements.txt: some minutes, 2.3 GB ..."; \
	if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $$p .venv-audit && \
	  uv pip install --quiet --python .venv-audit/bin/python -r audit/requirements.txt; \
	else \
	  $$p -m venv .venv-audit && \
	  .venv-audit/bin/pip install --quiet --disable-pip-version-check -r audit/requirements.txt; \
	fi
	@touch $@
