"""MySQL's protocol: Debian's MariaDB; PyMySQL, MariaDB's own client, mysqlslap, and a bare socket.

What is expected of a report: each command is one transaction, named as the protocol names it, without COM_ and STMT_: `Query`
(all of its results), `Prepare`, `Execute`, `Fetch`, `Reset`, `Ping`, `InitDb`, `Statistics`, `ChangeUser`,
`SetOption`, `ResetConnection`, `FieldList`; `Close`, `SendLongData` and `Quit` have no answer. `Login` is from the client's first packet
to the server's OK; the server's greeting before it is no part of it. The code of an error is its number.
"""

import contextlib
import re
import subprocess
import threading
import time

import pymysql

import common
import mysql_wire as wire
from common import Expected, Failure, Log, Process, Ran, Scenario, program, run_program

USER = "nobody"
PASSWORD = "not a secret"
SERVER_ERRORS = {1053, 1205, 1213, 1317, 1040, 1927, 1969}
NO_ANSWER = "no_answer_expected"
# Where the server counts a command.
STATUS = {
    "Prepare": "Com_stmt_prepare",
    "Execute": "Com_stmt_execute",
    "Close": "Com_stmt_close",
    "Fetch": "Com_stmt_fetch",
    "Reset": "Com_stmt_reset",
    "SendLongData": "Com_stmt_send_long_data",
}


def error(number):
    return {"outcome": "server_error" if number in SERVER_ERRORS else "client_error", "code": str(number)}


# --- The server -----------------------------------------------------------------------------------

SCHEMA = f"""
CREATE DATABASE live;
CREATE DATABASE other;
USE live;
CREATE USER open@'%';
GRANT ALL ON *.* TO open@'%';
CREATE USER native@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON live.* TO native@'%';
CREATE TABLE live.numbers AS SELECT seq AS n, REPEAT('x', 50) AS filler FROM seq_1_to_10000;
CREATE PROCEDURE live.three() BEGIN SELECT 1; SELECT 2; SELECT 3; END;
"""


