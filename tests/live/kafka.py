"""Kafka: real brokers and clients, Wirelat's transactions against what the clients and the broker counted.

kafka.py [--record] [SCENARIO...]

On each broker version in KAFKA_VERSIONS. A raw client and kafka-python time each of their requests (kafka_raw.py, kafka_python.py,
kafka_wire.py). Java's client, librdkafka and kcat say in their logs which requests they made: those are counted
(kafka_counting.py). The broker's own count must agree with all of them (kafka_broker.py).
"""

import os
import re
import signal
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

# This file has the name of the package that it uses: the package comes first.
sys.path.append(sys.path.pop(0))

import common  # noqa: E402
import kafka_counting as counting  # noqa: E402
import kafka_python as python  # noqa: E402
import kafka_raw as raw  # noqa: E402
from common import Ran, Scenario, main  # noqa: E402
from kafka_broker import MAY_BE_UNANSWERED, Broker, broker_disagrees, counted  # noqa: E402
from kafka_raw import with_topics  # noqa: E402
from kafka_wire import KafkaExpected  # noqa: E402

VERSIONS = os.environ.get("KAFKA_VERSIONS", "3.9.1 4.1.1").split()


# --- Self-check: the comparison finds what it should -------------------------------------------------


def self_check():
    """Fabricated lines, right ones and wrong ones."""

    def line(operation, first, last, **changed):
        return as_client_says({
            "client": "127.0.0.1:1", "operation": operation, "outcome": "ok", "code": None, "name": "topic", "rows": None,
            "request_first_ns": first, "response_last_ns": last, "attributes": {}, **changed,
        })

    expected = [
        KafkaExpected(1, "Produce", 10, 20, name="topic"),
        KafkaExpected(1, "Produce", 30, 40, outcome="no_answer_expected", name="topic"),
        KafkaExpected(1, "Fetch", 50, 60, outcome="error", code="1", empty=True),
        KafkaExpected(1, "Fetch", 70, 80, outcome="unanswered"),
    ]
    expected = comparable(lambda _: Ran(expected))(None).expected
    right = [
        line("Produce", 11, 19),
        line("Produce", 31, None, outcome="no_answer_expected"),
        line("FetchEmpty", 51, 59, outcome="client_error", code="1", attributes={"empty": True}),
        line("Fetch", 71, None, outcome="unanswered"),
    ]
    assert common.compare(expected, right) == common.Comparison(4, 4, [])
    wrong = {
        "outcome": [right[0], line("Produce", 31, 35), *right[2:]],
        "name": [line("Produce", 11, 19, name="other"), *right[1:]],
        "code": [*right[:2], line("Fetch", 51, 59, outcome="server_error", code="3", attributes={"empty": True}), right[3]],
        "rows": [*right[:2], line("Fetch", 51, 59, outcome="client_error", code="1"), right[3]],
        "not reported": right[:3],
    }
    for what, lines in wrong.items():
        found = common.compare(expected, lines)
        assert found.matched == 3 and what in found.problems[0], (what, found)
    assert broker_disagrees(Counter(Produce=2), Counter(), Counter(), Counter(Produce=3))
    assert broker_disagrees(Counter(Produce=2), Counter(), Counter(), Counter(Produce=1))
    assert not broker_disagrees(Counter(Produce=2), Counter(), Counter(Produce=1), Counter(Produce=1))
    assert not broker_disagrees(Counter(Fetch=2), Counter(Fetch=1), Counter(), Counter(Fetch=3, BrokerHeartbeat=9))


# --- What is reported, as the raw client would say it --------------------------------------------------


def as_client_says(line):
    """The client does not know whose fault an error is; a Fetch that only waited is one without rows."""
    line = dict(line)
    if line["operation"] == "FetchEmpty":
        line["operation"] = "Fetch"
    if line["outcome"] in ("client_error", "server_error"):
        line["outcome"] = "error"
    if line["operation"] == "Fetch" and line["outcome"] != "no_answer_expected":
        line["rows"] = 0 if "empty" in (line.get("attributes") or {}) else 1
    return line


def lines_as_client_says(replay):
    def wrapped(pcap, wire):
        left = MAY_BE_UNANSWERED.copy()
        lines = []
        for line in map(as_client_says, replay(pcap, wire)):
            if line["outcome"] in ("unanswered", "open") and left[line["operation"]]:
                left[line["operation"]] -= 1
                line["outcome"] = "ok"
            lines.append(line)
        return lines

    return wrapped


