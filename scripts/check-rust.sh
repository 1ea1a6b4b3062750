#!/usr/bin/env bash
# Says on one line what to do where Rust is missing or too old. Arguments: components that are needed too.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

if ! command -v cargo >/dev/null; then
  echo "cargo is missing: install Rust $needed or newer as https://rustup.rs says, then open a new shell" >&2
  exit 1
fi
found=$(cargo --version | cut -d ' ' -f 2)
if ! printf '%s\n%s\n' "$needed" "$found" | sort --version-sort --check=quiet; then
  echo "Rust $found is too old, $needed or newer is needed: rustup update stable (Debian's own package is older)" >&2
  exit 1
fi
for component in "$@"; do
  case $component in
    rustfmt) command=cargo-fmt ;;
    *) command=cargo-$component ;;
  esac
  if ! "$command" --version >/dev/null 2>&1; then
    if ! command -v rustup >/dev/null; then
      echo "$component is missing: install it with the tool that installed Rust $found" >&2
      exit 1
    fi
    rustup component add "$component"
  fi
done
