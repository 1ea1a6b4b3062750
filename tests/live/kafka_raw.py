"""What the raw client does: chosen versions, errors, many in flight, every request with its times."""

import os
import struct
import time
import uuid

import common
from common import Failure, Ran
from kafka.protocol.consumer import (
    FetchRequest, HeartbeatRequest, JoinGroupRequest, ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest,
)
from kafka.protocol.metadata import ApiVersionsRequest, FindCoordinatorRequest, MetadataRequest
from kafka.protocol.producer import InitProducerIdRequest, ProduceRequest
from kafka_messages import CODECS, create_topics, every_version, fetch, find_coordinator, list_offsets, metadata, produce, unique
from kafka_wire import RawConnection, first_error


def with_topics(**topics):
    """Before the capture: topics, each with a record in partition 0."""

    def before(run):
        names = {key: unique(key) for key in topics}
        ids = create_topics(run.server, {names[key]: count for key, count in topics.items()})
        with RawConnection(run.port, []) as connection:
            for name in names.values():
                connection.call(produce({name: [0]}, 9))
        return names, ids

    return before


def raw_versions(run):
    """Every version that the broker knows of what clients ask most."""
    names, ids = run.state
    name, log, broker = names["versions"], [], run.server
    with RawConnection(run.port, log) as connection:
        for version in every_version(broker, ApiVersionsRequest):
            connection.call(ApiVersionsRequest[version](client_software_name="wirelat", client_software_version="1"))
        for version in every_version(broker, MetadataRequest):
            connection.call(metadata([name], version))
        for version in every_version(broker, FindCoordinatorRequest):
            connection.call(find_coordinator("group", version))
        for version in every_version(broker, InitProducerIdRequest):
            connection.call(
                InitProducerIdRequest[version](transactional_id=None, transaction_timeout_ms=1000, producer_id=-1, producer_epoch=-1)
            )
        for version in every_version(broker, ListOffsetsRequest):
            connection.call(list_offsets(name, version))
        for version in every_version(broker, ProduceRequest):
            connection.call(produce({name: [0]}, version, ids=ids, count=1))
        for version in every_version(broker, FetchRequest):
            connection.call(fetch({name: [0]}, version, ids=ids, max_bytes=200))
    return Ran(log)


def raw_codecs(run):
    names, ids = run.state
    name, log = names["codecs"], []
    with RawConnection(run.port, log) as connection:
        connection.call(metadata([name], 12))
        for codec in CODECS:
            connection.call(produce({name: [0]}, 9, codec=codec, count=20))
        connection.call(fetch({name: [0]}, 12))
        connection.call(fetch({name: [0]}, 13, ids=ids))
        # Past the end: nothing comes.
        connection.call(fetch({name: [0]}, 13, ids=ids, offset=3 + 5 * 20))
        connection.call(fetch({name: [0]}, 13, ids=ids, offset=3 + 5 * 20, max_wait_ms=100))
    return Ran(log)


def raw_acks(run):
    names, _ = run.state
    name, log = names["acks"], []
    with RawConnection(run.port, log) as connection:
        for version in (3, 7, 9, 11):
            for acks in (0, 0, 1, 0, -1):
                request = produce({name: [0]}, version, acks=acks, count=1)
                connection.call(request) if acks else connection.send(request)
    return Ran(log)


# ApiVersions 99, correlation id 77, an empty client id: answered as version 0 with UNSUPPORTED_VERSION.
NO_SUCH_VERSION = struct.pack(">hhihb", 18, 99, 77, 0, 0) + b"\x02x\x02y\0"


def raw_refused(run):
    """The broker closes the connection of who sends a version that it no longer has."""
    names, _ = run.state
    log = []
    with RawConnection(run.port, log) as connection:
        connection.call(metadata([names["refused"]], 12))
        connection.send(produce({names["refused"]: [0]}, 2))
        if connection.socket.recv(1):
            raise Failure("the broker answers Produce version 2")
        log[-1].end_ns = time.time_ns()
    return Ran(log)


def raw_errors(run):
    names, ids = run.state
    name, log = names["errors"], []
    commit, commit_topic = OffsetCommitRequest, OffsetCommitRequest.OffsetCommitRequestTopic
    with RawConnection(run.port, log) as connection:
        connection.call(metadata(["no-such-topic"], 9))
        connection.call(metadata([name, "no-such-topic"], 12))
        connection.call(produce({name: [7]}, 7))
        connection.call(produce({name: [0], "no-such-topic": [0]}, 9))
        connection.call(fetch({name: [0]}, 12, offset=1_000_000))
        connection.call(fetch({name: [9]}, 11))
        connection.call(fetch({"nobody": [0]}, 13, ids={"nobody": uuid.uuid4()}))
        connection.call(fetch({name: [0]}, 13, ids=ids, session=(12345, 7)))
        connection.call(list_offsets("no-such-topic", 5))
        connection.call(HeartbeatRequest[4](group_id="nobody", generation_id=1, member_id="nobody", group_instance_id=None))
        connection.call(
            JoinGroupRequest[5](
                group_id="nobody", session_timeout_ms=10000, rebalance_timeout_ms=10000, member_id="", group_instance_id=None,
                protocol_type="consumer", protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")],
            )
        )
        connection.call(
            commit[8](
                group_id="nobody", generation_id_or_member_epoch=5, member_id="nobody", group_instance_id=None,
                topics=[
                    commit_topic(
                        name=name,
                        partitions=[
                            commit_topic.OffsetCommitRequestPartition(
                                partition_index=0, committed_offset=1, committed_leader_epoch=-1, committed_metadata=""
                            )
                        ],
                    )
                ],
            )
        )
        connection.call_bytes("ApiVersions", NO_SUCH_VERSION)
        connection.call(OffsetFetchRequest[7](group_id="nobody", topics=None, require_stable=False))
        connection.call(metadata([name], 9))
    return Ran(log)


