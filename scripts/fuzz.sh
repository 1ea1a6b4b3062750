#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS (600), or those named. Needs no nightly toolchain.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ ! -f fuzz/Cargo.toml ]; then
  echo 'there is no fuzz/Cargo.toml: nothing to fuzz' >&2
  exit 1
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo 'cargo-fuzz is missing: cargo install cargo-fuzz' >&2
  exit 1
fi
# Sanitizers are unstable options of the compiler; this lets the stable one take them.
export RUSTC_BOOTSTRAP=1
# What was recorded is where the decoders' targets begin.
(cd fuzz && cargo run --quiet --bin seeds)
if [ $# -eq 0 ]; then mapfile -t targets < <(cargo fuzz list | grep -v '^seeds$'); else targets=("$@"); fi
for target in "${targets[@]}"; do
  cargo fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-600}" -rss_limit_mb=2048
done