def comparable(scenario):
    """`empty` of a Fetch as rows; an answer whose request nobody saw is left out."""

    def run(run):
        ran = scenario(run)
        for expected in ran.expected:
            if expected.empty is not None:
                expected.rows = 0 if expected.empty else 1
            if expected.outcome == "unanswered":
                # Closed while it waited; an answer may still have come.
                expected.outcome = None
        return ran

    return run


def spelled(versions):
    """Produce 3 7, Fetch 12"""
    by_operation = {}
    for operation, version in versions:
        by_operation.setdefault(operation, set()).add(int(version))
    return ", ".join(f"{operation} {' '.join(map(str, sorted(found)))}" for operation, found in sorted(by_operation.items()))


def connections_of(pcap, port):
    """How many clients of a capture on lo begin with a SYN: who only counts its requests knows no ports."""
    data, at, clients = Path(pcap).read_bytes(), 24, set()
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        # record header, Ethernet, IPv4 without options
        source, destination, flags = struct.unpack_from(">HH9xB", data, at + 16 + 14 + 20)
        if destination == port and flags & 0x12 == 0x02:
            clients.add(source)
        at += 16 + length
    return len(clients)


def spelled_name(expected):
    """"?": by its id, which the capture may explain or not."""
    return expected.name or ("?" if expected.by_id else "")


def write_case(write):
    """Adds what Kafka's cases have more: names, versions, empty Fetches, counts."""

    def wrapped(protocol, name, **options):
        ran = options["ran"]
        for expected in ran.expected:
            expected.rows = None
            expected.outcome = expected.outcome or ""
        if ran.counts is not None:
            options["complete"] = False
            ran.connections = connections_of(options["pcap"], options["port"])
        write(protocol, name, **options)
        ports = list(dict.fromkeys(expected.client_port for expected in ran.expected))
        ordered = [expected for port in ports for expected in ran.expected if expected.client_port == port]
        lines = []
        if ordered:
            lines.append(f"names = {common.array(spelled_name(expected) for expected in ordered)}")
            lines.append(f"versions = {common.array(expected.version for expected in ordered)}")
            lines.append(f"empty = {common.array(bool(expected.empty) for expected in ordered)}")
        path = common.FIXTURES / protocol / name / "case.toml"
        text = path.read_text()
        if ran.counts is not None:
            whole = Counter(ran.counts) + Counter(getattr(ran, "one_way", {}))
            counts = ", ".join(f"{operation} = {count}" for operation, count in sorted(whole.items()))
            lines.append(f"operation_counts = {{ {counts} }}")
            # Nothing is known of single requests.
            text = re.sub(r"^requests = 0\n(.*\n)*", "", text, flags=re.MULTILINE) + f"requests = {sum(whole.values())}\n"
        # What the common writer says of names is said better here.
        text = re.sub(r"^names = .*\n", "", text, flags=re.MULTILINE)
        path.write_text(text + "\n".join(lines) + "\n")
        readme = path.with_name("README.md")
        versions = getattr(ran, "versions", None) or {(expected.operation, expected.version) for expected in ordered}
        readme.write_text(readme.read_text() + f"\n**Versions** {spelled(versions)}.\n")

    return wrapped


TIMED = (
    "each request once, in its place on its connection, inside the client's own times, with these names and codes. Outcome `error`: an answer with "
    "an error code, whoever is to blame; empty: the client or the broker closed before the answer. Name `?`: by its id, which the capture may "
    "explain or not. `empty`: a Fetch that brought no records."
)
ORPHAN = " The first answer belongs to a request that the capture has not: it is no request."
COUNTED = "of each operation as many requests as the client's own log says."


def scenario(name, run, description, before=python.topic_before, more=""):
    timed = name.startswith(("raw", "python"))
    expect = (TIMED if timed else COUNTED) + more
    return Scenario(name, counted(comparable(run)), description, before=before, expect=expect)


