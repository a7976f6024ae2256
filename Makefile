# Everything lives in .venv; `setup` makes it and is called by the others. Needs Python 3.11–3.13 and nothing else.
PYTHON ?= python3
UV := .venv/bin/uv
RUN := .venv/bin/

.PHONY: setup setup-train demo test check services bench

setup: .venv/.synced

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || (echo "codestroke needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12" && false)
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r .ci/uv.txt

.venv/.synced: .venv/bin/uv pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --inexact --extra embedded --group dev
	touch $@

# PyTorch and MONAI, for training and for the tests of it (2.6 GB).
setup-train: .venv/.synced-train

.venv/.synced-train: .venv/.synced
	$(UV) sync --frozen --quiet --inexact --extra embedded --extra train --group dev
	touch $@

demo: setup
	$(RUN)codestroke demo

test: setup-train
	bash tests/install_debian_parts.sh
	$(RUN)python -m pytest

check: setup-train
	$(RUN)ruff check
	$(RUN)ruff format --check
	$(RUN)mypy
	$(RUN)lint-imports

services: setup
	$(RUN)codestroke services up

# SciPy, a peer in bench.volume, comes with the training packages.
bench: setup-train
	$(RUN)python -m bench.volume
	$(RUN)python -m bench.inference
	$(RUN)python -m bench.pipeline
	$(RUN)python -m bench.crash
	$(RUN)python -m bench.paging_faults
	$(RUN)python -m bench.paging_core
	$(RUN)python -m bench.paging_words
