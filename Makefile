# Short names for what this project is built, run and tested with. `make help` lists them.
#
# Only cargo is needed for build, run and test. The other targets need what their line says.

# Where `make run` listens: PORT=:3000 and PORT=3000 both do.
PORT ?= :5001
# Further arguments for the server: make run ARGS='--appendonly yes'
ARGS ?=
# The groups of features that real clients check (tests/clients); grows with the server.
CLIENT_FEATURES ?= basic lists hashes sets sortedsets streams transactions pubsub blocking scripting doors
IMAGE ?= cacheflow
MICRO ?=

empty :=
space := $(empty) $(empty)
comma := ,

.DEFAULT_GOAL := help
.PHONY: build run test hostile models simulation test-client differential cluster bench microbench instructions fuzz lint fmt docker clean help

build: ## Build the optimised server: target/release/cacheflow
	cargo build --release

run: ## Build and run the server: make run PORT=:3000
	cargo run --release -- --listenAddr :$(patsubst :%,%,$(PORT)) $(ARGS)

test: ## Run all tests that need nothing but cargo; the scripts check what is journalled, too
	CACHEFLOW_TEST_EFFECTS=1 cargo test

# How many orders of threads `make models` tries for each scenario; `make test` tries some hundred.
MODEL_RUNS ?= 5000

# How many scripts `make hostile` runs, and where they begin; `make test` runs some hundred.
HOSTILE_SCRIPTS ?= 10000
HOSTILE_SEED ?= 1

hostile: ## Run many more hostile scripts than `make test` does
	HOSTILE_SCRIPTS=$(HOSTILE_SCRIPTS) HOSTILE_SEED=$(HOSTILE_SEED) cargo test --test scripting hostile -- --nocapture

models: ## Try many more orders of threads than `make test` does, on outboxes and group commit
	MODEL_RUNS=$(MODEL_RUNS) cargo test --test models

simulation: ## Simulate many more lives of whole clusters than `make test` does (SIMULATION_RUNS, SIMULATION_SEED)
	SIMULATION_RUNS=$(or $(SIMULATION_RUNS),200) cargo test --profile quick --test simulation -- --include-ignored --nocapture

test-client: build ## Check with real clients: needs go, python3, node and mvn (REDIS=1: check redis-server)
	FEATURES=$(subst $(space),$(comma),$(strip $(CLIENT_FEATURES))) tests/clients/run

differential: ## Compare with a real redis-server: scripts, RDB files, random commands and scripts (DIFF_SEED, DIFF_COMMANDS, DIFF_SCRIPTS)
	CACHEFLOW_TEST_TARGET=redis cargo test --test scripts --test tiny
	cargo test --test rdb -- --ignored
	cargo test --test differential -- --ignored --nocapture
	cargo test --test replication --test doors -- --ignored --nocapture
	cargo test --test migrate -- --ignored --nocapture

cluster: build ## Mix cacheflow and redis-server in clusters that redis-cli makes, changes and mends
	CACHEFLOW_BIN=$(CURDIR)/target/release/cacheflow cargo test --test cluster -- --ignored --skip client_libraries

bench: ## Measure against redis-server into docs/performance.md (QUICK=1, ROUNDS=n, CASES=text)
	cargo bench --bench compare -- run

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
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items
	bash -n .ci/run tests/clients/run

fmt: ## Format the source
	cargo fmt

docker: ## Build the container image (IMAGE=name)
	docker build -t $(IMAGE) .

clean: ## Delete everything that was built
	cargo clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
