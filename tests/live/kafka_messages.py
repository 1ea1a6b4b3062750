"""Kafka messages that the tests send, in any version."""

import time
import uuid

import common
from common import Failure
from kafka.protocol.admin import CreateTopicsRequest
from kafka.protocol.consumer import FetchRequest, ListOffsetsRequest
from kafka.protocol.metadata import FindCoordinatorRequest, MetadataRequest
from kafka.protocol.producer import ProduceRequest
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka_wire import RawConnection

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


def records(count=3, codec="none", magic=2, value=b"a record of a live test " * 4):
    builder = MemoryRecordsBuilder(magic, CODECS[codec], 1 << 20)
    for number in range(count):
        builder.append(timestamp=1_700_000_000_000 + number, key=None, value=value, **({"headers": []} if magic == 2 else {}))
    builder.close()
    return bytes(builder.buffer())


def create_topics(broker, topics):
    """Creates topics {name: partitions}; their ids."""
    request = CreateTopicsRequest[5]
    created = [
        CreateTopicsRequest.CreatableTopic(name=name, num_partitions=partitions, replication_factor=1, assignments=[], configs=[])
        for name, partitions in topics.items()
    ]
    with RawConnection(broker.port, []) as connection:
        connection.call(request(topics=created, timeout_ms=30000, validate_only=False))
        deadline = time.monotonic() + common.PATIENCE_S
        while time.monotonic() < deadline:
            answer = connection.call(metadata(list(topics), 12))
            if all(
                topic.error_code == 0 and all(partition.error_code == 0 for partition in topic.partitions)
                and len(topic.partitions) == topics[topic.name]
                for topic in answer.topics
            ):
                return {topic.name: topic.topic_id for topic in answer.topics}
            time.sleep(0.1)
    raise Failure(f"the broker does not create the topics {' '.join(topics)}")


def metadata(names, version):
    topics = [MetadataRequest.MetadataRequestTopic(name=name) for name in names]
    return MetadataRequest[version](topics=topics, allow_auto_topic_creation=False)


def produce(topics, version, acks=-1, ids=None, codec="none", count=3, value=None):
    """`topics`: {name: partitions}; from version 13 on the wire has their ids."""
    magic = {0: 0, 1: 0, 2: 1}.get(version, 2)
    options = {"value": value} if value else {}
    topic, partition = ProduceRequest.TopicProduceData, ProduceRequest.TopicProduceData.PartitionProduceData
    return ProduceRequest[version](
        transactional_id=None, acks=acks, timeout_ms=10000,
        topic_data=[
            topic(
                **({"topic_id": ids[name]} if version >= 13 else {"name": name}),
                partition_data=[partition(index=index, records=records(count, codec, magic, **options)) for index in partitions],
            )
            for name, partitions in topics.items()
        ],
    )


def fetch(topics, version, offset=0, ids=None, max_wait_ms=0, session=(0, -1), max_bytes=1 << 20, min_bytes=1):
    topic, partition = FetchRequest.FetchTopic, FetchRequest.FetchTopic.FetchPartition
    return FetchRequest[version](
        replica_id=-1, max_wait_ms=max_wait_ms, min_bytes=min_bytes, max_bytes=max_bytes, isolation_level=0,
        session_id=session[0], session_epoch=session[1], forgotten_topics_data=[], rack_id="",
        topics=[
            topic(
                **({"topic_id": ids[name]} if version >= 13 else {"topic": name}),
                partitions=[
                    partition(
                        partition=index, current_leader_epoch=-1, fetch_offset=offset, last_fetched_epoch=-1, log_start_offset=-1,
                        partition_max_bytes=max_bytes,
                    )
                    for index in partitions
                ],
            )
            for name, partitions in topics.items()
        ],
    )


def list_offsets(name, version):
    topic = ListOffsetsRequest.ListOffsetsTopic
    partition = topic.ListOffsetsPartition(partition_index=0, current_leader_epoch=-1, timestamp=-1)
    return ListOffsetsRequest[version](replica_id=-1, isolation_level=0, topics=[topic(name=name, partitions=[partition])])


def find_coordinator(key, version):
    keys = {"coordinator_keys": [key]} if version >= 4 else {"key": key}
    return FindCoordinatorRequest[version](key_type=0, **keys)


def every_version(broker, message, below=None):
    low, high = broker.versions()[message.API_KEY]
    if message is ProduceRequest and broker.major >= 4:
        # 4.x says 0 for the sake of old librdkafka, and closes the connection of who believes it.
        low = 3
    return range(low, min(high, message.max_version, below if below is not None else high) + 1)


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:6]}"
