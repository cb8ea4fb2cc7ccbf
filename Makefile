# The front door. `make help` lists the targets; CMake and Ninja do the work behind it.

PRESET   ?= release
OCA_HOME ?= $(CURDIR)/var
JOBS     ?= $(shell nproc)
DESTDIR  ?=
PREFIX   ?= /usr/local
SUITE    ?=

export OCA_HOME
BIN := build/release/bin
APPLIANCE := etc/oca-appliance
CXX_FILES = find cli fs gateways lib services t -name '*.cc' -o -name '*.h'

.DEFAULT_GOAL := build
.PHONY: help deps build run stop status test bench lint fmt asan tsan clang soak hooks install deb machine clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  OCA_HOME=<dir>  where run, stop and status keep everything ($(OCA_HOME))"
	@echo "  PRESET=<name>   which build 'make build' makes: release, debug, asan, tsan, clang ($(PRESET))"
	@echo "  SUITE=<label>   a part of the tests: unit, conformance, integration, e2e, crash, fuzz, lint"

deps: ## Install the Debian packages of etc/deps.list that are missing (as root or by sudo)
	@etc/install-deps.sh

build: deps ## Build everything (release; PRESET=<name> for another) and the launcher ./oca
	@.ci/build $(PRESET) -j $(JOBS)

run: build ## Build and start the appliance under $OCA_HOME; returns when it serves
	@$(APPLIANCE) start --home "$(OCA_HOME)" --bin "$(CURDIR)/$(BIN)"

stop: ## Stop the appliance: commits, unmounts, leaves no process, socket or mount
	@$(APPLIANCE) stop --home "$(OCA_HOME)" --bin "$(CURDIR)/$(BIN)"

status: ## Say what of the appliance runs
	@$(APPLIANCE) status --home "$(OCA_HOME)" --bin "$(CURDIR)/$(BIN)"

test: deps ## All that CI runs; SUITE=<label> for a part of it
	@.ci/suites -j $(JOBS) $(if $(SUITE),release:$(SUITE),all)

asan: deps ## Tests under AddressSanitizer and UBSan; SUITE=<label> for a part of them
	@.ci/suites -j $(JOBS) asan$(if $(SUITE),:$(SUITE))

tsan: deps ## Tests of threaded modules under ThreadSanitizer; SUITE=<label> for a part of them
	@.ci/suites -j $(JOBS) tsan$(if $(SUITE),:$(SUITE))

clang: deps ## Compile everything with clang: thread-safety analysis, headers that stand alone
	@.ci/suites -j $(JOBS) clang

bench: build ## Measure; a table on the terminal, JSON in build/bench/. BENCH_MB=256 for a quick look
	@python3 t/bench/scenario/bench.py --bin "$(CURDIR)/$(BIN)" --out build/bench

soak: build ## A day in half an hour: SOAK_HOURS (24); then the crash and model tests: SOAK_ROUNDS (100). New seeds each time
	@python3 t/crash/soak.py --bin "$(CURDIR)/$(BIN)" --hours $${SOAK_HOURS:-24}
	@python3 t/crash/kill_loop.py --bin "$(CURDIR)/$(BIN)" --rounds $${SOAK_ROUNDS:-100}
	@python3 t/crash/model_test.py --bin "$(CURDIR)/$(BIN)" --runs $${SOAK_ROUNDS:-100}

lint: ## Format, layers, banned calls, shell scripts, links of the documents
	@python3 t/lint/lint.py

fmt: ## Format the C++ sources
	@$(CXX_FILES) | xargs clang-format-14 -i

hooks: ## Run lint before each commit
	@printf '#!/bin/sh\nexec make -s lint\n' > "$$(git rev-parse --git-path hooks)/pre-commit"
	@chmod +x "$$(git rev-parse --git-path hooks)/pre-commit"

install: build ## Install programs to $DESTDIR$PREFIX
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)" --strip

deb: build ## Debian packages (oca-server, oca-cli, oca-doc) in build/deb/
	@mkdir -p build/deb
	@cpack --config build/release/CPackConfig.cmake -B "$(CURDIR)/build/deb" >build/deb/cpack.log || { cat build/deb/cpack.log; exit 1; }
	@rm -rf build/deb/_CPack_Packages
	@ls build/deb/*.deb

machine: deb ## The packages under systemd in a virtual machine, with a power cut (as root; about half an hour)
	@t/e2e/machine/run build/deb/*.deb

clean: ## Remove what was built (what is stored under $OCA_HOME stays)
	@rm -rf build oca