def raw_pipelined(run):
    """Many requests in flight; one Fetch that waits holds up all behind it."""
    names, ids = run.state
    name, log = names["pipelined"], []
    with RawConnection(run.port, log) as first, RawConnection(run.port, log) as second:
        for connection in (first, second):
            for _ in range(20):
                connection.send(produce({name: [0]}, 9, count=1))
                connection.send(metadata([name], 12))
        # The end of the log: it waits.
        first.send(fetch({name: [0]}, 13, ids=ids, offset=43, max_wait_ms=300))
        first.send(metadata([name], 12))
        for connection in (first, second):
            while connection.waiting:
                connection.receive()
    return Ran(log)


def many_partitions_before(run):
    state = with_topics(wide=500, other=1)(run)
    # Metadata knows partitions before they can be written.
    request, deadline = produce({state[0]["wide"]: range(500)}, 9, count=1, value=b"x"), time.monotonic() + common.PATIENCE_S
    with RawConnection(run.port, []) as connection:
        while first_error(connection.call(request).to_dict(json=False)):
            if time.monotonic() > deadline:
                raise Failure("the broker does not serve 500 partitions")
            time.sleep(0.2)
    return state


def raw_many_partitions(run):
    names, ids = run.state
    wide, other, log = names["wide"], names["other"], []
    everything = range(500)
    with RawConnection(run.port, log) as connection:
        connection.call(metadata([wide, other], 12))
        connection.call(produce({wide: everything}, 9, count=1, value=b"x"))
        connection.call(produce({wide: [1, 2], other: [0]}, 9, count=1))
        # Some partitions bring records, the others are empty.
        for version in (11, 12, run.server.newest(FetchRequest)):
            connection.call(fetch({wide: everything}, version, ids=ids, max_bytes=4000))
        connection.call(fetch({wide: everything, other: [0]}, 16, ids=ids, max_bytes=4000))
    return Ran(log)


def raw_fetch_session(run):
    """KIP-227: after the first, a Fetch names only what changed, and its answer too."""
    names, ids = run.state
    name, log = names["session"], []
    with RawConnection(run.port, log) as connection, RawConnection(run.port, log) as producer:
        for version in (12, 16):
            answer = connection.call(fetch({name: [0, 1, 2]}, version, offset=0, ids=ids, session=(0, 0)))
            session = answer.session_id
            connection.call(fetch({name: [0]}, version, offset=3, ids=ids, session=(session, 1)))
            connection.call(fetch({}, version, ids=ids, session=(session, 2), max_wait_ms=100))
            connection.send(fetch({}, version, ids=ids, session=(session, 3), max_wait_ms=5000))
            producer.call(produce({name: [1]}, 9, count=2))
            connection.receive()
            connection.call(fetch({}, version, ids=ids, session=(session, -1)))
    return Ran(log)


def raw_large(run):
    names, ids = run.state
    name, log = names["large"], []
    value = os.urandom(10_000)
    with RawConnection(run.port, log) as connection:
        connection.call(produce({name: [0]}, 9, count=3 if run.recording else 60, value=value))
        connection.call(fetch({name: [0]}, 12))
        connection.call(fetch({name: [0]}, 16, ids=ids))
    return Ran(log)


def raw_mid_stream_before(run):
    state = with_topics(mid=1)(run)
    # It waits for records when the capture begins; nobody has seen its request.
    connection = RawConnection(run.port, [])
    connection.call(metadata([state[0]["mid"]], 12), logged=False)
    connection.send(fetch({state[0]["mid"]: [0]}, 12, offset=3, max_wait_ms=2500), logged=False)
    return *state, connection


def raw_mid_stream(run):
    names, ids, connection = run.state
    name = names["mid"]
    time.sleep(0.1)
    connection.log = log = []
    with connection:
        connection.receive()
        connection.call(produce({name: [0]}, 9))
        connection.call(fetch({name: [0]}, 16, ids=ids))
        connection.call(metadata([name], 12))
        connection.call(fetch({name: [0]}, 16, ids=ids, offset=1))
    ran = Ran(log)
    # Its request was sent before the capture: the broker counts it, nobody else.
    ran.one_way = {"Fetch": 1}
    return ran
