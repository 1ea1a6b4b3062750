"""PostgreSQL: Debian's server; libpq by psycopg, asyncpg, pg8000, psql, pgbench, and a bare socket.

What is expected of a report:

- Each statement of a simple query is a `Query`, each Execute an `Execute`, each Sync that has anything before it
  a `Sync`, the start-up with all of its authentication a `Startup`. COPY and a replication stream are one `Query`.
- Parse, Bind, Describe and Close have no transaction of their own. An error in one of them is the error of the first Execute that it
  keeps from running; of the Sync, where there is none. Executes after it, up to the Sync, are `no_answer_expected`.
- `client_error` and `server_error` go by the class of the SQLSTATE, see SERVER_ERRORS.
"""

import asyncio
import contextlib
import re
import selectors
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import asyncpg
import pg8000.native
import psycopg
from psycopg import pq

import common
import postgres_wire as wire
from common import Expected, Failure, Log, Process, Ran, Scenario, program, run_program

USER = "postgres"
PASSWORD = "not a secret"
# Classes of SQLSTATE that are no fault of the statement: connection, transaction rollback, resources, limits,
# operator intervention, system, configuration, internal.
SERVER_ERRORS = ("08", "40", "53", "54", "57", "58", "F0", "XX")
# Cancelled or timed out, and what follows in a transaction that has failed: whose fault is a matter of taste.
ERRORS_OF_EITHER = ("57014", "25P02")
SKIPPED = "no_answer_expected"


def error(code):
    """The outcome and code of an error."""
    if code in ERRORS_OF_EITHER:
        return {"outcome": "error", "code": code}
    return {"outcome": "server_error" if code[:2] in SERVER_ERRORS else "client_error", "code": code}


# --- The server -----------------------------------------------------------------------------------

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{directory}'
wal_level = logical
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = top
ssl_cert_file = '{directory}/server.crt'
ssl_key_file = '{directory}/server.key'
max_connections = 60
autovacuum = off
fsync = off
jit = off
"""
ACCESS = """
local all         postgres                 trust
host  all         scram    127.0.0.1/32    scram-sha-256
host  all         md5      127.0.0.1/32    md5
host  all         plain    127.0.0.1/32    password
host  all         trusted  127.0.0.1/32    trust
host  replication trusted  127.0.0.1/32    trust
"""
SCHEMA = f"""
CREATE ROLE trusted LOGIN SUPERUSER REPLICATION;
SET password_encryption = 'scram-sha-256';
CREATE ROLE scram LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'md5';
CREATE ROLE md5 LOGIN PASSWORD '{PASSWORD}';
"""


class Server:
    """The started server, and what an administrator asks it past the captured port."""

    def __init__(self, port, directory, binaries):
        self.port, self.directory, self.binaries = port, directory, binaries

    def admin(self, sql, database="live"):
        """The rows of a statement, by the Unix socket."""
        with psycopg.connect(
            host=str(self.directory), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def is_ready(self):
        try:
            return bool(self.admin("SELECT 1", database="postgres"))
        except psycopg.OperationalError:
            return False

    def set_ssl(self, wanted):
        value = "on" if wanted else "off"
        self.admin(f"ALTER SYSTEM SET ssl = {value}")
        self.admin("SELECT pg_reload_conf()")
        await_true(lambda: self.admin("SHOW ssl") == [(value,)])

    def count_from_here(self):
        self.admin("SELECT pg_stat_statements_reset()")

    def calls(self):
        """How often each statement was answered well since count_from_here, by its text."""
        rows = self.admin(
            "SELECT query, sum(calls)::bigint FROM pg_stat_statements JOIN pg_roles ON oid = userid"
            " WHERE rolname <> 'postgres' GROUP BY queryid, query"
        )
        calls = Counter()
        for statement, count in rows:
            calls[statement] += count
        return calls


def await_true(condition):
    deadline = time.monotonic() + common.PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Failure("the server does not do what it was told in time")
        time.sleep(0.01)


def newest_binaries():
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise Failure("PostgreSQL's server is missing: install the package postgresql")
    return versions[-1]


@contextlib.contextmanager
def server(port, _directory):
    binaries = newest_binaries()
    with common.temporary_directory(USER) as directory:
        data = directory / "data"
        run_program(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"],
            user=USER,
            cwd=directory,
        )
        key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "3650"]
        run_program(
            [*key, "-keyout", directory / "server.key", "-out", directory / "server.crt"], user=USER, cwd=directory
        )
        with (data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(directory=directory))
        (data / "pg_hba.conf").write_text(ACCESS)
        command = [binaries / "postgres", "-D", data, "-p", port]
        # SIGINT: the fast shutdown, which does not wait for clients.
        with Process(command, directory=directory, port=port, user=USER, stop=common.signal.SIGINT):
            started = Server(port, directory, binaries)
            # It listens before it lets anybody in.
            await_true(started.is_ready)
            started.admin("CREATE DATABASE live", database="postgres")
            for statement in SCHEMA.split(";"):
                if statement.strip():
                    started.admin(statement)
            started.admin("CREATE EXTENSION pg_stat_statements")
            started.admin(
                "CREATE TABLE numbers AS SELECT n, repeat('x', 50) AS filler FROM generate_series(1, 10000) AS n"
            )
            yield started


# --- Clients --------------------------------------------------------------------------------------


def conninfo(port, **changed):
    facts = {
        "host": "127.0.0.1",
        "port": port,
        "user": "trusted",
        "dbname": "live",
        "sslmode": "disable",
        "gssencmode": "disable",
        **changed,
    }
    return " ".join(f"{key}='{value}'" for key, value in facts.items())


def libpq(run, log, outcome="ok", code=None, **changed):
    """A libpq connection whose start-up is logged; its port, also where the server refuses it."""
    start_ns = time.time_ns()
    connection = pq.PGconn.connect_start(conninfo(run.port, **changed).encode())
    client_port = None
    with selectors.DefaultSelector() as selector:
        while True:
            state = connection.connect_poll()
            if state in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
                break
            # The port is known only while the socket is open.
            client_port = common.own_port(connection.socket) or client_port
            selector.register(
                connection.socket, selectors.EVENT_READ if state == pq.PollingStatus.READING else selectors.EVENT_WRITE
            )
            selector.select(common.PATIENCE_S)
            selector.unregister(connection.socket)
    if (state == pq.PollingStatus.OK) != (outcome == "ok"):
        raise Failure(f"the start-up ended otherwise than expected: {connection.get_error_message()}")
    log.expected.append(Expected(client_port, "Startup", start_ns, time.time_ns(), outcome=outcome, code=code))
    return connection, client_port


def psycopg_connection(run, log, **options):
    start_ns = time.time_ns()
    connection = psycopg.connect(conninfo(run.port), autocommit=True, **options)
    client_port = common.own_port(connection)
    log.expected.append(Expected(client_port, "Startup", start_ns, time.time_ns()))
    return connection, client_port


def raw(run, log, **parameters):
    start_ns = time.time_ns()
    connection = wire.Wire(run.port)
    connection.start(**parameters)
    log.expected.append(Expected(connection.port, "Startup", start_ns, time.time_ns()))
    return connection


def checked(result, code=None):
    """Fails where libpq's result is not what the scenario says it is."""
    got = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode() or None
    if got != code:
        raise Failure(f"the server says {got} ({result.error_message}), not {code}")
    return result


