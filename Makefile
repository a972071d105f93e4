# SPDX-License-Identifier: ISC
# Thin: meson and ninja build, the scripts do the rest. `make` alone builds; `make help` lists the targets.
# Debian's own tools come first, also where others shadow them.
export PATH := /usr/sbin:/usr/bin:/sbin:/bin:$(PATH)
PYTHON := /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1

PORT ?=
DIR ?=
SET ?=
ONCE ?=
export VERBOSE ?=

.PHONY: build help run stop sim check lab bench soak fuzz doc fmt lint deb clean deps

build: deps-build ## compile everything into build/
	@test -f build/build.ninja || { echo "meson setup build"; meson setup build >build.log 2>&1 || { cat build.log; exit 1; }; }
	@rm -f build.log
	@ninja -C build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

run: deps-run build ## dcaasd, an edge and a customer's router, one order, Established; Ctrl-C ends it (PORT=, ONCE=1, VERBOSE=1)
	@exec $(PYTHON) -m lab.run $(if $(PORT),--port $(PORT)) $(if $(ONCE),--once)

stop: ## end what `make run` or `make lab` left running
	@$(PYTHON) -m lab.run --stop
	@$(PYTHON) lab down

# By the environment, so that a folder with a blank stays one word.
sim: export SIM_DIR := $(DIR)
sim: export SIM_SET := $(SET)
sim: build ## dcaasd with a simulated edge, no root, no router (PORT=, DIR=, SET="name=value ...")
	@exec $(PYTHON) -m lab.sim $(if $(PORT),--port $(PORT)) $${SIM_DIR:+--dir "$$SIM_DIR"} $${SIM_SET:+--set="$$SIM_SET"}

check: ## every test; ends with "N passed, N failed"
	@echo "check: every test, with both compilers, sanitizers, valgrind, the SDKs, simulated and real routers, packages"
	@echo "check: about 16 minutes on two cores. Installed are: Debian packages that are missing (see deps, below);"
	@echo "check: below build-check/ Python packages and two Debian chroots; the SDKs' Go and Java parts in their own caches."
	@./lab/deps.sh check
	@$(PYTHON) test/run_all.py

lab: deps-run ## the lab alone: an edge and a guest for customers' routers; Ctrl-C ends it
	@exec $(PYTHON) lab up

bench: deps-bench build ## ratios to the bare libraries, side by side (doc/performance.md)
	@ninja -C build bench/bare_http bench/raw_sqlite bench/raw_pg bench/bird_driver src/edge/edge_scale
	$(PYTHON) bench/run.py

soak: deps-soak build ## what runs longer than a test may
	$(PYTHON) test/run_all.py soak soak_lab

fuzz: deps-fuzz ## the fuzz targets with libFuzzer, a minute each (SECONDS=)
	$(PYTHON) test/fuzz/run.py $(or $(SECONDS),60)

doc: build ## doc/openapi.json from the tables
	$(PYTHON) -m json.tool --indent 1 build/src/dcaasd/openapi.json doc/openapi.json

fmt: ## clang-format over the C files (version 14: others differ in places)
	@$(PYTHON) test/check_format.py --write

lint: ## include rules and circles; the ten longest functions and files
	$(PYTHON) test/check_includes.py
	$(PYTHON) test/check_words.py
	$(PYTHON) test/check_english.py
	$(PYTHON) test/check_licence.py
	$(PYTHON) test/check_format.py
	$(PYTHON) test/longest.py

deb: deps-deb ## the Debian packages of this checkout, in build-deb/
	@$(PYTHON) dist/deb.py

clean: ## remove every build folder
	rm -rf build build-* 2>/dev/null || sudo rm -rf build build-*

deps: deps-check ## install every Debian package that is missing

.PHONY: deps-build deps-run deps-soak deps-fuzz deps-bench deps-deb deps-check
deps-build deps-run deps-soak deps-fuzz deps-bench deps-deb deps-check: deps-%:
	@./lab/deps.sh $*
