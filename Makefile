# `make demo` and `make test` work on a fresh machine with Python 3.11 or later and the network of the first install.

PYTHON ?= python3
VENV ?= .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

# Tests are shared out over the cores, file by file; a worker with a model and a server takes up to 3 GiB.
SHARED_OUT ?= -n logical --maxprocesses 4 --dist loadgroup

.PHONY: demo test quick lint format environment model clean

demo: model
	$(BIN)/prisyn demo --out demo-out

test: model
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SHARED_OUT)

quick: model
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SHARED_OUT) -m "not slow"

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

environment: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[llm,train,scale,neo4j,cypher,web,dev]'
	touch $@

model: environment
	$(BIN)/prisyn models fetch embedded

clean:
	rm -rf $(VENV) build dist demo-out