# --- Scenarios: start-up --------------------------------------------------------------------------


def startup(run):
    """Trust, SCRAM, MD5 and plain passwords, and what the server refuses."""
    log = Log()
    for user in ("trusted", "scram", "md5", "plain"):
        connection, port = libpq(run, log, user=user, password=PASSWORD)
        with log.request(port, "Query", rows=1):
            checked(connection.exec_(b"SELECT 1"))
        connection.finish()
    libpq(run, log, user="scram", password="wrong", **error("28P01"))
    libpq(run, log, user="md5", password="wrong", **error("28P01"))
    libpq(run, log, dbname="nowhere", **error("3D000"))
    # An unknown protocol option: NegotiateProtocolVersion comes first.
    connection = raw(run, log, **{"_pq_.unknown": "1", "application_name": "negotiating"})
    connection.close()
    return Ran(log.expected)


def ssl_off(run):
    run.server.set_ssl(False)


def ssl_on(run):
    run.server.set_ssl(True)


def ssl_refused(run):
    log = Log()
    connection, port = libpq(run, log, sslmode="prefer")
    for _ in range(2):
        with log.request(port, "Query", rows=1):
            checked(connection.exec_(b"SELECT 1"))
    connection.finish()
    return Ran(log.expected, allowed=frozenset({"SSLRequest"}))


def ssl_accepted(run):
    """Nothing can be seen; nothing may be reported."""
    for _ in range(2):
        connection = pq.PGconn.connect(conninfo(run.port, sslmode="require").encode())
        if not connection.ssl_in_use:
            raise Failure("the server did not accept SSL")
        checked(connection.exec_(b"SELECT 1"))
        connection.finish()
    run.server.set_ssl(False)
    return Ran([], connections=2, allowed=frozenset({"SSLRequest"}))


# --- Scenarios: simple queries --------------------------------------------------------------------


def simple(run):
    log = Log()
    connection, port = libpq(run, log)

    def ask(sql, rows=None, code=None):
        with log.request(port, "Query", rows=rows, **(error(code) if code else {})):
            checked(connection.exec_(sql.encode()), code)

    ask("SELECT 1", rows=1)
    ask("CREATE TEMPORARY TABLE things (id int PRIMARY KEY, name text)")
    ask("INSERT INTO things VALUES (1, 'one'), (2, 'two')")
    ask("SELECT * FROM things", rows=2)
    ask("SELECT * FROM things WHERE id > 5", rows=0)
    ask("INSERT INTO things VALUES (1, 'again')", code="23505")
    ask("SELEC 1", code="42601")
    ask("SELECT * FROM nowhere", code="42P01")
    ask("")
    ask("-- only a comment")
    ask("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$")
    ask("SET application_name = 'renamed'")  # ParameterStatus comes with the answer
    ask("BEGIN")
    ask("SELECT 1 / 0", code="22012")
    ask("SELECT 1", code="25P02")
    ask("ROLLBACK")
    ask("SET statement_timeout = '20ms'")
    ask("SELECT pg_sleep(10)", code="57014")
    ask("RESET statement_timeout")
    ask("SELECT pg_sleep(0.05)", rows=1)
    ask("SELECT * FROM numbers" + (" LIMIT 500" if run.recording else ""), rows=500 if run.recording else 10000)
    # A statement of many segments, and a row of many.
    size = 20_000 if run.recording else 2_000_000
    ask(f"SELECT length('{'y' * size}')", rows=1)
    ask(f"SELECT repeat('z', {size})", rows=1)
    connection.finish()
    return Ran(log.expected)


def multi_statement(run):
    """Each statement of one message is a Query; those after an error do not run and cannot be seen."""
    log = Log()
    connection = raw(run, log)

    def ask(sql, *statements):
        with log.requests(connection.port, ["Query"] * len(statements)) as sent:
            connection.send(wire.query(sql))
            answers = connection.until(b"Z")
        for expected, (rows, code) in zip(sent, statements):
            expected.rows = rows
            if code:
                expected.outcome, expected.code = error(code)["outcome"], code
        got = [wire.sqlstate(body) if kind == b"E" else None for kind, body in answers if kind in b"CEI"]
        if got != [code for _, code in statements]:
            raise Failure(f"{sql}: the server says {got}")

    ask("SELECT 1; SELECT n FROM numbers LIMIT 3; SELECT 2", (1, None), (3, None), (1, None))
    ask("SELECT 1; SELECT 1 / 0; SELECT 3", (1, None), (None, "22012"))
    # Nothing runs where one statement does not parse.
    ask("SELECT 1; SELEC 2", (None, "42601"))
    ask("BEGIN; CREATE TEMPORARY TABLE few (n int); INSERT INTO few VALUES (1), (2); COMMIT", *[(None, None)] * 4)
    ask("SELECT 1; DO $$ BEGIN RAISE NOTICE 'between'; END $$; SELECT 2;;", (1, None), (None, None), (1, None))
    ask(";", (None, None))
    # Two messages in one segment: the second waits for the first.
    with log.requests(connection.port, ["Query"] * 2, rows=1):
        connection.send(wire.query("SELECT 1"), wire.query("SELECT pg_sleep(0.02)"))
        connection.until(b"Z")
        connection.until(b"Z")
    connection.close()
    return Ran(log.expected)


