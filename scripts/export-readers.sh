#!/usr/bin/env bash
# DuckDB, pandas, polars and R read an export: the code of docs/read-with-*.md against its own output and `wirelat report`.
#
#   scripts/export-readers.sh [PAGE...]            all pages, or duckdb, pandas, polars, r
#   scripts/export-readers.sh --write [PAGE...]    puts what the code prints into the pages
#
#   WIRELAT              the binary to test (default: target/release/wirelat)
#   WIRELAT_LIVE_CACHE   where Python packages are kept (default: ~/.cache/wirelat-live)
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LIVE=$ROOT/tests/live
ENVIRONMENT=${WIRELAT_LIVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wirelat-live}/export
WIRELAT=${WIRELAT:-$ROOT/target/release/wirelat}
REQUIREMENTS=$LIVE/export_readers.requirements.txt
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 TZ=UTC

if [ ! -x "$WIRELAT" ]; then
  echo "export-readers.sh: $WIRELAT is missing: \`make build\`, or set WIRELAT" >&2
  exit 2
fi
if [ ! -e "$ENVIRONMENT/bin/python" ]; then python3 -m venv "$ENVIRONMENT"; fi
if ! cmp --silent "$REQUIREMENTS" "$ENVIRONMENT/requirements.txt"; then
  "$ENVIRONMENT/bin/pip" install --quiet --disable-pip-version-check --requirement "$REQUIREMENTS"
  cp "$REQUIREMENTS" "$ENVIRONMENT/requirements.txt"
fi
exec "$ENVIRONMENT/bin/python" "$LIVE/export_readers.py" "$WIRELAT" "$ROOT/docs" "$@"