ALL = [
    scenario("raw_versions", raw.raw_versions, "every version of ApiVersions, Metadata, FindCoordinator, InitProducerId, ListOffsets, Produce and Fetch that the broker knows", with_topics(versions=1)),
    scenario("raw_codecs", raw.raw_codecs, "Produce with each codec, Fetch by name and by topic id, empty Fetches", with_topics(codecs=1)),
    scenario("raw_acks", raw.raw_acks, "Produce with acks 0, 1 and all mixed on one connection", with_topics(acks=1)),
    scenario("raw_errors", raw.raw_errors, "error codes in many places: top level, topic, partition, group", with_topics(errors=2)),
    scenario("raw_refused", raw.raw_refused, "a version that the broker no longer has: it closes the connection", with_topics(refused=1)),
    scenario("raw_pipelined", raw.raw_pipelined, "forty requests in flight on each of two connections, and a Fetch that waits", with_topics(pipelined=1)),
    scenario("raw_many_partitions", raw.raw_many_partitions, "500 partitions in one Produce and one Fetch; two topics in one request", raw.many_partitions_before),
    scenario("raw_fetch_session", raw.raw_fetch_session, "incremental fetch sessions: requests and answers that name no topic", with_topics(session=3)),
    scenario("raw_large", raw.raw_large, "records of 10 kB: messages that span many segments", with_topics(large=1)),
    scenario("raw_mid_stream", raw.raw_mid_stream, "the capture begins while a Fetch waits for its answer", raw.raw_mid_stream_before, ORPHAN),
    scenario("python_codecs", python.python_codecs, "kafka-python: producers with each codec, and a consumer"),
    scenario("python_acks", python.python_acks, "kafka-python: acks 0, 1 and all (idempotent)"),
    scenario("python_old", python.python_old, "kafka-python told that the broker is an old one"),
    scenario("python_group", python.python_group, "kafka-python: a consumer group of two with a rebalance"),
    scenario("python_transactions", python.python_transactions, "kafka-python: committed and aborted transactions"),
    scenario("confluent_codecs", counting.confluent_codecs, "librdkafka: producers with each codec, and a consumer group"),
    scenario("confluent_acks", counting.confluent_acks, "librdkafka: acks 0, 1 and idempotent"),
    scenario("confluent_transactions", counting.confluent_transactions, "librdkafka: a committed and an aborted transaction"),
    scenario("confluent_new_group", counting.confluent_new_group, "librdkafka: a consumer group of the new protocol (KIP-848)"),
    scenario("kcat", counting.kcat, "kcat: producers with each codec, a consumer without a group, a listing"),
    scenario("java_clients", counting.java_clients, "Java's client: producers with each codec, and a consumer group"),
    scenario("java_transactions", counting.java_transactions, "Java's client: transactions"),
    scenario("java_new_group", counting.java_new_group, "Java's client: a consumer group of the new protocol (KIP-848)"),
]
NEED_4 = {"raw_refused", "confluent_new_group", "java_new_group"}
# The others are recorded with the oldest broker.
RECORDED_WITH_4 = NEED_4 | {"raw_versions_4", "java_clients", "java_transactions", "confluent_transactions"}


def main_of(version):
    common.replay = lines_as_client_says(common.replay)
    common.write_case = write_case(common.write_case)
    new = not version.startswith("3")
    chosen = []
    for each in ALL:
        if each.name in NEED_4 and not new:
            continue
        each.description = f"{each.description} (Kafka {version})"
        each.recorded = (each.name in RECORDED_WITH_4) == new
        chosen.append(each)
        if each.name == "raw_versions" and new:
            chosen.append(Scenario("raw_versions_4", each.run, each.description, before=each.before, expect=each.expect))
            each.recorded = False
            chosen.remove(each)
    if named := [word for word in sys.argv[1:] if word in {each.name for each in ALL} | {"raw_versions_4"}]:
        known = {each.name for each in chosen}
        # A scenario that only another version has.
        rest = [word for word in named if word in known]
        if not rest:
            return
        sys.argv[1:] = [word for word in sys.argv[1:] if word not in named] + rest
    main("kafka", lambda port, directory: Broker(version, port, directory), chosen)


def run_self(version):
    """This program again, with a broker of this version; it is told when this one is to end."""
    print(f"Kafka {version}", flush=True)
    child = subprocess.Popen([sys.executable, __file__, *sys.argv[1:]], env={**os.environ, "WIRELAT_LIVE_VERSION": version})

    ended = []

    def end(*_):
        ended.append(True)
        child.terminate()

    signal.signal(signal.SIGTERM, end)
    failed = child.wait() != 0
    if ended:
        sys.exit(143)
    return failed


if __name__ == "__main__":
    self_check()
    if one := os.environ.get("WIRELAT_LIVE_VERSION"):
        main_of(one)
        sys.exit(0)
    sys.exit(any([run_self(each) for each in VERSIONS]))