class Server:
    """The started server, and what an administrator asks it past the captured port."""

    def __init__(self, socket_path):
        self.connection = pymysql.connect(unix_socket=str(socket_path), user="root", autocommit=True)
        self.asked = 0

    def admin(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def status(self):
        return {
            name: int(value)
            for name, value in self.admin("SHOW GLOBAL STATUS")
            if re.fullmatch(r"Com_\w+", name) and value.isdigit()
        }

    def count_from_here(self):
        self.before = self.status()

    def counted(self):
        """What the counters have grown by."""
        after = self.status()
        grown = {name: after[name] - self.before[name] for name in after}
        return grown


@contextlib.contextmanager
def server(port, _directory):
    with common.temporary_directory(USER) as directory:
        install = program("mariadb-install-db", "mariadb-server-core")
        run_program(
            [
                install,
                "--no-defaults",
                f"--datadir={directory}/data",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            user=USER,
            cwd=directory,
        )
        command = [
            program("mariadbd", "mariadb-server-core"),
            "--no-defaults",
            f"--datadir={directory}/data",
            f"--port={port}",
        ]
        command += ["--bind-address=127.0.0.1", f"--socket={directory}/mysql.sock", f"--pid-file={directory}/mysql.pid"]
        command += [
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=0",
            "--max-allowed-packet=64M",
            "--skip-name-resolve",
        ]
        command += ["--local-infile=1"]
        with Process(command, directory=directory, port=port, user=USER):
            started = Server(directory / "mysql.sock")
            for statement in re.split(r";\n", SCHEMA.strip()):
                started.admin(statement)
            yield started


def counting(run):
    run.server.count_from_here()


def with_server_counts(run, ran):
    """The server's counters of prepared statements against what was sent."""
    grown = run.server.counted()
    # What names no statement is not counted.
    sent = {
        operation: sum(1 for request in ran.expected if request.operation == operation and request.code != "1243")
        for operation in STATUS
    }
    for operation, name in STATUS.items():
        if grown[name] != sent[operation]:
            ran.problems.append(f"{name} is {grown[name]}, the client made {sent[operation]} {operation}")
    return ran


# --- Clients --------------------------------------------------------------------------------------


class Client(wire.Wire):
    """A connection by hand, whose commands are logged."""

    def __init__(self, run, log, deprecate_eof=False):
        start_ns = time.time_ns()
        super().__init__(run.port, deprecate_eof)
        self.login()
        self.log = log
        log.expected.append(Expected(self.port, "Login", start_ns, time.time_ns()))

    def do(self, operation, body, read=None, rows=None, code=None):
        """Sends a command and reads its answer."""
        with self.log.request(self.port, operation, rows=rows, **(error(code) if code else {})):
            self.send(body)
            got = None
            try:
                answer = (read or self.ok)()
            except wire.ServerError as refused:
                got, answer = refused.number, None
        if got != code:
            raise Failure(f"{operation}: the server says {got}, not {code}")
        return answer

    def query(self, sql, rows=None, code=None):
        return self.do("Query", bytes([wire.QUERY]) + sql.encode(), self.results, rows, code)

    def prepare(self, sql, code=None):
        return self.do("Prepare", bytes([wire.PREPARE]) + sql.encode(), self.prepared, code=code)

    def execute(self, statement, values=(), rows=None, code=None, cursor=0):
        return self.do("Execute", wire.execute_body(statement, values, cursor), self.results, rows, code)

    def silent(self, operation, body):
        with self.log.request(self.port, operation, outcome=NO_ANSWER):
            self.send(body)

    def switched(self):
        """The server may ask for the password in another way: here it is empty."""
        if self.ok()[:1] == b"\xfe":
            self.socket.sendall(wire.packet(b"", self.sequence + 1))
            self.ok()

    def close_statement(self, statement):
        self.silent("Close", bytes([wire.CLOSE]) + statement.to_bytes(4, "little"))

    def quit(self):
        self.silent("Quit", bytes([wire.QUIT]))
        # The server closes; nothing comes.
        self.file.read(1)
        self.close()


def with_pymysql(run, log, **options):
    """A PyMySQL connection: Login, then SET AUTOCOMMIT."""
    start_ns = time.time_ns()
    connection = pymysql.connect(
        host="127.0.0.1", port=run.port, database="live", autocommit=None, **{"user": "open", **options}
    )
    port = common.own_port(connection._sock)
    # Without an encoding of its own it says SET NAMES at once.
    end_ns = time.time_ns()
    log.expected += [Expected(port, "Login", start_ns, end_ns), Expected(port, "Query", start_ns, end_ns)]
    return connection, port


# --- Scenarios ------------------------------------------------------------------------------------


def queries(run):
    """The text protocol: rows, none, errors, several results, long ones."""
    log = Log()
    for deprecate_eof in (False, True):
        client = Client(run, log, deprecate_eof)
        client.query("SELECT 1", rows=1)
        client.query("SELECT n FROM numbers LIMIT 300", rows=300)
        client.query("SELECT n FROM numbers WHERE n < 0", rows=0)
        client.query("SELECT NULL, '', 'text'", rows=1)
        client.query("CREATE TEMPORARY TABLE things (id INT PRIMARY KEY, name TEXT)")
        client.query("INSERT INTO things VALUES (1, 'one'), (2, 'two')")
        client.query("INSERT INTO things VALUES (1, 'again')", code=1062)
        client.query("SELEC 1", code=1064)
        client.query("SELECT * FROM nowhere", code=1146)
        client.query("", code=1065)
        # All results of one command are one request.
        client.query("SELECT 1; INSERT INTO things VALUES (3, 'three'); SELECT 2")
        client.query("CALL three()")
        # The second fails, the third does not run; the first one's rows came.
        client.query("SELECT 1; SELEC 2; SELECT 3", code=1064)
        client.query("SELECT SLEEP(0.05)", rows=1)
        client.query("SELECT n, (SELECT REPEAT('y', n) FROM DUAL) FROM numbers WHERE n < 5", rows=4)
        size = 20_000 if run.recording else 2_000_000
        client.query(f"SELECT LENGTH('{'z' * size}')", rows=1)
        client.query(f"SELECT REPEAT('z', {size})", rows=1)
        client.quit()
    return with_server_counts(run, Ran(log.expected))


def commands(run):
    """Commands other than queries."""
    log = Log()
    client = Client(run, log)
    client.do("Ping", bytes([wire.PING]))
    client.do("InitDb", bytes([wire.INIT_DB]) + b"other")
    client.do("InitDb", bytes([wire.INIT_DB]) + b"nowhere", code=1049)
    client.do("InitDb", bytes([wire.INIT_DB]) + b"live")
    client.do("Statistics", bytes([wire.STATISTICS]))
    client.do("SetOption", bytes([wire.SET_OPTION, 0, 0]))
    client.do("FieldList", bytes([wire.FIELD_LIST]) + b"numbers\0", client.rows)
    client.do("ResetConnection", bytes([wire.RESET_CONNECTION]))
    change = bytes([wire.CHANGE_USER]) + b"open\0\0live\0" + b"\x2d\0mysql_native_password\0"
    client.do("ChangeUser", change, client.switched)
    client.query("SELECT 1", rows=1)
    # Two in one segment.
    with log.requests(client.port, ["Ping", "Query"]):
        client.send(bytes([wire.PING]), bytes([wire.QUERY]) + b"SELECT SLEEP(0.02)")
        client.ok()
        client.results()
    client.quit()
    return with_server_counts(run, Ran(log.expected))


def prepared(run):
    """The binary protocol: prepare, execute, fetch by a cursor, long data, reset, close; errors."""
    log = Log()
    for deprecate_eof in (False, True):
        client = Client(run, log, deprecate_eof)
        statement = client.prepare("SELECT n, filler FROM numbers WHERE n <= ?")
        for number in range(4):
            client.execute(statement, [b"%d" % number], rows=number)
        client.close_statement(statement)
        client.execute(statement, code=1243)
        client.prepare("SELEC ?", code=1064)
        # No parameters, no columns.
        statement = client.prepare("DO 1")
        client.execute(statement)
        client.close_statement(statement)
        statement = client.prepare("SELECT LENGTH(?)")
        long_data = bytes([wire.SEND_LONG_DATA]) + statement.to_bytes(4, "little") + b"\0\0"
        for _ in range(3):
            client.silent("SendLongData", long_data + b"l" * 5000)
        with log.request(client.port, "Execute", rows=1):
            # The value is left out where it was sent before.
            client.send(wire.execute_body(statement, [b""])[:-1])
            client.results()
        client.do("Reset", bytes([wire.RESET]) + statement.to_bytes(4, "little"))
        # Sent together, the Close between them without an answer.
        with log.requests(client.port, ["Execute", "Close", "Query"]) as sent:
            client.send(
                wire.execute_body(statement, [b"four"]),
                bytes([wire.CLOSE]) + statement.to_bytes(4, "little"),
                bytes([wire.QUERY]) + b"SELECT 1",
            )
            client.results()
            client.results()
        sent[1].outcome = NO_ANSWER
        # MariaDB: -1 is the statement that was prepared last, so that nobody need wait for its number.
        with log.requests(client.port, ["Prepare", "Execute"]):
            client.send(bytes([wire.PREPARE]) + b"SELECT 1", wire.execute_body(0xFFFFFFFF))
            statement = client.prepared()
            client.results()
        client.close_statement(statement)
        client.quit()
    return with_server_counts(run, Ran(log.expected))


def cursor(run):
    """A read-only cursor: Execute brings no rows, each Fetch some."""
    log = Log()
    client = Client(run, log)
    statement = client.prepare("SELECT n FROM numbers WHERE n <= 25")
    with log.request(client.port, "Execute"):
        client.send(wire.execute_body(statement, cursor=1))
        client.result()
    for rows in (10, 10, 5):
        fetch = bytes([wire.FETCH]) + statement.to_bytes(4, "little") + (10).to_bytes(4, "little")
        client.do("Fetch", fetch, client.rows, rows=rows)
    client.close_statement(statement)
    client.quit()
    return with_server_counts(run, Ran(log.expected))


def local_infile(run):
    """LOAD DATA LOCAL: the server asks, the client sends its file, then comes the answer: one Query."""
    log = Log()
    client = Client(run, log)
    client.query("CREATE TEMPORARY TABLE target (n INT)")
    with log.request(client.port, "Query"):
        client.send(bytes([wire.QUERY]) + b"LOAD DATA LOCAL INFILE 'numbers' INTO TABLE target")
        if client.receive()[:1] != b"\xfb":
            raise Failure("the server does not ask for the file")
        sequence = client.sequence
        for number in range(3):
            sequence += 1
            client.socket.sendall(wire.packet(b"%d\n" % number * 500, sequence))
            time.sleep(0.01)
        client.socket.sendall(wire.packet(b"", sequence + 1))
        client.ok()
    client.query("SELECT COUNT(*) FROM target", rows=1)
    client.quit()
    return Ran(log.expected)


def login(run):
    """Passwords, refused ones, an unknown database; PyMySQL says SET NAMES or SET AUTOCOMMIT at once."""
    log = Log()
    connection, port = with_pymysql(run, log, user="native", password=PASSWORD)
    with log.request(port, "Query", rows=1):
        with connection.cursor() as asking:
            asking.execute("SELECT 1")
    with log.request(port, "Ping"):
        connection.ping()
    with log.request(port, "Quit", outcome=NO_ANSWER):
        connection.close()
    for user, database, code in (("native", "nowhere", 1044), ("unknown", "live", 1045)):
        with contextlib.closing(wire.Wire(run.port)) as client:
            with log.request(client.port, "Login", **error(code)):
                try:
                    client.login(user, database)
                    raise Failure(f"the server lets {user} in")
                except wire.ServerError as refused:
                    got = refused.number
            if got not in (code, 1045):
                raise Failure(f"the server says {got}, not {code}")
            log.expected[-1].code = str(got)
    return Ran(log.expected)


def huge(run):
    """A query and a row that are longer than one packet can be."""
    log = Log()
    client = Client(run, log)
    client.query(f"SELECT LENGTH('{'h' * (17 << 20)}')", rows=1)
    client.query(f"SELECT REPEAT('h', {17 << 20})", rows=1)
    client.query("SELECT 1", rows=1)
    client.quit()
    return Ran(log.expected)


def many_connections(run):
    """Eight threads of PyMySQL, each statement timed."""
    logs = [Log() for _ in range(8)]

    def work(log):
        for _ in range(3):
            connection, port = with_pymysql(run, log)
            with connection.cursor() as asking:
                for number in range(100):
                    with log.request(port, "Query", rows=number % 5):
                        asking.execute("SELECT n FROM numbers WHERE n <= %s", [number % 5])
            with log.request(port, "Quit", outcome=NO_ANSWER):
                connection.close()

    threads = [threading.Thread(target=work, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Ran([expected for log in logs for expected in log.expected])


def slap(run):
    """mysqlslap: by count."""
    client = program("mysqlslap", "mariadb-client")
    run_program(
        [
            client,
            "--no-defaults",
            "-h",
            "127.0.0.1",
            "-P",
            run.port,
            "-u",
            "open",
            "--skip-ssl",
            "--no-drop",
            "--create-schema=live",
            "--concurrency=4",
            "--number-of-queries=4000",
            "--query=SELECT n FROM live.numbers WHERE n = 7",
        ]
    )
    grown = run.server.counted()
    # A client that only connects, and four that work.
    ran = Ran(counts={"Login": 5, "Query": grown["Com_select"]}, allowed=frozenset({"Quit"}))
    if grown["Com_select"] != 4000:
        ran.problems.append(f"Com_select is {grown['Com_select']}, mysqlslap made 4000")
    return ran


def command_line(run):
    """MariaDB's own client by a pipe: each statement to its answer."""
    log = Log()
    command = [
        program("mariadb", "mariadb-client-core"),
        "--no-defaults",
        "-h",
        "127.0.0.1",
        "-P",
        str(run.port),
        "-u",
        "open",
        "--skip-ssl",
    ]
    start_ns = time.time_ns()
    process = subprocess.Popen(
        [*command, "-N", "-B", "-n", "--skip-reconnect", "live"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def ask(sql):
        process.stdin.write(sql + ";\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    asked_ns = time.time_ns()
    # The port is that of the only session over TCP.
    port = int(
        ask("SELECT SUBSTRING_INDEX(HOST, ':', -1) FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()")
    )
    end_ns = time.time_ns()
    log.expected += [Expected(port, "Login", start_ns, end_ns), Expected(port, "Query", asked_ns, end_ns, rows=1)]
    for number in range(20):
        with log.request(port, "Query", rows=1):
            if ask(f"SELECT {number}") != str(number):
                raise Failure("the client answers something else")
    with log.request(port, "Quit", outcome=NO_ANSWER):
        process.communicate()
    return Ran(log.expected)


def already_connected(run):
    client = Client(run, Log())
    return client, client.prepare("SELECT n FROM numbers WHERE n <= ?")


def mid_stream(run):
    """The capture begins in a session with a prepared statement."""
    log = Log()
    client, statement = run.state
    client.log = log
    for number in range(5):
        client.execute(statement, [b"%d" % number], rows=number)
        client.query("SELECT n FROM numbers LIMIT 3", rows=3)
    client.do("Ping", bytes([wire.PING]))
    client.query("SELEC 1", code=1064)
    client.close_statement(statement)
    client.quit()
    return Ran(log.expected)


SCENARIOS = [
    Scenario(
        "login",
        login,
        "logins: a password, none, refused ones, an unknown database",
        expect="`Login` from the client's first packet to OK or error; the greeting comes before it.",
    ),
    Scenario(
        "queries",
        queries,
        "queries: rows, none, errors, several results, long ones; with and without EOF packets",
        before=counting,
        expect="One `Query` for each command with all of its results; the error of a later result is the error of the `Query`.",
    ),
    Scenario(
        "commands",
        commands,
        "Ping, InitDb, Statistics, SetOption, FieldList, ResetConnection, ChangeUser; two commands in one segment",
        before=counting,
        expect="Each command is one transaction; ChangeUser may have a second round, which is part of it.",
    ),
    Scenario(
        "prepared",
        prepared,
        "prepared statements: executed, long data, reset, closed, sent together; with and without EOF packets",
        before=counting,
        expect="`Close`, `SendLongData` and `Quit` are `no_answer_expected`; what was sent together is answered in order.",
    ),
    Scenario(
        "cursor",
        cursor,
        "a cursor: Execute without rows, Fetch with some",
        before=counting,
        expect="Execute ends without rows where the status says that a cursor exists; each `Fetch` has its rows.",
    ),
    Scenario(
        "local_infile",
        local_infile,
        "LOAD DATA LOCAL: the client sends a file in the middle of its query",
        expect="One `Query`; the file's packets, and the empty one at its end, are part of it.",
    ),
    Scenario("huge", huge, "packets of 16 MiB and more, in parts", recorded=False),
    Scenario("many_connections", many_connections, "eight threads, 24 connections", recorded=False),
    Scenario("slap", slap, "mysqlslap", before=counting, recorded=False),
    Scenario("command_line", command_line, "MariaDB's own client", recorded=False),
    Scenario(
        "mid_stream",
        mid_stream,
        "the capture begins in a session with a prepared statement",
        before=already_connected,
        expect="The statement has no text here: its name is unknown, its executions are counted and timed.",
    ),
]

if __name__ == "__main__":
    common.main("mysql", server, SCENARIOS)
