# Everything that a newcomer needs; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/run.done
DEV := $(VENV)/dev.done
MODELS := yang/bindings/schema.tables

SERVE := $(if $(PORT),--port $(PORT)) $(if $(STATE),--state $(STATE)) $(if $(BACKENDS),--backends $(BACKENDS)) \
	$(if $(ASIC_PORTS),--asic-ports $(ASIC_PORTS)) $(if $(CONFIG),--config $(CONFIG)) $(if $(KEEP),--keep-namespaces)

LIBYANG := yanglint:libyang2-tools gcc:gcc :libyang2-dev :python3-dev

.PHONY: help setup run demo test check bench bench-engine differential crash soak fuzz interop load lock clean

help:  ## List what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
	@echo
	@echo 'Settings of run: PORT=8830 STATE=.nos BACKENDS=kernel,hardware ASIC_PORTS=8 CONFIG=file.toml KEEP=1'
	@echo 'Arguments of test and bench: ARGS="..."'

setup: $(RUN) $(MODELS)  ## Install what the server needs, and the models

run: setup  ## Set up, and serve NETCONF on 127.0.0.1:8830
	@exec $(BIN)/nos-mgmt serve --known-hosts $(HOME)/.ssh/known_hosts $(SERVE)

demo: setup  ## Set up, and show a commit, a refused commit and a rollback, each with its proof
	@.ci/need ip:iproute2 ping:iputils-ping
	@exec $(BIN)/nos-mgmt demo

test: $(DEV) $(MODELS)  ## Install what the tests need, and run them all
	@.ci/need ip:iproute2 ping:iputils-ping ssh:openssh-client git:git setpriv:util-linux
	@.ci/need $(LIBYANG) :postgresql yangcli:yangcli
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

check: $(DEV) $(MODELS)  ## Lint, format, types, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(DEV) $(MODELS)  ## Print the benchmark table
	@.ci/need ip:iproute2 ssh:openssh-client $(LIBYANG)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-engine: $(DEV) $(MODELS)  ## Compare the engine's speed with libyang's
	@.ci/need $(LIBYANG)
	@$(BIN)/python -m benchmarks --only libyang --sizes 1000,10000,100000 $(ARGS)

differential: $(DEV) $(MODELS)  ## Compare COUNT verdicts on random instances with libyang's, from SEED on
	@.ci/need $(LIBYANG)
	@$(BIN)/python -m tests.differential --count $(or $(COUNT),50000) --seed $(or $(SEED),0) $(ARGS)

crash: $(DEV) $(MODELS)  ## Kill servers, and let things fail, at every boundary of commits
	@.ci/need ip:iproute2
	@$(BIN)/python -m tests.crash --seed $(or $(SEED),0) $(ARGS)

soak: $(DEV) $(MODELS)  ## Change a kernel behind a server's back for SECONDS, and see that it finds that and nothing else
	@.ci/need ip:iproute2
	@$(BIN)/python -m tests.drift --seconds $(or $(SECONDS),300) --seed $(or $(SEED),0) $(ARGS)

fuzz: $(DEV) $(MODELS)  ## Give readers, sessions and a server what is no document, frame or request, for SECONDS
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) --seed $(or $(SEED),0) $(ARGS)

load: $(DEV) $(MODELS)  ## Put a server under load, and print how it bears it
	@.ci/need ip:iproute2 ssh:openssh-client
	@$(BIN)/python -m tests.load $(ARGS)

interop: $(DEV) $(MODELS)  ## Run clients that were not written here against a server, and print what each could do
	@.ci/need ip:iproute2 ssh:openssh-client yangcli:yangcli
	@$(BIN)/python -m tests.interop $(ARGS)

lock: $(DEV)  ## Lock the dependencies anew, by version and hash
	$(BIN)/pip-compile $(LOCK) --extra build --extra demo -o requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra build --extra demo --extra dev -o requirements-dev.lock pyproject.toml
	for name in $(CLIENTS); do $(BIN)/pip-compile $(LOCK) -o tests/interop/$$name.lock tests/interop/$$name.in || exit 1; done
CLIENTS := netconf scrapli nornir ansible
LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links --no-emit-options

clean:  ## Remove what was installed and generated
	rm -rf $(VENV) .venv-interop $(filter-out yang/bindings/__init__.py,$(wildcard yang/bindings/*))

$(VENV)/pyvenv.cfg:
	@echo 'setup: making a virtual environment'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/need :python3-venv
	@$(PYTHON) -m venv $(VENV)

$(RUN): $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo 'setup: installing dependencies'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN) requirements-dev.lock
	@echo 'setup: installing the tools for tests and checks'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(MODELS): $(RUN) $(wildcard yang/models/*.yang yang/compiler/*.py) $(addprefix yang/,generator.py naming.py python_types.py tables.py modelset.py)
	@$(BIN)/nos-mgmt models install
	@touch $@
