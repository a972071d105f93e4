# SPDX-License-Identifier: ISC
# Thin: meson and ninja build, the scripts do the rest. `make` alone builds; `make help` lists the targets.
# Debian's own tools come first, whatever else shadows them.
export PATH := /usr/sbin:/usr/bin:/sbin:/bin:$(PATH)
PYTHON := /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1

PORT ?=
DIR ?=
SET ?=
ONCE ?=

.PHONY: build help run stop sim check lab bench soak fuzz doc fmt lint clean deps

build: deps-build ## compile everything into build/
	@test -f build/build.ninja || { echo "meson setup build"; meson setup build >build.log 2>&1 || { cat build.log; exit 1; }; }
	@rm -f build.log
	@ninja -C build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

run: deps-run build ## dcaasd, an edge and a customer's router, one order, Established; Ctrl-C ends it (PORT=, ONCE=1)
	@exec $(PYTHON) -m lab.run $(if $(PORT),--port $(PORT)) $(if $(ONCE),--once)

stop: ## end what `make run` or `make lab` left running
	@$(PYTHON) -m lab.run --stop
	@$(PYTHON) lab down

# By the environment, so that a folder with a blank stays one word.
sim: export SIM_DIR := $(DIR)
sim: export SIM_SET := $(SET)
sim: build ## dcaasd with a simulated edge, no root, no router (PORT=, DIR=, SET="name=value ...")
	@exec $(PYTHON) -m lab.sim $(if $(PORT),--port $(PORT)) $${SIM_DIR:+--dir "$$SIM_DIR"} $${SIM_SET:+--set="$$SIM_SET"}

check: deps-check ## every test; ends with "N passed, N failed"
	@$(PYTHON) test/run_all.py

lab: deps-run ## the lab alone: an edge and a guest for customers' routers; Ctrl-C ends it
	@exec $(PYTHON) lab up

bench: deps-check build ## ratios to the bare libraries, side by side (doc/performance.md)
	@ninja -C build bench/bare_http bench/raw_sqlite
	$(PYTHON) bench/run.py

soak: deps-check build ## what runs longer than a test may
	$(PYTHON) test/run_all.py soak

fuzz: deps-check ## the fuzz targets with libFuzzer, a minute each (SECONDS=)
	$(PYTHON) test/fuzz/run.py $(or $(SECONDS),60)

doc: build ## doc/openapi.json from the tables
	$(PYTHON) -m json.tool --indent 1 build/src/dcaasd/openapi.json doc/openapi.json

fmt: ## clang-format over the C files (version 14: others differ in places)
	clang-format-14 -i $$(git ls-files '*.c' '*.h')

lint: ## include rules and circles; the ten longest functions and files
	$(PYTHON) test/check_includes.py
	$(PYTHON) test/check_words.py
	$(PYTHON) test/check_licence.py
	$(PYTHON) test/longest.py

clean: ## remove every build folder
	rm -rf build build-*

deps: deps-check ## install every Debian package that is missing

.PHONY: deps-build deps-run deps-check
deps-build deps-run deps-check: deps-%:
	@./lab/deps.sh $*
