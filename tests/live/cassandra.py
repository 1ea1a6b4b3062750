"""Cassandra: a real node and the Python driver, Wirelat's transactions against what driver and node counted.

cassandra.py [--record] [SCENARIO...]

On the version in CASSANDRA_VERSION. Each message that the driver sends is timed, its own ones too; at a scenario's end the
node says for each connection how many requests it has had.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

# This file has the name of the package that it uses: the package comes first.
sys.path.append(sys.path.pop(0))

import common  # noqa: E402
from cassandra import ConsistencyLevel  # noqa: E402
from cassandra import __version__ as DRIVER_VERSION  # noqa: E402
from cassandra.auth import PlainTextAuthProvider  # noqa: E402
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile  # noqa: E402
from cassandra.connection import Connection  # noqa: E402
from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy  # noqa: E402
from cassandra.protocol import ProtocolHandler  # noqa: E402
from cassandra.query import BatchStatement, BatchType, SimpleStatement  # noqa: E402
from common import Expected, Ran, Scenario, main, run_program  # noqa: E402

SCRIPT = common.ROOT / "scripts/live/cassandra.sh"
VERSION = os.environ.get("CASSANDRA_VERSION", "5.0.4")
OPERATIONS = {1: "STARTUP", 5: "OPTIONS", 7: "QUERY", 9: "PREPARE", 10: "EXECUTE", 11: "REGISTER", 13: "BATCH", 15: "AUTH_RESPONSE"}
RESULT_ROWS = 2
BAD_CREDENTIALS = 0x0100
# Long enough for any answer of a node that starts.
TIMEOUT_S = 60


# --- The node ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def node(port, directory):
    settings = ["authenticator: PasswordAuthenticator"] if with_passwords() else []
    try:
        run_program([SCRIPT, "start", VERSION, directory / "node", port, *settings])
        yield None
    finally:
        run_program([SCRIPT, "stop", directory / "node"])


def with_passwords():
    return bool(os.environ.get("WIRELAT_LIVE_PASSWORDS"))


# --- The driver under observation ----------------------------------------------------------------------


def outcome_of(code):
    """Of a message ERROR; None where the specification blames nobody."""
    if code == 0 or 0x1000 <= code <= 0x1700:
        return "server_error"
    return "client_error" if code >= 0x2000 or code == BAD_CREDENTIALS else None


def answered(expected, message):
    code = getattr(message, "code", None)
    if code is not None:
        expected.outcome, expected.code = outcome_of(code), str(code)
        return
    expected.outcome = "ok"
    if getattr(message, "kind", None) == RESULT_ROWS:
        expected.rows = len(message.parsed_rows)


class Observer:
    """While it is entered, every message that the driver sends anywhere is appended to `log`, with its times."""

    def __init__(self):
        self.log, self.lock = [], threading.Lock()

    def __enter__(self):
        self.send = send = Connection.send_msg

        def timed_send(connection, message, request_id, cb, **options):
            decode = options.pop("decoder", None) or ProtocolHandler.decode_message
            # Named by the message, so that it needs no look at its bytes.
            expected = Expected(
                connection._socket.getsockname()[1], OPERATIONS[message.opcode], 0, 0, outcome="unanswered",
            )

            def timed_decode(*arguments, **more):
                end_ns = time.time_ns()
                answer = decode(*arguments, **more)
                expected.end_ns = end_ns
                answered(expected, answer)
                return answer

            with self.lock:
                # Sending only queues: what is queued first is sent first.
                self.log.append(expected)
                expected.start_ns = time.time_ns()
                return send(connection, message, request_id, cb, decoder=timed_decode, **options)

        Connection.send_msg = timed_send
        return self

    def __exit__(self, *_):
        Connection.send_msg = self.send
        end_ns = time.time_ns()
        for expected in self.log:
            expected.end_ns = expected.end_ns or end_ns
            if expected.outcome == "unanswered":
                # Closed while it waited; an answer may still have come.
                expected.outcome = None


def connect(port, version, compression=False, keyspace="live", schema=False, **more):
    profile = ExecutionProfile(
        load_balancing_policy=RoundRobinPolicy(), retry_policy=FallthroughRetryPolicy(), request_timeout=TIMEOUT_S,
    )
    if version is not None:
        more["protocol_version"] = version
    cluster = Cluster(
        ["127.0.0.1"], port=port, compression=compression, schema_metadata_enabled=schema, token_metadata_enabled=False,
        # What runs on a timer belongs to no scenario.
        idle_heartbeat_interval=0, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=TIMEOUT_S,
        control_connection_timeout=TIMEOUT_S, monitor_reporting_enabled=False, **more,
    )
    session = cluster.connect(keyspace)
    return cluster, session


@contextlib.contextmanager
def session(port, version, compression=False, **more):
    cluster, opened = connect(port, version, compression, **more)
    try:
        yield opened
    finally:
        cluster.shutdown()


def prepare_schema(run):
    """Before the capture: keyspace and a table of the scenario's own."""
    auth = {"auth_provider": PlainTextAuthProvider("cassandra", "cassandra")} if with_passwords() else {}
    table = f"t{uuid.uuid4().hex[:6]}"
    with session(run.port, 4, keyspace=None, **auth) as opened:
        opened.execute("CREATE KEYSPACE IF NOT EXISTS live WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        opened.execute(f"CREATE TABLE live.{table} (id int, part int, value blob, PRIMARY KEY (id, part))")
    return table


def node_disagrees(opened, log):
    """Asks the node how many requests it has had on each connection that is still open."""
    counts = {row.port: row.request_count for row in opened.execute("SELECT port, request_count FROM system_views.clients")}
    made = {}
    for expected in log:
        # It answers OPTIONS before it counts.
        if expected.operation != "OPTIONS":
            made[expected.client_port] = made.get(expected.client_port, 0) + 1
    asking = log[-1].client_port
    problems = []
    for port, count in counts.items():
        # Its own question may be among them.
        if made.get(port, 0) != count and not (port == asking and made[port] - 1 == count):
            problems.append(f"port {port}: the driver made {made.get(port, 0)}, the node counted {count}")
    return problems


def watched(scenario, connections=None):
    """A scenario under observation: scenario(run, log) -> problems or None."""

    def run(run):
        with Observer() as observer:
            problems = scenario(run, observer.log) or []
        return Ran(observer.log, ordered=False, problems=problems, connections=connections)

    return run


# --- Scenarios -----------------------------------------------------------------------------------------


def fill(opened, table, count, size=20, partition=1):
    insert = opened.prepare(f"INSERT INTO live.{table} (id, part, value) VALUES (?, ?, ?)")
    for number in range(count):
        opened.execute(insert, (partition, number, os.urandom(size)))
    return insert


def usual(version, compression):
    """Plain and prepared statements, a batch, pages."""

    def scenario(run, log):
        table, count = run.state, 25 if run.recording else 500
        with session(run.port, version, compression) as opened:
            opened.execute(f"INSERT INTO live.{table} (id, part, value) VALUES (0, 0, 0xcafe)")
            opened.execute(f"INSERT INTO {table} (id, part, value) VALUES (%s, %s, %s)", (0, 1, b"bound by the client"))
            insert = fill(opened, table, count)
            batch = BatchStatement(BatchType.UNLOGGED)
            for number in range(3):
                batch.add(insert, (2, number, b"in a batch"))
            opened.execute(batch)
            opened.execute(f"SELECT * FROM {table} WHERE id = 0")
            pages = opened.execute(SimpleStatement(f"SELECT * FROM {table} WHERE id = 1", fetch_size=10))
            assert len(list(pages)) == count
            select = opened.prepare(f"SELECT value FROM {table} WHERE id = ? AND part = ?")
            for number in range(5):
                opened.execute(select, (1, number))
            opened.execute(f"SELECT value FROM {table} WHERE id = 77")
            return node_disagrees(opened, log)

    return watched(scenario)


def negotiation(run, log):
    """The driver begins with versions that the node refuses."""
    with session(run.port, None) as opened:
        opened.execute("SELECT release_version FROM system.local")
        return node_disagrees(opened, log)


def with_schema(version, compression):
    """What the driver asks at its start when it wants the whole schema: large answers."""

    def scenario(run, log):
        with session(run.port, version, compression, schema=True) as opened:
            opened.execute("SELECT release_version FROM system.local")
            return node_disagrees(opened, log)

    return watched(scenario)


def prepared_elsewhere(run, log):
    """Prepared on one connection, executed on others; forgotten by the node and prepared again."""
    table = run.state
    with session(run.port, 4) as first, session(run.port, 5, "lz4") as second, session(run.port, 4, "snappy") as third:
        insert = first.prepare(f"INSERT INTO live.{table} (id, part, value) VALUES (?, ?, ?)")
        select = first.prepare(f"SELECT part, value FROM live.{table} WHERE id = ?")
        for number, opened in enumerate((first, third, first, third)):
            opened.execute(insert, (1, number, b"prepared elsewhere"))
            opened.execute(select, (1,))
        select_5 = second.prepare(f"SELECT part FROM live.{table} WHERE id = ?")
        second.execute(select_5, (1,))
        # The node forgets what was prepared for a table that goes away: the driver prepares again.
        first.execute(f"DROP TABLE live.{table}")
        first.execute(f"CREATE TABLE live.{table} (id int, part int, value blob, PRIMARY KEY (id, part))")
        third.execute(insert, (1, 1, b"again"))
        first.execute(select, (1,))
        second.execute(select_5, (1,))
        return node_disagrees(first, log)


def errors(version):
    def scenario(run, log):
        table = run.state
        with session(run.port, version) as opened:
            def refused(statement, *arguments):
                try:
                    opened.execute(statement, *arguments)
                except Exception:  # noqa: BLE001 (what came is in the log)
                    return
                raise common.Failure(f"the node does not refuse {statement}")

            refused("SELEC nothing")
            refused(f"SELECT nothing FROM {table}")
            refused("SELECT * FROM no_such_table")
            refused(SimpleStatement(f"SELECT * FROM {table}", consistency_level=ConsistencyLevel.THREE))
            refused(SimpleStatement(f"INSERT INTO {table} (id, part) VALUES (1, 1)", consistency_level=ConsistencyLevel.THREE))
            refused(f"CREATE TABLE live.{table} (id int PRIMARY KEY)")
            refused("CREATE KEYSPACE live WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
            refused("CREATE KEYSPACE wrong WITH replication = {'class': 'NoSuchStrategy'}")
            with contextlib.suppress(Exception):
                opened.prepare("SELEC nothing")
            batch = BatchStatement()
            for number in range(3):
                batch.add(SimpleStatement(f"INSERT INTO {table} (id, part, value) VALUES ({number}, 0, 0x{'ab' * 20_000})"))
            refused(batch)
            opened.execute(f"SELECT * FROM {table} WHERE id = 1")
            return node_disagrees(opened, log)

    return watched(scenario)


def events(run, log):
    """Other sessions change the schema: the node pushes to those that registered."""
    table = run.state
    with session(run.port, 5) as first, session(run.port, 4) as second:
        for number in range(2):
            first.execute(f"CREATE TABLE live.{table}_{number} (id int PRIMARY KEY)")
            second.execute(f"SELECT * FROM live.{table}_{number}")
            second.execute(f"DROP TABLE live.{table}_{number}")
        # Events come a moment later than answers.
        time.sleep(0.3)
        return node_disagrees(first, log)


def warnings_and_tracing(run, log):
    table = run.state
    with session(run.port, 5) as modern, session(run.port, 4, "lz4") as older:
        for opened in (modern, older):
            batch = BatchStatement(BatchType.UNLOGGED)
            for number in range(12):
                batch.add(SimpleStatement(f"INSERT INTO {table} (id, part, value) VALUES ({number}, 0, 0x{'ab' * 500})"))
            result = opened.execute_async(batch)
            result.result()
            if not result.warnings:
                raise common.Failure("the node does not warn of a large batch")
            traced = opened.execute_async(f"SELECT * FROM {table} WHERE id = 1", trace=True)
            traced.result()
            opened.execute(
                SimpleStatement(f"SELECT id FROM {table}"), custom_payload=None if opened is modern else {"key": b"value"},
            )
            logged = BatchStatement(BatchType.LOGGED)
            logged.add(SimpleStatement(f"INSERT INTO {table} (id, part) VALUES (1, 1)"))
            logged.add(SimpleStatement(f"DELETE FROM {table} WHERE id = 2"))
            opened.execute(logged)
            opened.execute(f"UPDATE {table} SET value = 0x00 WHERE id = 1 AND part = 1 IF EXISTS")
        return node_disagrees(modern, log)


def out_of_order(version, compression):
    """Hundreds in flight, slow and fast ones: answers overtake each other."""

    def scenario(run, log):
        table, count = run.state, 60 if run.recording else 3000
        with session(run.port, version, compression) as opened:
            insert = fill(opened, table, 50 if run.recording else 1000, 50)
            select = opened.prepare(f"SELECT part FROM live.{table} WHERE id = ? AND part = ?")
            waiting = []
            for number in range(count):
                if number % 10 == 0:
                    waiting.append(opened.execute_async(SimpleStatement(f"SELECT * FROM {table} LIMIT {number % 40 + 1}")))
                waiting.append(opened.execute_async(select, (1, number % 50)))
                if number % 3 == 0:
                    waiting.append(opened.execute_async(insert, (3, number, b"x")))
                if len(waiting) > 400:
                    waiting.pop(0).result()
            for each in waiting:
                each.result()
            return node_disagrees(opened, log)

    return watched(scenario)


def large(version, compression):
    """Messages of more than one segment (v5: 128 KiB), in both directions."""

    def scenario(run, log):
        table = run.state
        with session(run.port, version, compression) as opened:
            insert = opened.prepare(f"INSERT INTO live.{table} (id, part, value) VALUES (?, ?, ?)")
            for number, size in enumerate((100, 150_000) if run.recording else (100, 131_000, 131_072, 150_000, 1_000_000)):
                opened.execute(insert, (1, number, os.urandom(size // 2) + bytes(size - size // 2)))
            opened.execute(f"SELECT value FROM {table} WHERE id = 1")
            opened.execute(f"SELECT part FROM {table} WHERE id = 1")
            return node_disagrees(opened, log)

    return watched(scenario)


def mid_stream_before(version, compression):
    def before(run):
        table = prepare_schema(run)
        cluster, opened = connect(run.port, version, compression)
        return table, cluster, opened, fill(opened, table, 3)

    return before


# The second one is the driver's control connection: nothing but its end is in the capture.
MID_STREAM_CONNECTIONS = 2


def mid_stream(run, log):
    """The capture joins connections whose STARTUP and PREPARE it did not see."""
    table, cluster, opened, insert = run.state
    for number in range(5):
        opened.execute(insert, (2, number, b"after the capture began"))
        opened.execute(f"SELECT * FROM {table} WHERE id = 2")
    select = opened.prepare(f"SELECT part FROM live.{table} WHERE id = ?")
    opened.execute(select, (1,))
    cluster.shutdown()


def passwords(version):
    def scenario(run, log):
        table = run.state
        right = PlainTextAuthProvider("cassandra", "cassandra")
        with session(run.port, version, auth_provider=right) as opened:
            opened.execute(f"INSERT INTO {table} (id, part) VALUES (1, 1)")
            problems = node_disagrees(opened, log)
        try:
            connect(run.port, version, auth_provider=PlainTextAuthProvider("cassandra", "wrong"), reconnection_policy=None)
        except Exception:  # noqa: BLE001 (what came is in the log)
            return problems
        raise common.Failure("the node takes a wrong password")

    return watched(scenario)


EXPECT = (
    "each request once, inside the client's own times, with these outcomes, codes and rows (-1: none); no event among them. An empty outcome: the "
    "driver closed before the answer, or the code blames nobody."
)


def scenario(name, run, description, before=prepare_schema, **options):
    return Scenario(name, run, description, before=before, expect=EXPECT, **options)


def combinations():
    for version, compression in ((3, False), (3, "lz4"), (3, "snappy"), (4, False), (4, "lz4"), (4, "snappy"), (5, False), (5, "lz4")):
        name = f"v{version}_{compression or 'none'}"
        recorded = name not in ("v4_lz4", "v4_snappy")
        yield scenario(
            name, usual(version, compression),
            f"plain and prepared statements, a batch and pages; protocol v{version}, compression {compression or 'none'}", recorded=recorded,
        )


ALL = [
    *combinations(),
    scenario("negotiation", watched(negotiation), "a driver that begins with versions that the node refuses"),
    scenario("with_schema", with_schema(4, False), "a driver that reads the whole schema at its start: large answers", recorded=False),
    scenario("with_schema_v5", with_schema(5, "lz4"), "the same in segments: protocol v5, lz4"),
    scenario("prepared_elsewhere", watched(prepared_elsewhere), "prepared on one connection, executed on others; forgotten by the node and prepared again (UNPREPARED)"),
    scenario("errors", errors(4), "errors of client and server: syntax, invalid, unavailable, already exists, batch too large"),
    scenario("errors_v5", errors(5), "the same in protocol v5", recorded=False),
    scenario("events", watched(events), "schema changes, pushed to the connections that registered: v5 and v4"),
    scenario("warnings_and_tracing", watched(warnings_and_tracing), "answers with warnings and with a trace id, requests with a custom payload: v5 and v4 with lz4"),
    scenario("out_of_order", out_of_order(4, False), "many in flight, answers overtake each other: protocol v4"),
    scenario("out_of_order_v5", out_of_order(5, "lz4"), "the same in protocol v5, lz4: several messages in one segment"),
    scenario("large_v4", large(4, False), "messages of 150 kB and more, protocol v4", recorded=False),
    scenario("large_v5", large(5, False), "messages of more than one segment: protocol v5"),
    scenario("large_v5_lz4", large(5, "lz4"), "messages of more than one segment: protocol v5, lz4", recorded=False),
    scenario("mid_stream", watched(mid_stream, MID_STREAM_CONNECTIONS), "the capture joins connections of protocol v4 in the middle; statements were prepared before", mid_stream_before(4, False)),
    scenario("mid_stream_lz4", watched(mid_stream, MID_STREAM_CONNECTIONS), "the same with lz4", mid_stream_before(4, "lz4"), recorded=False),
    scenario("mid_stream_v5", watched(mid_stream, MID_STREAM_CONNECTIONS), "the same in protocol v5, lz4", mid_stream_before(5, "lz4")),
]
# A node of its own that asks for passwords.
WITH_PASSWORDS = [
    scenario("passwords", passwords(4), "AUTHENTICATE and AUTH_RESPONSE, with the right and a wrong password: protocol v4"),
    scenario("passwords_v5", passwords(5), "the same in protocol v5: segments begin after AUTHENTICATE"),
]


def write_case(write):
    """An outcome that is not compared is empty; the README says which driver."""

    def wrapped(protocol, name, **options):
        for expected in options["ran"].expected:
            expected.outcome = expected.outcome or ""
        write(protocol, name, **options)
        readme = common.FIXTURES / protocol / name / "README.md"
        readme.write_text(readme.read_text() + f"\n**With** Cassandra {VERSION}, cassandra-driver {DRIVER_VERSION} (Python).\n")

    return wrapped


def main_of(scenarios):
    common.write_case = write_case(common.write_case)
    main("cassandra", node, scenarios)


def run_self(**environment):
    """This program again, with another node; it is told when this one is to end."""
    child = subprocess.Popen([sys.executable, __file__, *sys.argv[1:]], env={**os.environ, **environment})

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
    here = WITH_PASSWORDS if with_passwords() else ALL
    if os.environ.get("WIRELAT_LIVE_CHILD"):
        known = {each.name for each in ALL + WITH_PASSWORDS}
        named = [word for word in sys.argv[1:] if word in known]
        mine = [word for word in named if word in {each.name for each in here}]
        if named and not mine:
            sys.exit(0)
        sys.argv[1:] = [word for word in sys.argv[1:] if word not in named] + mine
        main_of(here)
    sys.exit(any([run_self(WIRELAT_LIVE_CHILD="yes", WIRELAT_LIVE_PASSWORDS=asks) for asks in ("", "yes")]))
