"""What kafka-python does, observed: producers and consumers with every request's times."""

import threading
import time

import common
from common import Failure, Ran
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka_messages import CODECS, create_topics, unique
from kafka_wire import observed


def topic_before(run):
    name = unique("python")
    create_topics(run.server, {name: 2})
    return name


def python_codecs(run):
    name, log = run.state, []
    count = 5 if run.recording else 200
    with observed(log):
        for codec in CODECS:
            producer = KafkaProducer(
                bootstrap_servers=f"127.0.0.1:{run.port}", compression_type=None if codec == "none" else codec, client_id=codec
            )
            for number in range(count):
                producer.send(name, b"value " * 20 + str(number).encode(), partition=number % 2).get(30)
            producer.close()
        python_consume(run.port, name, count * len(CODECS))
    return Ran(log)


def python_consume(port, name, count, **settings):
    consumer = KafkaConsumer(bootstrap_servers=f"127.0.0.1:{port}", auto_offset_reset="earliest", **settings)
    if "group_id" in settings:
        consumer.subscribe([name])
    else:
        consumer.assign([TopicPartition(name, partition) for partition in (0, 1)])
    found, deadline = 0, time.monotonic() + common.PATIENCE_S
    while found < count and time.monotonic() < deadline:
        found += sum(map(len, consumer.poll(timeout_ms=500).values()))
    if "group_id" in settings:
        consumer.commit()
    consumer.close()
    if found != count:
        raise Failure(f"{found} of {count} records came")


def python_acks(run):
    name, log = run.state, []
    with observed(log):
        for acks in (0, 1, "all"):
            producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{run.port}", acks=acks, enable_idempotence=acks == "all")
            for number in range(5 if run.recording else 100):
                producer.send(name, b"value", partition=number % 2).get(30)
            producer.flush()
            producer.close()
    return Ran(log)


def python_old(run):
    """A client that takes the broker for an old one: low versions, old record formats."""
    name, log = run.state, []
    versions = [(0, 10, 1), (0, 11), (1, 0), (2, 0)] if run.server.major < 4 else [(2, 1), (2, 4), (3, 0)]
    with observed(log):
        for version in versions:
            old = {"api_version": version}
            producer = KafkaProducer(
                bootstrap_servers=f"127.0.0.1:{run.port}", acks=1, enable_idempotence=False, **old
            )
            producer.send(name, b"old", partition=0).get(30)
            producer.close()
        python_consume(run.port, name, len(versions), api_version=versions[0])
    return Ran(log)


def python_group(run):
    """A consumer group of two members: the second one joins later, so there is a rebalance."""
    name, log = run.state, []
    group, failures = unique("group"), []
    with observed(log):
        producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{run.port}")
        for number in range(10):
            producer.send(name, b"for a group", partition=number % 2).get(30)
        producer.close()

        def consume(seconds):
            try:
                consumer = KafkaConsumer(
                    name, bootstrap_servers=f"127.0.0.1:{run.port}", group_id=group, auto_offset_reset="earliest",
                    heartbeat_interval_ms=300, session_timeout_ms=6000,
                )
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    consumer.poll(timeout_ms=100)
                consumer.commit()
                consumer.close()
            except Exception as problem:  # noqa: BLE001 (told by the scenario)
                failures.append(f"a member of the group failed: {problem!r}")

        first = threading.Thread(target=consume, args=(4,))
        second = threading.Thread(target=consume, args=(2,))
        first.start()
        time.sleep(1.5)
        second.start()
        first.join()
        second.join()
    return Ran(log, problems=failures)


def python_transactions(run):
    name, log = run.state, []
    with observed(log):
        producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{run.port}", transactional_id=unique("transaction"))
        producer.init_transactions()
        for number in range(2 if run.recording else 20):
            producer.begin_transaction()
            for partition in (0, 1):
                producer.send(name, b"in a transaction", partition=partition).get(30)
            producer.abort_transaction() if number % 2 else producer.commit_transaction()
        producer.close()
    return Ran(log)
