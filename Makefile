# `make` alone lists what there is.

# A new shell may not have found cargo yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# One compiler per processor, fewer where memory is short.
export CARGO_BUILD_JOBS ?= $(shell scripts/build-jobs.sh)

.DEFAULT_GOAL := help
# Two cargos at a time would wait for each other.
.NOTPARALLEL:
.PHONY: help demo build test check lint bench soak fuzz live-test export-test record-fixtures clean-demo

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: build ## A day of traffic into demo/report.html: what it looks like
	@scripts/demo.sh

build: ## The program, optimized: target/release/wirelat
	@scripts/check-rust.sh
	@scripts/install-packages.sh build
	cargo build --locked --release

test: lint ## All that CI runs. WIRELAT_CAPTURES=DIR replays that folder of captures too
	cargo test --locked --workspace --no-fail-fast

check: lint ## Format, lints, unit tests: before each commit
	cargo test --locked --workspace --lib --bins

lint:
	@scripts/check-rust.sh rustfmt clippy
	@scripts/install-packages.sh test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

bench: ## Benchmarks; the whole-run figure makes a capture of 6 GB in TMPDIR
	@scripts/check-rust.sh
	@scripts/install-packages.sh build
	cargo bench --locked --workspace --bench '*'

soak: ## The collector killed 300 times under load, with observers that push, as root
	@scripts/check-rust.sh
	@scripts/install-packages.sh test
	WIRELAT_CRASH_ROUNDS=300 cargo test --locked --test collect -- --nocapture --test-threads 1 killed

fuzz: ## Every fuzz target, FUZZ_SECONDS=600 each, with the stable toolchain
	@scripts/check-rust.sh
	@scripts/install-packages.sh fuzz
	@scripts/fuzz.sh

live-test: build ## Real servers and clients of every protocol on loopback, as root; PROTOCOLS="postgres redis" for some
	@scripts/install-packages.sh live
	scripts/live-test.sh $(PROTOCOLS)

export-test: build ## DuckDB, pandas, polars and R read an export, and get our numbers: the code of docs/read-with-*.md
	@scripts/install-packages.sh export
	scripts/export-readers.sh

record-fixtures: ## Records the captures in fixtures/ again, as root
	@scripts/check-rust.sh
	@scripts/install-packages.sh build record
	fixtures/record.sh

clean-demo: ## Removes demo/
	rm -rf demo
