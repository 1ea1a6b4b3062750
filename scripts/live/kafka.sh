#!/usr/bin/env bash
# One Kafka node, broker and controller in one (KRaft), on loopback and in a directory of its own.
#
#   scripts/live/kafka.sh start VERSION DIR PORT [NAME=VALUE...]   lines for server.properties
#   scripts/live/kafka.sh stop DIR
#   scripts/live/kafka.sh classpath VERSION                       for the Java client and Kafka's tools
#
# PORT serves clients and nobody else, PORT+1 is JMX's, PORT+2 the controller's, PORT+3 for what the broker asks itself. The
# heap is 512 MiB. Needs Java 17 and maven.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${WIRELAT_LIVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wirelat-live}
READY_SECONDS_MAX=90

fail() {
  echo "kafka.sh: $*" >&2
  exit 1
}

for program in java mvn setsid; do
  command -v "$program" >/dev/null || fail "$program is missing: install the packages openjdk-17-jdk-headless, maven and util-linux"
done

# Resolving a class path takes maven seconds, so it is kept.
classpath() {
  local version=$1 kept=$CACHE/kafka-$1.classpath profile=()
  case $version in 3.*) ;; *) profile=(-Plogger) ;; esac
  if [ ! -s "$kept" ]; then
    mkdir -p "$CACHE"
    mvn --batch-mode --quiet "${profile[@]}" -f "$HERE/maven/kafka.xml" "-Dkafka.version=$version" \
      dependency:build-classpath "-Dmdep.outputFile=$kept.new" >&2 || fail "maven found no Kafka $version: see its message above"
    mv "$kept.new" "$kept"
  fi
  cat "$kept"
}

start() {
  local version=$1 directory=$2 port=$3
  shift 3
  local jars
  jars=$(classpath "$version")
  mkdir -p "$directory"
  {
    cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 2))
listeners=CLIENT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 2)),INTERNAL://127.0.0.1:$((port + 3))
advertised.listeners=CLIENT://127.0.0.1:$port,INTERNAL://127.0.0.1:$((port + 3))
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT
inter.broker.listener.name=INTERNAL
controller.listener.names=CONTROLLER
log.dirs=$directory/log
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
END
    printf '%s\n' "$@"
  } >"$directory/server.properties"
  cat >"$directory/log4j.properties" <<'END'
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %m (%c)%n
END
  # 4.x logs by log4j 2.
  cat >"$directory/log4j2.properties" <<'END'
rootLogger.level = info
rootLogger.appenderRef.stdout.ref = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %p %m (%c)%n
END
  java -Xmx256m -cp "$jars" "-Dlog4j.configuration=file:$directory/log4j.properties" \
    "-Dlog4j2.configurationFile=$directory/log4j2.properties" \
    kafka.tools.StorageTool format --cluster-id wirelatlivewirelatlive \
    --config "$directory/server.properties" >"$directory/format.out" 2>&1 \
    || fail "the directory could not be formatted: read $directory/format.out"
  setsid java -Xms256m -Xmx512m -cp "$jars" "-Dlog4j.configuration=file:$directory/log4j.properties" \
    "-Dlog4j2.configurationFile=$directory/log4j2.properties" \
    -Djava.rmi.server.hostname=127.0.0.1 -Dcom.sun.management.jmxremote.host=127.0.0.1 \
    "-Dcom.sun.management.jmxremote.port=$((port + 1))" "-Dcom.sun.management.jmxremote.rmi.port=$((port + 1))" \
    -Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false \
    kafka.Kafka "$directory/server.properties" >"$directory/server.out" 2>&1 </dev/null &
  echo $! >"$directory/pid"
  local deadline=$((SECONDS + READY_SECONDS_MAX))
  until grep -qs 'Kafka Server started' "$directory/server.out"; do
    kill -0 "$(cat "$directory/pid")" 2>/dev/null || fail "Kafka $version ended: read $directory/server.out"
    [ "$SECONDS" -lt "$deadline" ] || fail "Kafka $version was not ready after $READY_SECONDS_MAX s: read $directory/server.out"
    sleep 0.2
  done
}

stop() {
  local directory=$1 pid
  [ -s "$directory/pid" ] || return 0
  pid=$(cat "$directory/pid")
  # Nothing here is worth a clean shutdown.
  kill -KILL "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  rm -f "$directory/pid"
}

case ${1:-} in
  start) [ $# -ge 4 ] || fail 'usage: start VERSION DIR PORT [NAME=VALUE...]'; start "${@:2}" ;;
  stop) [ $# -eq 2 ] || fail 'usage: stop DIR'; stop "$2" ;;
  classpath) [ $# -eq 2 ] || fail 'usage: classpath VERSION'; classpath "$2" ;;
  *) fail 'usage: start VERSION DIR PORT [NAME=VALUE...] | stop DIR | classpath VERSION' ;;
esac
