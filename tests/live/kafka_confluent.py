"""A confluent-kafka client (librdkafka) that does one thing and says on standard error each request that it made.

kafka_confluent.py PORT produce TOPIC NAME=VALUE...     ten records, settings of librdkafka
kafka_confluent.py PORT consume TOPIC COUNT NAME=VALUE...
kafka_confluent.py PORT transaction TOPIC NAME=VALUE...  two transactions, one of them aborted
"""

import sys
import time

from confluent_kafka import Consumer, Producer

RECORDS = 10
PATIENCE_S = 30


def produce(settings, topic):
    producer = Producer(settings)
    for number in range(RECORDS):
        producer.produce(topic, f"record {number}".encode() * 10)
        producer.flush(PATIENCE_S)


def transaction(settings, topic):
    producer = Producer({**settings, "transactional.id": "wirelat"})
    producer.init_transactions(PATIENCE_S)
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(topic, b"in a transaction")
        producer.flush(PATIENCE_S)
        end(PATIENCE_S)


def consume(settings, topic, count):
    consumer = Consumer({"group.id": "confluent", "auto.offset.reset": "earliest", "enable.auto.commit": False, **settings})
    consumer.subscribe([topic])
    found, deadline = 0, time.monotonic() + PATIENCE_S
    while found < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and not message.error():
            found += 1
    consumer.commit(asynchronous=False)
    consumer.close()
    if found < count:
        sys.exit(f"{found} of {count} records came")


def main(port, action, topic, *rest):
    settings = {"bootstrap.servers": f"127.0.0.1:{port}", "debug": "protocol"}
    positional = [word for word in rest if "=" not in word]
    settings |= dict(word.split("=", 1) for word in rest if "=" in word)
    {"produce": produce, "transaction": transaction, "consume": consume}[action](settings, topic, *map(int, positional))


if __name__ == "__main__":
    main(*sys.argv[1:])
