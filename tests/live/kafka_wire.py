"""Kafka clients that know each of their requests: a raw one, and kafka-python under observation.

Both use kafka-python's message classes, which know every version of every message.
"""

import contextlib
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass

from common import Expected
from kafka.net.connection import KafkaConnection
from kafka.protocol.metadata import ApiVersionsResponse  # noqa: F401 (registers itself)
from kafka.protocol.parser import KafkaProtocol

AGGREGATE = "_aggregate"


@dataclass
class KafkaExpected(Expected):
    # Whether a Fetch brought no records; None: no Fetch, or not known.
    empty: bool | None = None
    version: int | None = None
    # Whether the request names topics by their ids only.
    by_id: bool = False


def first_error(message):
    """The first error code that is not zero, in the order of the wire."""
    if isinstance(message, dict):
        # `partition_error_code` in answers of transactions.
        own = next((code for name, code in message.items() if name.endswith("error_code") and code), 0)
        if own:
            return own
        children = message.values()
    elif isinstance(message, list):
        children = message
    else:
        return 0
    return next((code for child in children if (code := first_error(child))), 0)


def topics_of(request):
    """What topics a request names: names, or None in place of ids."""
    found = []
    for topic in getattr(request, "topic_data", None) or getattr(request, "topics", None) or []:
        if isinstance(topic, str):
            found.append(topic)
        elif isinstance(topic, tuple):
            found.append(topic[0] if isinstance(topic[0], str) else None)
        else:
            found.append(getattr(topic, "name", None) or getattr(topic, "topic", None) or None)
    return found


def name_of(request):
    """None where a test cannot say: no topic, or one by its id."""
    named = topics_of(request)
    topics = set(named)
    if None in topics:
        return AGGREGATE if len(named) > 1 else None
    if len(topics) == 1:
        return topics.pop()
    return AGGREGATE if len(topics) > 1 else None


def operation_of(request):
    return type(request).__mro__[0].__name__.split("Request")[0]


def brought_nothing(response):
    return not any(partition.get("records") for topic in response["responses"] for partition in topic["partitions"])


def asked(port, request, start_ns):
    """An Expected for a request that is about to be sent."""
    return KafkaExpected(
        port, operation_of(request), start_ns, 0, outcome="unanswered" if request.expect_response() else "no_answer_expected",
        name=name_of(request), version=request.API_VERSION, by_id=None in topics_of(request),
    )


def answered(expected, response, end_ns):
    content = response.to_dict(json=False)
    code = first_error(content)
    expected.end_ns = end_ns
    # Which side is to blame is not the client's to say.
    expected.outcome = "error" if code else "ok"
    expected.code = str(code) if code else None
    if expected.operation == "Fetch":
        expected.empty = brought_nothing(content)


class RawConnection:
    """One connection that sends what it is told, in the version that it is told."""

    def __init__(self, port, log, client_id="wirelat-raw"):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client_port = self.socket.getsockname()[1]
        self.protocol = KafkaProtocol(client_id=client_id)
        self.log, self.waiting, self.unconfirmed = log, deque(), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, request, logged=True):
        expected = asked(self.client_port, request, time.time_ns())
        if logged:
            self.log.append(expected)
        self.protocol.send_request(request)
        self.socket.sendall(self.protocol.send_bytes())
        if request.expect_response():
            self.waiting.append(expected)
        else:
            self.unconfirmed.append(expected)
            expected.end_ns = time.time_ns()

    def receive_frame(self):
        frame = self.socket.recv(4, socket.MSG_WAITALL)
        return frame + self.socket.recv(struct.unpack(">i", frame)[0], socket.MSG_WAITALL)

    def call_bytes(self, operation, message):
        """A message that kafka-python cannot write; its answer begins with the error code."""
        expected = KafkaExpected(self.client_port, operation, time.time_ns(), 0, outcome="error", version=struct.unpack_from(">h", message, 2)[0])
        self.log.append(expected)
        self.socket.sendall(struct.pack(">i", len(message)) + message)
        answer = self.receive_frame()
        expected.end_ns = time.time_ns()
        # Length, correlation id, error code.
        expected.code = str(struct.unpack_from(">h", answer, 8)[0])

    def receive(self):
        frame = self.receive_frame()
        end_ns = time.time_ns()
        ((_, response),) = self.protocol.receive_bytes(frame)
        answered(self.waiting.popleft(), response, end_ns)
        # What was sent before must have been on the wire by now.
        for expected in self.unconfirmed:
            expected.end_ns = end_ns
        self.unconfirmed.clear()
        return response

    def call(self, request, logged=True):
        self.send(request, logged)
        return self.receive()


@contextlib.contextmanager
def observed(log):
    """Each request of each kafka-python client inside the block, its own ones too, is appended to `log`."""
    send, lost = KafkaConnection._send_request, KafkaConnection.connection_lost

    def timed_send(self, request, future=None, timeout_at=None):
        start_ns = time.time_ns()
        port = self.transport.getHost()[1]
        future = send(self, request, future=future, timeout_at=timeout_at)
        expected = asked(port, request, start_ns)
        log.append(expected)
        if request.expect_response():
            future.add_callback(lambda response: answered(expected, response, time.time_ns()))
        return future

    KafkaConnection._send_request = timed_send
    try:
        yield
    finally:
        KafkaConnection._send_request, KafkaConnection.connection_lost = send, lost
        end_ns = time.time_ns()
        for expected in log:
            expected.end_ns = expected.end_ns or end_ns
