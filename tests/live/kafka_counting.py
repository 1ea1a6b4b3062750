"""Clients that only count: librdkafka, kcat and Java's client say in their logs which requests they made."""

import re
import sys
from collections import Counter
from pathlib import Path

from common import Ran, program, run_program
from kafka_messages import CODECS, unique

HERE = Path(__file__).resolve().parent
RECORDS_OF_CONFLUENT = 10


def librdkafka_counts(said):
    """What its log (debug=protocol) says: requests sent, the same with versions, and how many it did not wait for when it ended."""
    names = {"ApiVersion": "ApiVersions"}

    def spoken(word, kind):
        return [(names.get(name, name), version) for name, version in re.findall(rf"{word} (\w+?){kind} \(v(\d+)", said)]

    sent, received = spoken("Sent", "Request"), spoken("Received", "Response")
    count = Counter(name for name, _ in sent)
    return count, Counter(sent), count - Counter(name for name, _ in received)


def java_counts(said):
    """The same of NetworkClient's debug log."""
    names = {name.upper(): name for name in OPERATIONS}

    def spoken(pattern):
        found = re.findall(pattern + r".*?apiVersion=(\d+)", said)
        return [(names[name.replace("_", "")], version) for name, version in found]

    sent, received = spoken(r"Sending (\w+) request with header"), spoken(r"Received (\w+) response from node ")
    count = Counter(name for name, _ in sent)
    return count, Counter(sent), count - Counter(name for name, _ in received)


# The protocol guide's names, for a client that writes PRODUCE.
OPERATIONS = """Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup
DescribeGroups ListGroups ApiVersions CreateTopics DeleteTopics InitProducerId AddPartitionsToTxn AddOffsetsToTxn EndTxn TxnOffsetCommit
DescribeConfigs DescribeCluster ConsumerGroupHeartbeat ConsumerGroupDescribe GetTelemetrySubscriptions PushTelemetry
OffsetForLeaderEpoch ShareGroupHeartbeat ShareFetch ShareAcknowledge""".split()


class Tally:
    """The requests of clients that only count them."""

    def __init__(self):
        self.counts, self.versions, self.left = Counter(), Counter(), Counter()

    def add(self, said):
        self.counts += said[0]
        self.versions += said[1]
        self.left += said[2]

    def ran(self):
        ran = Ran([], counts=dict(self.counts))
        ran.versions, ran.left = self.versions, self.left
        return ran


def confluent(run, tally, *words):
    tally.add(librdkafka_counts(run_program([sys.executable, HERE / "kafka_confluent.py", run.port, *words])))


def confluent_codecs(run):
    tally = Tally()
    for codec in CODECS:
        confluent(run, tally, "produce", run.state, f"compression.type={codec}")
    confluent(run, tally, "consume", run.state, 10 * len(CODECS), f"group.id={unique('confluent')}", "fetch.wait.max.ms=100")
    return tally.ran()


def confluent_acks(run):
    tally = Tally()
    confluent(run, tally, "produce", run.state, "acks=0")
    confluent(run, tally, "produce", run.state, "acks=1")
    confluent(run, tally, "produce", run.state, "enable.idempotence=true")
    ran = tally.ran()
    # It counts what it sent, so those that nobody answers are among them.
    ran.counts["Produce"] -= RECORDS_OF_CONFLUENT
    ran.one_way = {"Produce": RECORDS_OF_CONFLUENT}
    ran.left = ran.left - Counter(ran.one_way)
    return ran


def confluent_transactions(run):
    tally = Tally()
    confluent(run, tally, "transaction", run.state)
    confluent(run, tally, "consume", run.state, 1, f"group.id={unique('confluent')}", "isolation.level=read_committed")
    return tally.ran()


def confluent_new_group(run):
    """KIP-848: one heartbeat instead of join and sync."""
    tally = Tally()
    confluent(run, tally, "produce", run.state)
    confluent(run, tally, "consume", run.state, 10, f"group.id={unique('new')}", "group.protocol=consumer")
    return tally.ran()


def kcat(run):
    tally, where = Tally(), ["-b", f"127.0.0.1:{run.port}", "-t", run.state, "-d", "protocol"]
    binary = program("kcat", "kcat")
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        tally.add(librdkafka_counts(run_program([binary, "-P", "-z", codec, *where], input="one\ntwo\nthree\n")))
    tally.add(librdkafka_counts(run_program([binary, "-C", "-e", "-o", "beginning", *where])))
    tally.add(librdkafka_counts(run_program([binary, "-L", *where])))
    return tally.ran()


LOG4J = """log4j.rootLogger=WARN, stdout
log4j.logger.org.apache.kafka.clients.NetworkClient=DEBUG
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %m%n
"""
LOG4J2 = """rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = stdout
logger.client.name = org.apache.kafka.clients.NetworkClient
logger.client.level = debug
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %m%n
"""


def java(run, tally, tool, *words):
    """One of Kafka's own tools, with the log of its client."""
    directory = run.server.directory
    (directory / "client.log4j").write_text(LOG4J)
    (directory / "client2.properties").write_text(LOG4J2)
    command = ["java", "-Xmx128m", "-cp", run.server.classpath(), f"-Dlog4j.configuration=file:{directory / 'client.log4j'}"]
    command += [f"-Dlog4j2.configurationFile={directory / 'client2.properties'}", f"org.apache.kafka.tools.{tool}"]
    said = run_program([*command, *words])
    tally.add(java_counts(said))
    return said


def java_produce(run, tally, *words, count):
    java(
        run, tally, "ProducerPerformance", "--topic", run.state, "--num-records", str(count), "--record-size", "100",
        "--throughput", "-1", "--producer-props", f"bootstrap.servers=127.0.0.1:{run.port}", *words,
    )


def java_clients(run):
    tally, count = Tally(), 20 if run.recording else 5000
    for codec in CODECS:
        java_produce(run, tally, f"compression.type={codec}", "acks=1" if codec == "gzip" else "acks=all", count=count)
    java(
        run, tally, "consumer.ConsoleConsumer", "--bootstrap-server", f"127.0.0.1:{run.port}", "--topic", run.state, "--from-beginning",
        "--max-messages", str(count * len(CODECS)), "--consumer-property", f"group.id={unique('java')}",
    )
    return tally.ran()


def java_transactions(run):
    tally = Tally()
    java_produce(run, tally, "transactional.id=java", "linger.ms=0", "--transaction-duration-ms", "50", count=20 if run.recording else 2000)
    return tally.ran()


def java_new_group(run):
    tally = Tally()
    java_produce(run, tally, "acks=all", count=20)
    java(
        run, tally, "consumer.ConsoleConsumer", "--bootstrap-server", f"127.0.0.1:{run.port}", "--topic", run.state, "--from-beginning",
        "--max-messages", "20", "--consumer-property", "group.protocol=consumer", "--consumer-property", f"group.id={unique('java')}",
    )
    return tally.ran()
