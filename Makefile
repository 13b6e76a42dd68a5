# Every command a person needs. `make` alone lists them.
#
#   make book PYTHON=python3.12     another Python, for the first call
#   make sync ALL=1                 run the notebooks that are fresh, too
#   make sync NAMES="value ops"     only these
#   make test WORKERS=8             more at a time
#   make browser MARK=slow          only what `make test` leaves out
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make test
#                                   on Linux: a fifth of the download, PyTorch without GPU support

PYTHON  ?= python3
WORKERS ?= 2
PORT    ?= 8000
NAMES   ?=
MARK    ?=
SEEDS   ?=

VENV := .venv
RUN  := $(VENV)/bin/python
NODE := $(VENV)/bin/node
SITE := _build/html
WEB  := _build/web

# How notebooks are compared with their stored outputs.
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout 300 --nbval-sanitize-with tests/nbval_sanitize.cfg

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help book live-runtime lite serve test nbval browser weigh test-all fuzz attack flips mutants bench lab sync check demo lint format clean

# Notebooks must come out alike in everybody's shell.
export TQDM_DISABLE := 1
unexport MPLBACKEND PYTHONHASHSEED PYTHONWARNINGS COLUMNS

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

# ---------------------------------------------------------------- the book

book: $(VENV)/.book $(WEB)/.made ## build the book into _build/html
	@if ! $(RUN) -m tools.book.notebooks check || ! $(RUN) -m tools.book.contract --check; then \
		echo "Some pages are not fresh: making them again."; \
		$(MAKE) --no-print-directory sync && $(RUN) -m tools.book.notebooks check; fi
	@# A page that warned is not read again next time, so nothing may remain of a build that failed.
	$(VENV)/bin/jupyter-book build . -W --keep-going || { rm -rf _build/.doctrees; exit 1; }
	$(RUN) -m tools.book.finish_site $(SITE) --web $(WEB)
	@[ ! -d $(SITE)/lite ] || $(RUN) -m tools.book.lite $(SITE)
	$(RUN) -m tools.book.check_site $(SITE)
	@echo
	@echo "The book: file://$(CURDIR)/$(SITE)/index.html (or: make serve)"

# What the pages run: our scripts, bundled; Pyodide; this very library, as a wheel; and what chapters read.
$(WEB)/.made: $(VENV)/.npm $(wildcard web/* web/src/* web/src/*/* micrograd_numpy/* micrograd_numpy/*/*) benchmarks/results.json $(wildcard $(WEB)/live/packages)
	@mkdir -p $(WEB)/live/files/benchmarks
	@rm -f $(WEB)/live/*.whl
	@$(RUN) -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w $(WEB)/live .
	@cp benchmarks/results.json $(WEB)/live/files/benchmarks
	$(NODE) web/build.mjs $(WEB)/live
	@touch $@

live-runtime: $(VENV)/.npm ## put numpy, matplotlib and scikit-learn into the site; without, they come from Pyodide's own server
	$(RUN) -m tools.book.live_runtime $(WEB)/live/packages

lite: $(VENV)/.lite ## put JupyterLite beside the book: whole notebooks, with widgets, and still no server
	@$(MAKE) --no-print-directory live-runtime
	@$(MAKE) --no-print-directory book
	$(RUN) -m tools.book.lite $(SITE) $(VENV)/lite

serve: book ## build the book and serve it on localhost
	$(RUN) -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

# ---------------------------------------------------------------- tests

test: $(VENV)/.full $(VENV)/.npm ## run the unit tests (100 % coverage) and every notebook, comparing outputs; look at the pages
	$(RUN) -m pytest tests --ignore tests/browser -n $(WORKERS) --cov --cov-fail-under 100
	@$(MAKE) --no-print-directory nbval
	@$(MAKE) --no-print-directory browser MARK="not slow"

nbval: $(VENV)/.full
	$(RUN) -m pytest notebooks -n $(WORKERS) --dist loadscope $(NBVAL) --twice

browser: $(VENV)/.browser ## look at every page in a browser: run its cells, touch its figures, weigh it
	@$(MAKE) --no-print-directory live-runtime
	@$(MAKE) --no-print-directory book
	$(RUN) -m pytest tests/browser -n $(WORKERS) --dist worksteal $(if $(MARK),-m "$(MARK)")

weigh: browser ## keep what the pages weigh, into benchmarks/pages.json
	$(RUN) -m benchmarks.pages

test-all: $(VENV)/.book ## the library's tests without PyTorch, on every Python there is, oldest and newest numpy
	$(VENV)/bin/nox --no-error-on-missing-interpreters

fuzz: $(VENV)/.full ## throw anything at the library for at most a minute, other things each time
	$(RUN) -m pytest tests/test_fuzz.py --hypothesis-profile fuzz

attack: $(VENV)/.full ## compare 20,000 random programs, compiled, with the eager engine (SEEDS="7 12" tries these again)
	$(RUN) -m tests.quality.attack --jobs $(WORKERS) $(SEEDS)

flips: $(VENV)/.full ## flip the sign of each derivative in the chapters: the notebooks must notice
	$(RUN) -m tools.quality.flips --jobs $(WORKERS) -- $(NBVAL)

mutants: $(VENV)/.full ## change one thing in the library at a time: the unit tests must notice (NAMES="ops mlp" AGAIN=1)
	$(RUN) -m tools.quality.mutants --jobs $(WORKERS) $(if $(AGAIN),--again) $(NAMES)

bench: $(VENV)/.bench ## measure against the other engines, into benchmarks/results.json (ONLY="arrays nodes")
	$(RUN) -m benchmarks.run $(if $(ONLY),--only $(ONLY))

lint: $(VENV)/.book ## check style and types, notebooks included
	$(VENV)/bin/ruff check .
	@# a pattern for the chapters matches the folders beside them, too: what is no chapter has no exemption
	$(VENV)/bin/ruff check --config 'lint.per-file-ignores = {}' $(wildcard micrograd_numpy/*/)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(VENV)/.book ## lay out the code of library, notebooks, tools and tests
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format .
	$(RUN) -m tools.book.notebooks pull

