# Two commands do everything on a fresh machine: `make run` opens the window, `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARIES := libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 \
	libfontconfig1 libdbus-1-3 fonts-dejavu-core libportaudio2
# A virtual microphone for the tests of the recorder.
TEST_LIBRARIES := pulseaudio pulseaudio-utils libasound2-plugins

.PHONY: run test lint bench system clean

run: $(VENV)/.app system
	$(BIN)/ssllab

test: $(VENV)/.test system lint
	@sh tools/system-libraries.sh $(TEST_LIBRARIES)
	OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tables of speed and memory; ratios within one run.
bench: $(VENV)/.test system
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.app: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.app

# Qt's system libraries: installed where we may, else the line to run is printed.
system:
	@sh tools/system-libraries.sh $(LIBRARIES)

clean:
	rm -rf $(VENV) build *.egg-info