class Psql:
    """psql, fed by a pipe; each statement is timed to the mark that it prints after it."""

    def __init__(self, run, log):
        self.log = log
        command = [
            program("stdbuf", "coreutils"),
            "-oL",
            program("psql", "postgresql-client"),
            "-XAtq",
            conninfo(run.port),
        ]
        start_ns = time.time_ns()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said("\\echo started")
        started_ns = time.time_ns()
        first = Expected(0, "Query", time.time_ns(), 0, rows=1)
        self.port = first.client_port = int(self.said("SELECT inet_client_port();")[0])
        first.end_ns = time.time_ns()
        log.expected += [Expected(self.port, "Startup", start_ns, started_ns), first]

    def said(self, line):
        """What psql prints for a line."""
        self.process.stdin.write(f"{line}\n\\echo <mark>\n")
        self.process.stdin.flush()
        answer = []
        for output in self.process.stdout:
            if output.strip() == "<mark>":
                return answer
            answer.append(output.strip())
        raise Failure(f"psql ended: {' / '.join(answer)}")

    def ask(self, line, *codes):
        with self.log.requests(self.port, ["Query"] * len(codes)) as sent:
            self.said(line)
        for expected, code in zip(sent, codes):
            if code:
                expected.outcome, expected.code = error(code)["outcome"], code

    def close(self):
        self.process.communicate("\\q\n")


def psql(run):
    log = Log()
    run.server.count_from_here()
    client = Psql(run, log)
    client.ask("SELECT 1;", None)
    client.ask("SELECT 1\\; SELECT 2\\; SELECT 3;", None, None, None)
    client.ask("SELECT 1\\; SELECT 1 / 0\\; SELECT 3;", None, "22012")
    client.ask("SELECT nothing;", "42703")
    client.ask("SELECT 1 \\gdesc", None, None)  # Parse and Describe, then a query of its own
    client.close()
    # \gdesc: Parse+Sync, Describe+Sync, then a simple query.
    described = log.expected.pop(), log.expected.pop()
    times = described[0].start_ns, described[0].end_ns
    log.expected += [Expected(client.port, operation, *times) for operation in ("Sync", "Sync", "Query")]
    return with_server_calls(run, Ran(log.expected))


def with_server_calls(run, ran, uncounted=0):
    """pg_stat_statements counts what was executed and did not fail, less what it does not count."""
    wanted = sum(1 for request in ran.expected if request.operation in ("Query", "Execute") and request.outcome == "ok")
    wanted += sum(count for operation, count in (ran.counts or {}).items() if operation in ("Query", "Execute"))
    counted = sum(run.server.calls().values())
    if counted != wanted - uncounted:
        ran.problems.append(f"pg_stat_statements counts {counted} calls, the client {wanted - uncounted}")
    return ran


# --- Scenarios: load ------------------------------------------------------------------------------


def initialize_pgbench(run):
    client = program("pgbench", "postgresql", run.server.binaries)
    run_program([client, "-i", "-q", "-s", "1", "-U", "postgres", "-h", run.server.directory, "-p", run.port, "live"])


def pgbench(mode):
    """Counted by pgbench itself and by the server."""

    def scenario(run):
        clients, each = 4, 200
        run.server.count_from_here()
        command = [
            program("pgbench", "postgresql", run.server.binaries),
            "-n",
            "-M",
            mode,
            "-c",
            clients,
            "-j",
            2,
            "-t",
            each,
        ]
        said = run_program(
            [*command, "-h", "127.0.0.1", "-p", run.port, "-U", "trusted", "live"], environment={"PGSSLMODE": "disable"}
        )
        done = int(re.search(r"actually processed: (\d+)", said)[1])
        if done != clients * each:
            raise Failure(f"pgbench made {done} of {clients * each} transactions")
        # BEGIN, three UPDATEs, SELECT, INSERT, END; and two simple queries about the tables, on a connection of their own.
        statements = 7 * done
        counts = {"Startup": clients + 1, "Query": 2}
        if mode == "simple":
            counts["Query"] += statements
        else:
            counts |= {"Execute": statements, "Sync": statements + (7 * clients if mode == "prepared" else 0)}
        # Of BEGIN and END, when prepared, it counts the first execution on each connection only.
        uncounted = 2 * (done - clients) if mode == "prepared" else 0
        return with_server_calls(run, Ran(counts=counts), uncounted)

    return scenario


