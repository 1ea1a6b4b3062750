#!/usr/bin/env bash
# Two hosts joined by a relay of 20 ms each way, an observer on each: what they time against what the relay logged.
#
#   scripts/relay-test.sh
#
#   WIRELAT, RELAY   the binaries (default: target/debug, built where they are missing)
#
# Real servers (nginx, PostgreSQL, Redis) and clients in network namespaces of their own. Needs root; says so and does
# nothing without.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "$(id -u)" -ne 0 ]; then
  echo 'relay-test.sh: not root: no namespaces can be made, and nothing was tested'
  exit 0
fi
BUILT=${CARGO_TARGET_DIR:-$ROOT/target}/debug
WIRELAT=${WIRELAT:-$BUILT/wirelat}
RELAY=${RELAY:-$BUILT/relay}
export LC_ALL=C TZ=UTC
# shellcheck source=fixtures/record/network.sh
. "$ROOT/fixtures/record/network.sh"
# Not those that fixtures are recorded in.
CLIENT=wirelat-test-client SERVER=wirelat-test-server WIRE=wirelat-test-relay

TEMPORARY=$(mktemp -d)
chmod 755 "$TEMPORARY"
STARTED=()

end() {
  local pid
  for pid in "${STARTED[@]}"; do stop_process "$pid"; done
  network_down
  rm -rf "$TEMPORARY"
}
trap end EXIT

# start NAME NAMESPACE PROGRAM...: in the background, until the end; its output goes to NAME.out.
start() {
  local name=$1 namespace=$2
  shift 2
  ip netns exec "$namespace" "$@" >"$TEMPORARY/$name.out" 2>&1 </dev/null &
  STARTED+=($!)
}

# wait_for_port PORT
wait_for_port() {
  local attempt
  for attempt in $(seq 200); do
    if [ -n "$(in_server ss -Htln "sport = :$1")" ]; then return 0; fi
    sleep 0.05
  done
  echo "nothing listens on port $1 after $attempt attempts:" >&2
  tail -n 5 "$TEMPORARY"/*.out >&2
  return 1
}

servers() {
  mkdir "$TEMPORARY/nginx"
  cat >"$TEMPORARY/nginx.conf" <<CONF
daemon off; master_process off; pid $TEMPORARY/nginx/pid;
events {}
http { access_log off; server { listen 80; location / { return 200 "hello\n"; } } }
CONF
  start nginx "$SERVER" nginx -e "$TEMPORARY/nginx/error.log" -c "$TEMPORARY/nginx.conf"
  start redis "$SERVER" redis-server --port 6379 --bind 192.0.2.2 --protected-mode no --save '' --dir "$TEMPORARY"
  local programs data=$TEMPORARY/postgres
  programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
  install -d -o postgres "$data"
  runuser -u postgres -- "$programs/initdb" --auth trust --no-sync "$data" >"$TEMPORARY/initdb.out"
  echo 'host all all 192.0.2.0/24 trust' >>"$data/pg_hba.conf"
  start postgres "$SERVER" runuser -u postgres -- "$programs/postgres" -D "$data" -k "$data" -c listen_addresses=192.0.2.2 -c ssl=off
  for port in 80 6379 5432; do wait_for_port "$port"; done
}

# observe NAME NAMESPACE: lines into NAME.transactions and NAME.connections
observe() {
  "$WIRELAT" observe --netns "$2" --interface eth0 --wire http:80 --wire postgres:5432 --wire redis:6379 --window 1s \
    --transactions "$TEMPORARY/$1.transactions" --connections "$TEMPORARY/$1.connections" \
    >"$TEMPORARY/$1.out" 2>&1 </dev/null &
  OBSERVER=$!
  wait_for_line "$TEMPORARY/$1.out" watching "$OBSERVER"
}

clients() {
  local urls=() number
  for number in $(seq 20); do urls+=("http://192.0.2.2/number/$number"); done
  in_client curl --silent --fail "${urls[@]}" >/dev/null
  # Each with a connection of its own.
  for number in 1 2 3; do in_client curl --silent --fail --output /dev/null "http://192.0.2.2/"; done
  for number in $(seq 20); do echo "SELECT pg_sleep(0.00$((number % 10))), $number;"; done |
    in_client psql --quiet --no-psqlrc --output /dev/null 'host=192.0.2.2 user=postgres dbname=postgres sslmode=disable gssencmode=disable'
  for number in $(seq 20); do echo "SET key:$number $number"; done |
    in_client redis-cli -h 192.0.2.2 >/dev/null
}

network_up
servers
relay_start --delay 20ms --log "$TEMPORARY/relay.log"
in_client tcpdump --immediate-mode -i eth0 -s 0 -B 65536 --time-stamp-precision=nano -U -w "$TEMPORARY/client.pcap" 2>"$TEMPORARY/tcpdump.err" &
TCPDUMP=$!
STARTED+=("$TCPDUMP")
wait_for_line "$TEMPORARY/tcpdump.err" 'listening on' "$TCPDUMP"
observe client "$CLIENT"
CLIENTS_OBSERVER=$OBSERVER
observe server "$SERVER"
SERVERS_OBSERVER=$OBSERVER
clients
# What the kernel still holds is read before the end.
for observer in "$CLIENTS_OBSERVER" "$SERVERS_OBSERVER"; do stop_process "$observer"; done
stop_process "$TCPDUMP"
relay_stop
"$WIRELAT" replay "$TEMPORARY/client.pcap" --wire http:80 --wire postgres:5432 --wire redis:6379 \
  --transactions "$TEMPORARY/replayed.transactions" --connections "$TEMPORARY/replayed.connections" >/dev/null
python3 "$ROOT/tests/live/relay.py" "$TEMPORARY"
