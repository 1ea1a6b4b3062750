#!/usr/bin/env bash
# One Cassandra node on loopback and in a directory of its own.
#
#   scripts/live/cassandra.sh start VERSION DIR PORT [LINE...]     lines for cassandra.yaml, in place of those that are there
#   scripts/live/cassandra.sh stop DIR
#   scripts/live/cassandra.sh classpath VERSION
#
# PORT serves clients, PORT+1 is the storage port. The heap is 768 MiB, the process takes about 1 GiB. Needs Java 17 and maven.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${WIRELAT_LIVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wirelat-live}
READY_SECONDS_MAX=120
# As in Cassandra's own conf/jvm17-server.options.
JAVA_17=(
  -Djdk.attach.allowAttachSelf=true
  --add-exports java.base/jdk.internal.misc=ALL-UNNAMED
  --add-exports java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED
  --add-exports java.rmi/sun.rmi.registry=ALL-UNNAMED
  --add-exports java.rmi/sun.rmi.server=ALL-UNNAMED
  --add-exports java.sql/java.sql=ALL-UNNAMED
  --add-exports java.base/java.lang.ref=ALL-UNNAMED
  --add-exports jdk.unsupported/sun.misc=ALL-UNNAMED
  --add-opens java.base/java.lang.module=ALL-UNNAMED
  --add-opens java.base/jdk.internal.loader=ALL-UNNAMED
  --add-opens java.base/jdk.internal.ref=ALL-UNNAMED
  --add-opens java.base/jdk.internal.reflect=ALL-UNNAMED
  --add-opens java.base/jdk.internal.math=ALL-UNNAMED
  --add-opens java.base/jdk.internal.module=ALL-UNNAMED
  --add-opens java.base/jdk.internal.util.jar=ALL-UNNAMED
  --add-opens java.base/sun.nio.ch=ALL-UNNAMED
  --add-opens java.base/java.io=ALL-UNNAMED
  --add-opens java.base/java.lang=ALL-UNNAMED
  --add-opens java.base/java.lang.reflect=ALL-UNNAMED
  --add-opens java.base/java.nio=ALL-UNNAMED
  --add-opens java.base/java.util=ALL-UNNAMED
  --add-opens java.base/java.util.concurrent=ALL-UNNAMED
  --add-opens java.base/java.util.concurrent.atomic=ALL-UNNAMED
  --add-opens java.rmi/sun.rmi.transport.tcp=ALL-UNNAMED
  --add-opens jdk.management/com.sun.management.internal=ALL-UNNAMED
)

fail() {
  echo "cassandra.sh: $*" >&2
  exit 1
}

for program in java mvn setsid; do
  command -v "$program" >/dev/null || fail "$program is missing: install the packages openjdk-17-jdk-headless, maven and util-linux"
done

# Resolving a class path takes maven seconds, so it is kept.
classpath() {
  local version=$1 kept=$CACHE/cassandra-$1.classpath
  if [ ! -s "$kept" ]; then
    mkdir -p "$CACHE"
    mvn --batch-mode --quiet -f "$HERE/maven/cassandra.xml" "-Dcassandra.version=$version" \
      dependency:build-classpath "-Dmdep.outputFile=$kept.new" >&2 || fail "maven found no Cassandra $version: see its message above"
    mv "$kept.new" "$kept"
  fi
  cat "$kept"
}

# put LINE: into cassandra.yaml, in place of one of the same name.
put() {
  sed -i "/^${1%%:*}:/d" "$directory/cassandra.yaml"
  printf '%s\n' "$1" >>"$directory/cassandra.yaml"
}

ready() {
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 1
  # The first role comes a moment after the port.
  ! grep -q '^authenticator: PasswordAuthenticator' "$directory/cassandra.yaml" \
    || grep -q 'Created default superuser role' "$directory/server.out"
}

start() {
  local version=$1 directory=$2 port=$3 jars line
  shift 3
  jars=$(classpath "$version")
  mkdir -p "$directory"
  directory=$(cd "$directory" && pwd)
  cat >"$directory/cassandra.yaml" <<END
cluster_name: wirelat
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: $((port + 1))
ssl_storage_port: $((port + 2))
native_transport_port: $port
start_native_transport: true
endpoint_snitch: SimpleSnitch
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "127.0.0.1:$((port + 1))"}]}]
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_directory: $directory/commitlog
data_file_directories: [$directory/data]
saved_caches_directory: $directory/saved_caches
hints_directory: $directory/hints
cdc_raw_directory: $directory/cdc_raw
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
concurrent_reads: 8
concurrent_writes: 8
auto_snapshot: false
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
batch_size_warn_threshold: 5KiB
batch_size_fail_threshold: 50KiB
END
  for line in "$@"; do put "$line"; done
  cat >"$directory/logback.xml" <<'END'
<configuration>
  <appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date %level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="stdout"/></root>
</configuration>
END
  # A node that is alone need not wait for others; one that is not in the foreground closes its output.
  setsid java -Xms512m -Xmx768m -XX:MaxDirectMemorySize=256m "${JAVA_17[@]}" -cp "$jars" \
    "-Dcassandra.config=file://$directory/cassandra.yaml" "-Dcassandra.storagedir=$directory" \
    "-Dlogback.configurationFile=$directory/logback.xml" -Dcassandra-foreground=yes -Dcassandra.ring_delay_ms=0 -Dcassandra.skip_wait_for_gossip_to_settle=0 \
    -Dcassandra.superuser_setup_delay_ms=0 -Djava.net.preferIPv4Stack=true -Dcassandra.jmx.local.port=$((port + 3)) \
    org.apache.cassandra.service.CassandraDaemon >"$directory/server.out" 2>&1 </dev/null &
  echo $! >"$directory/pid"
  local deadline=$((SECONDS + READY_SECONDS_MAX))
  until ready; do
    kill -0 "$(cat "$directory/pid")" 2>/dev/null || fail "Cassandra $version ended: read $directory/server.out"
    [ "$SECONDS" -lt "$deadline" ] || fail "Cassandra $version was not ready after $READY_SECONDS_MAX s: read $directory/server.out"
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
  start) [ $# -ge 4 ] || fail 'usage: start VERSION DIR PORT [LINE...]'; start "${@:2}" ;;
  stop) [ $# -eq 2 ] || fail 'usage: stop DIR'; stop "$2" ;;
  classpath) [ $# -eq 2 ] || fail 'usage: classpath VERSION'; classpath "$2" ;;
  *) fail 'usage: start VERSION DIR PORT [LINE...] | stop DIR | classpath VERSION' ;;
esac