def many_connections(run):
    """Eight at a time, each statement timed."""
    run.server.count_from_here()
    logs = [Log() for _ in range(8)]

    def work(log):
        for _ in range(3):
            connection, port = psycopg_connection(run, log, prepare_threshold=None)
            for number in range(40):
                with log.request(port, "Query", rows=1):
                    connection.execute("SELECT 1")
                with log.requests(port, ["Execute", "Sync"]) as sent:
                    connection.execute("SELECT n FROM numbers WHERE n <= %s", [number % 3], prepare=False)
                sent[0].rows = number % 3
            connection.close()

    threads = [threading.Thread(target=work, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return with_server_calls(run, Ran([expected for log in logs for expected in log.expected]))


# --- Scenarios: extended queries ------------------------------------------------------------------


def extended(run):
    """libpq: prepare, execute, describe, close; errors in each."""
    log = Log()
    run.server.count_from_here()
    connection, port = libpq(run, log)

    def execute(rows, call, *arguments, code=None):
        with log.requests(port, ["Execute", "Sync"]) as sent:
            checked(call(*arguments), code)
        sent[0].rows = rows
        if code:
            sent[0].outcome, sent[0].code = error(code)["outcome"], code

    def only_sync(call, *arguments, code=None):
        with log.request(port, "Sync", **(error(code) if code else {})):
            checked(call(*arguments), code)

    only_sync(connection.prepare, b"by_n", b"SELECT * FROM numbers WHERE n <= $1::int")
    for number in range(5):
        execute(number, connection.exec_prepared, b"by_n", [b"%d" % number])
    only_sync(connection.describe_prepared, b"by_n")
    execute(1, connection.exec_params, b"SELECT $1::int + 1", [b"1"])
    execute(None, connection.exec_params, b"", [])  # EmptyQueryResponse
    # At Parse, at Bind, at Execute.
    execute(None, connection.exec_params, b"SELECT nothing", [], code="42703")
    execute(None, connection.exec_params, b"SELECT $1::int", [b"no number"], code="22P02")
    execute(None, connection.exec_params, b"SELECT 1 / $1::int", [b"0"], code="22012")
    execute(None, connection.exec_prepared, b"nowhere", [], code="26000")
    only_sync(connection.prepare, b"wrong", b"SELEC 1", code="42601")
    only_sync(connection.prepare, b"by_n", b"SELECT 1", code="42P05")
    only_sync(connection.close_prepared, b"by_n")
    execute(None, connection.exec_prepared, b"by_n", [b"1"], code="26000")
    # A parameter of many segments.
    execute(1, connection.exec_params, b"SELECT length($1)", [b"p" * (20_000 if run.recording else 1_000_000)])
    connection.finish()
    return with_server_calls(run, Ran(log.expected), uncounted=1)  # the empty one


def unnamed_reparsed(run):
    """psycopg without preparing: Parse, Bind, Describe, Execute, Sync for each, the statement unnamed; the text changes."""
    log = Log()
    run.server.count_from_here()
    connection, port = psycopg_connection(run, log, prepare_threshold=None)
    for number in range(20 if run.recording else 500):
        sql = ["SELECT n FROM numbers WHERE n <= %s", "SELECT -n FROM numbers WHERE n <= %s LIMIT 2"][number % 2]
        with log.requests(port, ["Execute", "Sync"]) as sent:
            got = connection.execute(sql, [number % 5]).fetchall()
        sent[0].rows = len(got)
    connection.close()
    return with_server_calls(run, Ran(log.expected))


def prepared_at_once(run):
    """psycopg that prepares each at its first use: one Sync for that, then Execute and Sync."""
    log = Log()
    connection, port = psycopg_connection(run, log, prepare_threshold=0)
    for number in range(20):
        first = number < 2
        with log.requests(port, (["Sync"] if first else []) + ["Execute", "Sync"]) as sent:
            got = connection.execute(f"SELECT {number % 2}, n FROM numbers WHERE n <= %s", [number % 5]).fetchall()
        sent[-2].rows = len(got)
    connection.close()
    return Ran(log.expected)


def portals(run):
    """Executes with a row limit: each is one transaction, suspended or complete."""
    log = Log()
    connection = raw(run, log)
    port = connection.port

    def execute(portal, limit, rows, end, *before, last=wire.FLUSH):
        with log.request(port, "Execute", rows=rows):
            connection.send(*before, wire.execute(portal, limit), last)
            answers = connection.until(end)
        got = sum(1 for kind, _ in answers if kind == b"D")
        if got != rows:
            raise Failure(f"{got} rows, not {rows}")

    def sync(*before):
        with log.request(port, "Sync"):
            connection.send(*before, wire.SYNC)
            connection.until(b"Z")

    begin = [wire.parse("SELECT n FROM numbers ORDER BY n LIMIT 25", "s"), wire.bind([], "s", "p"), wire.describe("p")]
    execute("p", 10, 10, b"s", *begin)
    execute("p", 10, 10, b"s")
    execute("p", 10, 5, b"C")
    sync(wire.close_portal("p"))
    # Two portals, one after the other in one message train; each has its own limit.
    with log.requests(port, ["Execute", "Execute", "Execute", "Sync"]) as sent:
        connection.send(
            wire.bind([], "s", "a"),
            wire.bind([], "s", "b"),
            wire.execute("a", 3),
            wire.execute("b", 4),
            wire.execute("a", 0),
            wire.SYNC,
        )
        connection.until(b"Z")
    for expected, rows in zip(sent, (3, 4, 22)):
        expected.rows = rows
    # Inside a transaction a portal outlives the Sync.
    with log.request(port, "Query"):
        connection.send(wire.query("BEGIN"))
        connection.until(b"Z")
    for rows in (20, 5, 0):
        with log.requests(port, ["Execute", "Sync"]) as sent:
            connection.send(*([wire.bind([], "s", "c")] if rows == 20 else []), wire.execute("c", 20), wire.SYNC)
            connection.until(b"Z")
        sent[0].rows = rows
    with log.request(port, "Query"):
        connection.send(wire.query("COMMIT"))
        connection.until(b"Z")
    # A Sync with nothing before it is answered, and is no work.
    connection.send(wire.SYNC)
    connection.until(b"Z")
    sync(wire.close_statement("s"))
    # The portal is described and closed without an Execute.
    sync(wire.parse("SELECT 1"), wire.bind(), wire.describe(), wire.close_portal(""))
    connection.close()
    return Ran(log.expected)


# --- Scenarios: pipelines -------------------------------------------------------------------------


def next_answer(connection):
    """The next result of the pipeline; the end of each statement's results is passed over."""
    while True:
        result = connection.get_result()
        if result is not None:
            return result


def pipeline_many(run):
    """All are sent before the first answer is read."""
    log = Log()
    run.server.count_from_here()
    connection, port = libpq(run, log)
    with log.request(port, "Sync"):
        checked(connection.prepare(b"one", b"SELECT $1::int"))
    connection.enter_pipeline_mode()
    sent = []
    for number in range(400 if run.recording else 10_000):
        sent.append(Expected(port, "Execute", time.time_ns(), 0, rows=1))
        connection.send_query_prepared(b"one", [b"%d" % number])
    sync = Expected(port, "Sync", time.time_ns(), 0)
    connection.pipeline_sync()
    for expected in sent:
        checked(next_answer(connection))
        expected.end_ns = time.time_ns()
    if next_answer(connection).status != pq.ExecStatus.PIPELINE_SYNC:
        raise Failure("the pipeline did not end with its Sync")
    sync.end_ns = time.time_ns()
    connection.finish()
    log.expected += [*sent, sync]
    return with_server_calls(run, Ran(log.expected))


def pipeline_errors(run):
    """After an error the server skips all up to the Sync, and says nothing of it."""
    log = Log()
    connection, port = libpq(run, log)
    connection.enter_pipeline_mode()

    def train(*statements):
        """Each (sql, parameters, code or SKIPPED or None for ok); then a Sync."""
        sent = []
        for sql, parameters, code in statements:
            expected = Expected(port, "Execute", time.time_ns(), 0)
            if code == SKIPPED:
                expected.outcome = SKIPPED
            elif code:
                expected.outcome, expected.code = error(code)["outcome"], code
            sent.append(expected)
            connection.send_query_params(sql, parameters)
        sent.append(Expected(port, "Sync", time.time_ns(), 0))
        connection.pipeline_sync()
        return sent, [code for *_, code in statements]

    def answers(sent, codes):
        for expected, code in zip(sent, codes):
            result = next_answer(connection)
            if code == SKIPPED:
                if result.status != pq.ExecStatus.PIPELINE_ABORTED:
                    raise Failure("the server did not skip")
            else:
                checked(result, code)
            expected.end_ns = time.time_ns()
        if next_answer(connection).status != pq.ExecStatus.PIPELINE_SYNC:
            raise Failure("the pipeline did not end with its Sync")
        sent[-1].end_ns = time.time_ns()
        log.expected.extend(sent)

    good = (b"SELECT $1::int", [b"1"], None)
    skipped = (*good[:2], SKIPPED)
    # At Execute, at Bind, at Parse; then that the next train is well, though it was sent with the others.
    trains = [
        train(good, (b"SELECT 1 / $1::int", [b"0"], "22012"), skipped, skipped),
        train(good, good),
        train((b"SELECT $1::int", [b"no number"], "22P02"), skipped),
        train((b"SELECT nothing", [], "42703"), skipped, skipped),
        train(good),
    ]
    for each in trains:
        answers(*each)
    # One at a time.
    answers(*train(good, (b"SELECT 1 / $1::int", [b"0"], "22012"), skipped))
    answers(*train(good))
    connection.finish()
    return Ran(log.expected)


def psycopg_pipeline(run):
    """psycopg's own pipeline: the block ends with one Sync."""
    log = Log()
    connection, port = psycopg_connection(run, log, prepare_threshold=None)
    for _ in range(3):
        with log.requests(port, ["Execute"] * 5 + ["Sync"]) as sent:
            with connection.pipeline():
                for number in range(5):
                    connection.execute("SELECT n FROM numbers WHERE n <= %s", [number])
        for number in range(5):
            sent[number].rows = number
    connection.close()
    return Ran(log.expected)


# --- Scenarios: COPY, replication -----------------------------------------------------------------


def copy(run):
    log = Log()
    connection, port = psycopg_connection(run, log)
    with log.request(port, "Query"):
        connection.execute("CREATE TEMPORARY TABLE target (n int, filler text)")
    rows = 200 if run.recording else 20_000
    for options in ("", " (FORMAT binary)"):
        with log.request(port, "Query"):
            with connection.cursor().copy("COPY target FROM STDIN" + options) as into:
                if options:
                    into.set_types(["int4", "text"])
                for number in range(rows):
                    into.write_row((number, "x" * 20))
        with log.request(port, "Query"):
            with connection.cursor().copy("COPY target TO STDOUT" + options) as out:
                for _ in out:
                    pass
    # The client gives up; the server does not like the data.
    with log.request(port, "Query", **error("57014")):
        give_up_copy(connection.pgconn)
    with log.request(port, "Query", **error("22P02")):
        with contextlib.suppress(psycopg.errors.InvalidTextRepresentation):
            with connection.cursor().copy("COPY target FROM STDIN") as into:
                into.write("no number\tone\n" * 3)
    with log.request(port, "Query", **error("42P01")):
        with contextlib.suppress(psycopg.errors.UndefinedTable):
            with connection.cursor().copy("COPY nowhere FROM STDIN"):
                pass
    with log.request(port, "Query", rows=1):
        if connection.execute("SELECT count(*) FROM target").fetchone() != (2 * rows,):
            raise Failure("COPY did not bring all rows")
    connection.close()
    return Ran(log.expected)


def give_up_copy(connection):
    connection.exec_(b"COPY target FROM STDIN")
    connection.put_copy_data(b"1\tone\n")
    connection.put_copy_end(b"the client gives up")
    checked(connection.get_result(), "57014")
    connection.get_result()


def copy_in_parts(run):
    """COPY in one query with others, by the extended protocol, and with a pause in the data."""
    log = Log()
    connection = raw(run, log)
    port = connection.port
    with log.requests(port, ["Query"] * 4):
        connection.send(wire.query("CREATE TEMPORARY TABLE t (n int); COPY t FROM STDIN; COPY t TO STDOUT; SELECT 1"))
        connection.until(b"G")
        for number in range(5):
            connection.send(wire.copy_data(b"%d\n" % number))
            time.sleep(0.01)
        connection.send(wire.COPY_DONE)
        connection.until(b"Z")
    with log.requests(port, ["Execute", "Sync"]):
        connection.send(wire.parse("COPY t FROM STDIN"), wire.bind(), wire.execute(), wire.FLUSH)
        connection.until(b"G")
        connection.send(wire.copy_data(b"7\n8\n"), wire.COPY_DONE, wire.SYNC)
        connection.until(b"Z")
    # The server fails, skips to the Sync that came along, and answers that.
    with log.requests(port, ["Execute", "Sync"]) as sent:
        connection.send(wire.parse("COPY t FROM STDIN"), wire.bind(), wire.execute(), wire.FLUSH)
        connection.until(b"G")
        connection.send(wire.copy_fail("the client gives up"), wire.SYNC)
        connection.until(b"Z")
    sent[0].outcome, sent[0].code = error("57014")["outcome"], "57014"
    with log.request(port, "Query", rows=1):
        connection.send(wire.query("SELECT count(*) FROM t"))
        connection.until(b"Z")
    connection.close()
    return Ran(log.expected)


def copy_sync_ignored(run):
    """libpq by the extended protocol: its Sync comes before the data, where the server ignores it; a second one follows the data."""
    log = Log()
    connection, port = libpq(run, log)
    with log.request(port, "Query"):
        checked(connection.exec_(b"CREATE TEMPORARY TABLE t (n int)"))
    for data, code in ((b"1\n2\n", None), (b"no number\n", "22P02")):
        with log.requests(port, ["Execute", "Sync", "Sync"]) as sent:
            connection.exec_params(b"COPY t FROM STDIN", [])
            connection.put_copy_data(data)
            connection.put_copy_end()
            checked(connection.get_result(), code)
            while connection.get_result() is not None:
                pass
        sent[1].outcome = "no_answer_expected"
        if code:
            sent[0].outcome, sent[0].code = error(code)["outcome"], code
    # Out, nothing is ignored.
    with log.requests(port, ["Execute", "Sync"]):
        connection.exec_params(b"COPY t TO STDOUT", [])
        while connection.get_copy_data(0)[0] >= 0:
            pass
        while (result := connection.get_result()) is not None:
            checked(result)
    with log.request(port, "Query", rows=1):
        checked(connection.exec_(b"SELECT 1"))
    connection.finish()
    return Ran(log.expected)


def replication(run):
    """A logical stream by hand: the stream is one Query from its command to its end."""
    log = Log()
    connection, port = libpq(run, log, replication="database")

    def ask(sql, rows=None):
        with log.request(port, "Query", rows=rows):
            checked(connection.exec_(sql))

    ask(b"IDENTIFY_SYSTEM", rows=1)
    ask(b"CREATE_REPLICATION_SLOT slot TEMPORARY LOGICAL test_decoding", rows=1)
    run.server.admin("CREATE TABLE replicated (n int)")
    with log.request(port, "Query"):
        checked(connection.exec_(b"START_REPLICATION SLOT slot LOGICAL 0/0"))
        run.server.admin("INSERT INTO replicated SELECT generate_series(1, 20)")
        inserted = 0
        while inserted < 20:
            _, data = connection.get_copy_data(0)
            inserted += bytes(data).count(b"INSERT")
        connection.put_copy_end()
        # What the server still had to say, its end of the stream, then the command's.
        while connection.get_copy_data(0)[0] >= 0:
            pass
        while (result := connection.get_result()) is not None:
            checked(result)
    ask(b"SELECT 1", rows=1)
    connection.finish()
    run.server.admin("DROP TABLE replicated")
    return Ran(log.expected)


def receivewal(run):
    """pg_receivewal and pg_recvlogical to their ends: counted by their commands."""
    environment = {"PGSSLMODE": "disable"}
    where = ["-h", "127.0.0.1", "-p", run.port, "-U", "trusted"]
    with common.temporary_directory() as directory:
        # From the beginning of the segment up to here, and no further.
        run.server.admin("CREATE TABLE received AS SELECT generate_series(1, 1000)")
        ((position,),) = run.server.admin("SELECT pg_current_wal_lsn()")
        run_program(
            [
                run.server.binaries / "pg_receivewal",
                *where,
                "-D",
                directory,
                "-E",
                position,
                "-n",
                "--no-sync",
                "-s",
                1,
            ],
            environment=environment,
        )
        run.server.admin("SELECT pg_create_logical_replication_slot('tool', 'test_decoding')")
        run.server.admin("INSERT INTO received VALUES (1)")
        ((position,),) = run.server.admin("SELECT pg_current_wal_lsn()")
        run_program(
            [
                run.server.binaries / "pg_recvlogical",
                *where,
                "-d",
                "live",
                "-S",
                "tool",
                "-E",
                position,
                "-n",
                "--start",
                "-f",
                directory / "out",
            ],
            environment=environment,
        )
        run.server.admin("SELECT pg_drop_replication_slot('tool')")
        run.server.admin("DROP TABLE received")
    # pg_receivewal: SHOW twice, IDENTIFY_SYSTEM three times, and a stream;
    # pg_recvlogical: SELECT set_config, SHOW, IDENTIFY_SYSTEM, and a stream.
    return Ran(counts={"Startup": 2, "Query": 6 + 4})


# --- Scenarios: things that come at any time ------------------------------------------------------


def cancel(run):
    """The request has a connection of its own and no answer; the statement ends with 57014."""
    log = Log()
    connection = raw(run, log)
    for _ in range(3):
        with log.request(connection.port, "Query", **error("57014")):
            connection.send(wire.query("SELECT pg_sleep(30)"))
            await_true(
                lambda: run.server.admin(
                    "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
                )
            )
            wire.cancel(run.port, connection.process, connection.secret)
            connection.until(b"Z")
        with log.request(connection.port, "Query", rows=1):
            connection.send(wire.query("SELECT 1"))
            connection.until(b"Z")
    # One that comes too late, and one that nobody knows.
    wire.cancel(run.port, connection.process, connection.secret)
    wire.cancel(run.port, 1, 1)
    connection.close()
    return Ran(log.expected, allowed=frozenset({"Cancel", "CancelRequest"}), connections=6)


def listen_notify(run):
    """What the server says unasked belongs to no request."""
    log = Log()
    listener, listener_port = psycopg_connection(run, log, prepare_threshold=None)
    notifier, notifier_port = psycopg_connection(run, log)
    with log.request(listener_port, "Query"):
        listener.execute("LISTEN news")
    for number in range(3):
        with log.request(notifier_port, "Query"):
            notifier.execute(f"NOTIFY news, 'number {number}'")
        for _ in listener.notifies(timeout=5, stop_after=1):
            pass
    # Its own comes with the answer; another's in the middle of one.
    with log.request(listener_port, "Query"):
        listener.execute("NOTIFY news, 'my own'")
    with log.request(notifier_port, "Query"):
        notifier.execute("NOTIFY news, 'before the answer'")
    with log.request(listener_port, "Query", rows=1):
        listener.execute("SELECT 1")
    # A setting that somebody else changes is told to every session, before its next answer.
    run.server.admin("ALTER SYSTEM SET timezone = 'Asia/Tokyo'")
    run.server.admin("SELECT pg_reload_conf()")
    while listener.pgconn.parameter_status(b"TimeZone") != b"Asia/Tokyo":
        with log.request(listener_port, "Query", rows=1):
            listener.execute("SELECT 1")
    run.server.admin("ALTER SYSTEM RESET timezone")
    run.server.admin("SELECT pg_reload_conf()")
    listener.close()
    notifier.close()
    return Ran(log.expected)


def terminated(run):
    """The server ends the session in the middle of a statement, and of an idle one."""
    log = Log()
    busy = raw(run, log)
    idle = raw(run, log)
    with log.request(busy.port, "Query", **error("57P01")):
        busy.send(wire.query("SELECT pg_sleep(30)"))
        await_true(
            lambda: run.server.admin(
                "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
            )
        )
        run.server.admin(f"SELECT pg_terminate_backend({busy.process})")
        with contextlib.suppress(EOFError):
            busy.until(b"Z")
    run.server.admin(f"SELECT pg_terminate_backend({idle.process})")
    with contextlib.suppress(EOFError):
        idle.until(b"Z")
    busy.close(terminate=False)
    idle.close(terminate=False)
    # The client resets the connection in the middle of a statement.
    gone = raw(run, log)
    with log.request(gone.port, "Query", outcome="unanswered"):
        gone.send(wire.query("SELECT pg_sleep(0.1)"))
        await_true(
            lambda: run.server.admin(
                "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
            )
        )
        gone.reset()
    await_true(
        lambda: not run.server.admin(
            "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
        )
    )
    return Ran(log.expected)


# --- Scenarios: other drivers ---------------------------------------------------------------------


def with_asyncpg(run):
    """asyncpg parses with Flush, not Sync; its cursors are portals."""
    log = Log()
    run.server.count_from_here()

    async def work():
        start_ns = time.time_ns()
        connection = await asyncpg.connect(
            host="127.0.0.1", port=run.port, user="trusted", database="live", ssl=False, statement_cache_size=0
        )
        port = connection._transport.get_extra_info("sockname")[1]
        log.expected.append(Expected(port, "Startup", start_ns, time.time_ns()))
        for number in range(10):
            # The statement is unnamed or named, as the cache is off: parsed for each.
            with log.requests(port, ["Execute", "Sync"]) as sent:
                await connection.fetch("SELECT n FROM numbers WHERE n <= $1", number)
            sent[0].rows = number
        with log.request(port, "Query"):
            await connection.execute("SELECT 1; SELECT 2")
        log.expected.append(Expected(port, "Query", log.expected[-1].start_ns, log.expected[-1].end_ns))
        # The error comes after the Flush; the Sync is sent only then.
        with log.request(port, "Sync", **error("42703")):
            with contextlib.suppress(asyncpg.UndefinedColumnError):
                await connection.fetch("SELECT nothing")
        with log.request(port, "Query"):
            await connection.execute("BEGIN")
        # The last Sync is that of Close.
        with log.requests(port, ["Execute", "Sync"] * 3 + ["Sync"]) as sent:
            async for _ in connection.cursor("SELECT n FROM numbers WHERE n <= 25", prefetch=10):
                pass
        for index, rows in ((0, 10), (2, 10), (4, 5)):
            sent[index].rows = rows
        with log.request(port, "Query"):
            await connection.execute("COMMIT")
        await connection.close()

    asyncio.run(work())
    return Ran(log.expected)


def with_pg8000(run):
    """pg8000 sends a Sync after Parse, after Describe and after Execute."""
    log = Log()
    start_ns = time.time_ns()
    connection = pg8000.native.Connection("trusted", host="127.0.0.1", port=run.port, database="live", ssl_context=None)
    port = common.own_port(connection._usock)
    log.expected.append(Expected(port, "Startup", start_ns, time.time_ns()))
    for number in range(10):
        with log.requests(port, ["Sync", "Sync", "Execute", "Sync"]) as sent:
            connection.run("SELECT n FROM numbers WHERE n <= :n", n=number)
        sent[2].rows = number
    with log.request(port, "Query", rows=1):
        connection.run("SELECT 1")
    with log.requests(port, ["Sync"]):
        statement = connection.prepare("SELECT n FROM numbers WHERE n <= :n")
    for number in range(5):
        with log.requests(port, ["Execute", "Sync"]) as sent:
            statement.run(n=number)
        sent[0].rows = number
    with log.request(port, "Sync"):
        statement.close()
    connection.close()
    return Ran(log.expected)


# --- Scenarios: joined in the middle --------------------------------------------------------------


def already_connected(run):
    """A session with a prepared statement and an open portal, before the capture begins."""
    connection = raw(run, Log())
    connection.send(wire.query("BEGIN"))
    connection.until(b"Z")
    connection.send(
        wire.parse("SELECT n FROM numbers WHERE n <= $1::int", "known"),
        wire.bind([b"25"], "known", "open"),
        wire.execute("open", 10),
        wire.SYNC,
    )
    connection.until(b"Z")
    return connection


def mid_stream(run):
    log = Log()
    connection = run.state
    port = connection.port

    def executed(rows, *messages):
        with log.requests(port, ["Execute", "Sync"]) as sent:
            connection.send(*messages, wire.SYNC)
            connection.until(b"Z")
        sent[0].rows = rows

    executed(3, wire.bind([b"3"], "known"), wire.execute())
    executed(10, wire.execute("open", 10))
    executed(5, wire.execute("open", 10))
    with log.request(port, "Query"):
        connection.send(wire.query("COMMIT"))
        connection.until(b"Z")
    for number in range(5):
        executed(number, wire.bind([b"%d" % number], "known"), wire.describe(), wire.execute())
    with log.request(port, "Query", rows=1):
        connection.send(wire.query("SELECT 1"))
        connection.until(b"Z")
    connection.close()
    return Ran(log.expected)


def sleeping(run):
    connection = raw(run, Log())
    connection.send(wire.query("SELECT pg_sleep(0.8); SELECT 2"))
    return connection


def mid_answer(run):
    """The capture begins between a query and its answer: that one cannot be timed, the next ones can."""
    log = Log()
    connection = run.state
    connection.until(b"Z")
    for _ in range(3):
        with log.request(connection.port, "Query", rows=1):
            connection.send(wire.query("SELECT 1"))
            connection.until(b"Z")
    connection.close()
    return Ran(log.expected)


SCENARIOS = [
    Scenario(
        "startup",
        startup,
        "start-ups: trust, SCRAM, MD5, plain password, refused ones, an unknown protocol option",
        expect="One `Startup` for each connection, with all messages of the authentication in it; 28P01 and 3D000 are its error.",
    ),
    Scenario(
        "ssl_refused",
        ssl_refused,
        "libpq asks for SSL, the server says N, the start-up follows on the same connection",
        before=ssl_off,
        expect="One `Startup` and two `Query`; the SSLRequest and its single byte N are no part of them.",
    ),
    Scenario(
        "ssl_accepted",
        ssl_accepted,
        "two connections that become TLS",
        before=ssl_on,
        expect="No transactions; nothing after the S can be read.",
    ),
    Scenario(
        "simple",
        simple,
        "simple queries: rows, none, errors, empty ones, notices, a transaction that failed, a timeout, long ones",
        expect="One `Query` for each statement, `rows` of each SELECT; notices and changed settings are no answers; an empty query is ok.",
    ),
    Scenario(
        "multi_statement",
        multi_statement,
        "several statements in one Query message, with errors; two Query messages in one segment",
        expect="Each statement that ran is a `Query`; after an error the rest does not run and leaves no trace.",
    ),
    Scenario("psql", psql, "psql by a pipe", recorded=False),
    Scenario("pgbench_simple", pgbench("simple"), "pgbench -M simple", before=initialize_pgbench, recorded=False),
    Scenario("pgbench_extended", pgbench("extended"), "pgbench -M extended", recorded=False),
    Scenario("pgbench_prepared", pgbench("prepared"), "pgbench -M prepared", recorded=False),
    Scenario("many_connections", many_connections, "eight threads, 24 connections", recorded=False),
    Scenario(
        "extended",
        extended,
        "prepare, execute, describe, close by libpq, with an error in each step",
        expect="`Execute` and `Sync` for each execution, `Sync` alone for prepare, describe and close. An error in Parse or Bind is that of the `Execute` behind it.",
    ),
    Scenario(
        "unnamed_reparsed",
        unnamed_reparsed,
        "the unnamed statement, parsed again for each execution, with changing text",
        expect="`Execute` and `Sync` for each; the text of the unnamed statement is that of the last Parse.",
    ),
    Scenario("prepared_at_once", prepared_at_once, "statements prepared at their first use", recorded=False),
    Scenario(
        "portals",
        portals,
        "portals with row limits: suspended, continued, two at a time, across a Sync",
        expect="Each Execute is one transaction, ended by PortalSuspended or CommandComplete, with its own `rows`. A Sync with nothing before it is none.",
    ),
    Scenario(
        "pipeline_many",
        pipeline_many,
        "a pipeline of many executes, sent before the first answer is read",
        expect="Every Execute in order, one Sync at the end; the first answers come while requests are still being sent.",
    ),
    Scenario(
        "pipeline_errors",
        pipeline_errors,
        "pipelines in which Parse, Bind and Execute fail; the server skips up to the Sync",
        expect="The failed `Execute` has the error, those behind it are `no_answer_expected`, the `Sync` and the next train are ok.",
    ),
    Scenario("psycopg_pipeline", psycopg_pipeline, "psycopg's pipeline blocks", recorded=False),
    Scenario(
        "copy",
        copy,
        "COPY in and out, text and binary; given up by the client, refused by the server",
        expect="One `Query` for each COPY, from the command to its end; data messages are no requests.",
    ),
    Scenario(
        "copy_in_parts",
        copy_in_parts,
        "COPY among other statements, by the extended protocol, and failed there",
        expect="COPY in a message of four statements; an `Execute` that copies. A Sync sent along with CopyFail is the one that is answered.",
    ),
    Scenario(
        "copy_sync_ignored",
        copy_sync_ignored,
        "COPY by the extended protocol: a Sync before the data is ignored, the one behind the data is answered",
        expect="`Execute` and two `Sync` for each COPY: the one that came before CopyInResponse is never answered.",
    ),
    Scenario(
        "replication",
        replication,
        "a logical replication stream, begun and ended",
        expect="One `Query` from START_REPLICATION to the end of the stream, though two CommandComplete end it.",
    ),
    Scenario("receivewal", receivewal, "pg_receivewal and pg_recvlogical", recorded=False),
    Scenario(
        "cancel",
        cancel,
        "cancel requests on connections of their own, in time, too late, for nobody",
        expect="A cancel request is no transaction, or a `Cancel` without an answer; the cancelled `Query` has 57014.",
    ),
    Scenario(
        "listen_notify",
        listen_notify,
        "notifications and changed settings, unasked, while idle and within answers",
        expect="Notifications and changed settings are in no transaction, whether they come while idle or before an answer.",
    ),
    Scenario(
        "terminated",
        terminated,
        "sessions ended by the server, busy and idle, and by the client in mid-statement",
        expect="57P01 for the busy session; the idle one is told without having asked; the reset one is `unanswered`.",
    ),
    Scenario(
        "asyncpg",
        with_asyncpg,
        "asyncpg: Parse with Flush, cursors as portals",
        expect="Parse, Describe and Flush are answered before Bind is sent; an error there belongs to the `Sync` that is sent after it.",
    ),
    Scenario(
        "pg8000",
        with_pg8000,
        "pg8000: a Sync after each step",
        expect="`Sync` after Parse, `Sync` after Describe, then `Execute` and `Sync`.",
    ),
    Scenario(
        "mid_stream",
        mid_stream,
        "the capture begins in a session with a prepared statement and an open portal",
        before=already_connected,
        expect="The statement has no text here: its name is unknown, its executions are counted and timed.",
    ),
    Scenario(
        "mid_answer",
        mid_answer,
        "the capture begins between a query and its answer",
        before=sleeping,
        complete=False,
        expect="Of the query that was open nothing is timed; three `Query` follow.",
    ),
]

if __name__ == "__main__":
    common.main("postgres", server, SCENARIOS)