# ---------------------------------------------------------------- notebooks

sync: $(VENV)/.full ## make and run the notebooks whose text, or what they use, has changed; and the contract's page
	$(RUN) -m tools.book.notebooks sync --jobs $(WORKERS) $(if $(ALL),--all) $(NAMES)
	$(RUN) -m tools.book.contract

check: $(VENV)/.book ## say which notebooks are stale, and whether the contract's page is; runs no notebook
	$(RUN) -m tools.book.notebooks check
	$(RUN) -m tools.book.contract --check

lab: $(VENV)/.full ## open the notebooks in JupyterLab
	$(VENV)/bin/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/value.ipynb

demo: $(VENV)/.book ## the tour on the command line
	TQDM_DISABLE=0 $(RUN) examples/demo.py

clean: ## remove what was built (rm -rf .venv removes the environment)
	rm -rf _build benchmarks/_build build dist *.egg-info .nox .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------- the environment, in three steps

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo \
		"There is no $(PYTHON) here. Install Python 3.11 or newer, or name yours: make book PYTHON=python3.12"; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"$(PYTHON) is $$($(PYTHON) -V 2>&1), the book needs 3.11 or newer. Name a newer one: make book PYTHON=python3.12"; exit 1; } >&2
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo \
		"$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; } >&2
	$(PYTHON) -m venv $(VENV)
	@touch $@

# All but PyTorch: a reader of the book does not wait for it.
$(VENV)/.book: $(VENV)/.python requirements.txt constraints.txt pyproject.toml
	@echo "Installing what the book needs into $(VENV) (a few minutes, once) ..."
	@grep -v '^torch' requirements.txt > $(VENV)/book-requirements.txt
	@$(RUN) -m pip install -q --disable-pip-version-check -r $(VENV)/book-requirements.txt -c constraints.txt
	@$(RUN) -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(RUN) -c 'import matplotlib.font_manager' 2>/dev/null  # builds a cache; in a notebook it would say so
	@touch $@

$(VENV)/.full: $(VENV)/.book
	@echo "Installing PyTorch for the comparisons (a few minutes, once) ..."
	@$(RUN) -m pip install -q --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/.npm: $(VENV)/.book web/package.json web/package-lock.json
	@echo "Installing what the pages are made of into web/node_modules (a minute, once) ..."
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/npm ci --prefix web --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/.lite: $(VENV)/.book tools/book/lite-requirements.txt
	@echo "Installing JupyterLite into $(VENV)/lite (a minute, once) ..."
	@$(RUN) -m venv $(VENV)/lite
	@$(VENV)/lite/bin/python -m pip install -q --disable-pip-version-check -r tools/book/lite-requirements.txt
	@touch $@

# Tests that need a browser are skipped without one, and say so.
$(VENV)/.browser: $(VENV)/.full
	@if ! command -v chromium chromium-browser google-chrome >/dev/null; then \
		echo "Installing a browser to test the pages in (a minute, once) ..."; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
		else $(VENV)/bin/playwright install chromium; fi || echo "There is no browser here, so the pages will not be tested."; fi
	@touch $@

$(VENV)/.bench: $(VENV)/.full
	@echo "Installing the engines to compare with (a minute, once) ..."
	@$(RUN) -m pip install -q --disable-pip-version-check --no-build-isolation -e .[bench] -c constraints.txt
	@touch $@
