#!/usr/bin/env bash
# Real servers and clients on loopback: each client's own account of its requests against Wirelat's.
#
#   scripts/live-test.sh [PROTOCOL...]                          all protocols, or these
#   scripts/live-test.sh --record PROTOCOL [SCENARIO...]        writes fixtures/PROTOCOL again
#
#   WIRELAT              the binary to test (default: target/release/wirelat)
#   WIRELAT_LIVE_CACHE   where client libraries are kept (default: ~/.cache/wirelat-live)
#
# A protocol is tests/live/PROTOCOL.py; its Python packages are in PROTOCOL.requirements.txt beside it.
# Needs root: tcpdump captures on lo. Touches no service of the system: each server has a temporary directory and a spare port
# of its own, and ends with the test.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LIVE=$ROOT/tests/live
CACHE=${WIRELAT_LIVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wirelat-live}
PROTOCOLS=(postgres redis mysql http2 cassandra kafka prometheus)
export WIRELAT=${WIRELAT:-$ROOT/target/release/wirelat}
export PYTHONDONTWRITEBYTECODE=1
# What the servers and clients say must not depend on where they run.
export LC_ALL=C TZ=UTC
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

fail() {
  echo "live-test.sh: $1" >&2
  exit 2
}

# client_libraries PROTOCOL: a virtual environment with the packages that the protocol's test names.
client_libraries() {
  local requirements=$LIVE/$1.requirements.txt environment=$CACHE/$1
  if [ ! -e "$environment/bin/python" ]; then
    mkdir -p "$CACHE"
    python3 -m venv "$environment" || fail 'python3 -m venv does not work: install the package python3-venv'
  fi
  if [ -e "$requirements" ] && ! cmp --silent "$requirements" "$environment/requirements.txt"; then
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" ||
      fail "the packages of $requirements cannot be installed: see above"
    cp "$requirements" "$environment/requirements.txt"
  fi
}

# run PROTOCOL [ARGUMENTS...]
run() {
  local protocol=$1
  shift
  if [ ! -e "$LIVE/$protocol.py" ]; then
    fail "there is no protocol $protocol; there are: ${PROTOCOLS[*]}"
  fi
  client_libraries "$protocol"
  "$CACHE/$protocol/bin/python" "$LIVE/$protocol.py" "$@"
}

if [ "$(id -u)" -ne 0 ]; then fail 'tcpdump captures on lo: run it as root'; fi

if [ "${1:-}" = --record ]; then
  [ $# -ge 2 ] || fail '--record needs a protocol'
  protocol=$2
  shift 2
  run "$protocol" --record "$@"
  exit
fi

python3 "$LIVE/common.py"
if [ ! -x "$WIRELAT" ]; then fail "$WIRELAT is missing: \`make build\`, or set WIRELAT"; fi
if [ $# -eq 0 ]; then set -- "${PROTOCOLS[@]}"; fi
failed=()
for protocol in "$@"; do
  run "$protocol" || failed+=("$protocol")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "not as the clients say: ${failed[*]}" >&2
  exit 1
fi
echo 'all as the clients say'
