"""A Kafka broker, and its own count of the requests that it answered."""

import subprocess
import time
from collections import Counter

import common
from common import Failure, run_program
from kafka.protocol.metadata import ApiVersionsRequest
from kafka_wire import RawConnection

SCRIPTS = common.ROOT / "scripts/live"
# What the broker asks itself and its controller beside its clients' requests, so that its count holds more than theirs.
BROKERS_OWN = {
    "AllocateProducerIds", "AlterPartition", "BrokerHeartbeat", "BrokerRegistration", "ControllerRegistration", "Envelope",
    "WriteTxnMarkers", "FetchFollower", "FetchConsumer", "AddPartitionsToTxnVerification",
}
# Connections of the broker to itself begin with ApiVersions; these requests it hands on to the controller and counts again.
BROKERS_TOO = {"ApiVersions", "CreateTopics", "AddPartitionsToTxn", "Metadata"}
# By operation, how many requests of the last scenario's counting clients may have no answer.
MAY_BE_UNANSWERED = Counter()


class Broker:
    """A started broker, and its own count of what it answered."""

    def __init__(self, version, port, directory):
        self.version, self.port, self.directory = version, port, directory
        self.major = int(version.split(".")[0])

    def __enter__(self):
        try:
            run_program([SCRIPTS / "kafka.sh", "start", self.version, self.directory / "broker", self.port])
        except BaseException:
            self.stop()
            raise
        self.jmx = subprocess.Popen(
            ["java", "-Xmx64m", SCRIPTS / "KafkaCounts.java", str(self.port + 1)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        # Before any capture.
        self.versions()
        return self

    def __exit__(self, *_):
        self.jmx.stdin.close()
        self.jmx.wait()
        self.jmx.stdout.close()
        self.stop()

    def stop(self):
        run_program([SCRIPTS / "kafka.sh", "stop", self.directory / "broker"])

    def counts(self):
        """By operation, what it has answered, acks=0 too."""
        self.jmx.stdin.write("\n")
        self.jmx.stdin.flush()
        found = Counter()
        for line in self.jmx.stdout:
            if not line.strip():
                return found
            operation, _, count = line.split()
            found[operation] += int(count)
        raise Failure("the broker's JMX port does not answer")

    def classpath(self):
        return run_program([SCRIPTS / "kafka.sh", "classpath", self.version]).strip()

    def newest(self, message):
        """The newest version of a message that client and broker both know."""
        return min(message.max_version, self.versions()[message.API_KEY][1])

    def versions(self):
        if not hasattr(self, "known_versions"):
            with RawConnection(self.port, []) as connection:
                answer = connection.call(ApiVersionsRequest[3](client_software_name="wirelat", client_software_version="1"))
            self.known_versions = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
        return self.known_versions


def counted(scenario):
    """A scenario whose requests are compared with the broker's count of them."""

    def run(run):
        before = run.server.counts()
        ran = scenario(run)
        made = Counter(expected.operation for expected in ran.expected if expected.outcome is not None) + Counter(ran.counts or {})
        made += Counter(getattr(ran, "one_way", {}))
        left = Counter(expected.operation for expected in ran.expected if expected.outcome is None)
        counted_left = getattr(ran, "left", Counter())
        MAY_BE_UNANSWERED.clear()
        MAY_BE_UNANSWERED.update(counted_left)
        deadline = time.monotonic() + 5
        # It counts an answer a moment after it was sent.
        while (problems := broker_disagrees(made, left, counted_left, run.server.counts() - before)) and time.monotonic() < deadline:
            time.sleep(0.2)
        ran.problems += problems
        return ran

    return run


def broker_disagrees(made, left, counted_left, counted_there):
    """`left`, not in `made`, and `counted_left`, part of it: their client went away before the answer; the broker may have given one."""
    problems = []
    for operation in sorted(set(made) | set(counted_there) - BROKERS_OWN - BROKERS_TOO):
        there, here = counted_there[operation], made[operation]
        if there < here - counted_left[operation] or (there > here + left[operation] and operation not in BROKERS_TOO):
            problems.append(f"{operation}: the client made {here}, the broker counted {there}")
    return problems
