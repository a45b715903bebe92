# Each target installs what it needs first; nothing has to be prepared. `make help` lists them.
PYTHON ?= python3
LAUNCH := @$(PYTHON) -m config.launch
LOCK := .venv/bin/uv pip compile -q --universal --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup run test prove check fix bench backup backup-opener restore screenshots lock

help: ## list the targets
	@sed -n 's/^\([a-z%-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 26

setup: ## install everything, the tools of checks and tests too
	$(LAUNCH) setup

run: ## start 格档 with its demo county (PORT=8000, HOST=127.0.0.1, DATA_DIR=.data); Ctrl-C stops it
	$(LAUNCH) run

test: ## every check and test, at sizes for every day (ARGS="-k word" goes to pytest)
	$(LAUNCH) test $(ARGS)

prove: ## the same at full size, with the harnesses; results go to bench/results
	$(LAUNCH) prove $(ARGS)

check: ## static checks alone
	$(LAUNCH) check

fix: ## put right what the tools can put right
	$(LAUNCH) fix

bench: ## every harness; one JSON line each
	$(LAUNCH) bench

bench-%: ## one harness, such as make bench-import
	$(LAUNCH) bench $*

backup: ## database and media into one archive, keys into a second one sealed with a pass phrase (TO=directory)
	$(LAUNCH) backup $(TO)

backup-opener: ## the opener's key into an archive of its own, by the one who keeps it (TO=directory)
	$(LAUNCH) backup-opener $(TO)

restore: ## put an archive back (FROM=archive, KEYS=key archive)
	$(LAUNCH) restore $(FROM) $(KEYS)

screenshots: ## take the pictures of the README anew, while make run is up (BASE=http://127.0.0.1:8000)
	@.venv/bin/python docs/screenshots.py $(or $(BASE),http://127.0.0.1:8000)

lock: ## write the hashed locks anew from pyproject.toml and package.json
	@.venv/bin/python -m pip install -q uv
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	npm install --ignore-scripts --no-audit --no-fund --package-lock-only --omit-lockfile-registry-resolved
