"""Redis: Debian's server; redis-py, redis-benchmark, and a bare socket.

What is expected of a report: each command that is sent is one transaction, its operation the command's name in upper
case, with the subcommand where it has one, `other` where the server knows no such command; in a MULTI the answer to each
is its QUEUED. Messages of pub/sub, pushes of RESP3 and what
MONITOR shows belong to no request. SUBSCRIBE and its kin are one request each, answered by one message for each channel.
The code of an error is its first word, but not where a script made it up; SERVER_ERRORS are those that are no fault of
the command.
"""

import sys

# `redis` is the client library, not this file.
sys.path.append(sys.path.pop(0))

import contextlib
import socket
import threading
import time
from collections import Counter

import redis

import common
from common import Expected, Failure, Log, Process, Ran, Scenario, program, run_program

USER = "nobody"
SERVER_ERRORS = {
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
}
# Their first argument is a part of their name.
CONTAINERS = {"ACL", "CLIENT", "COMMAND", "CONFIG", "FUNCTION", "SCRIPT"}
# Neither a command nor a word of the server's: not to be reported as they are.
OWN_COMMAND, OWN_WORD = "NOSUCH", "MINE"


def error(code):
    return {"outcome": "server_error" if code in SERVER_ERRORS else "client_error", "code": None if code == OWN_WORD else code}


def operation_of(words):
    """The operation that the report should say for a command."""
    name = (words[0].decode() if isinstance(words[0], bytes) else words[0]).upper()
    if name == OWN_COMMAND:
        return "other"
    return f"{name} {words[1].upper()}" if name in CONTAINERS else name


# --- The server -----------------------------------------------------------------------------------


class Server:
    """The started server, and what an administrator asks it past the captured port."""

    def __init__(self, directory):
        self.socket_path = str(directory / "redis.sock")

    def admin(self, *words):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.socket_path)
            return Resp(connection).ask(*words)

    def count_from_here(self):
        self.admin("CONFIG", "RESETSTAT")

    def calls(self):
        """How often each command was called or refused since count_from_here."""
        calls = Counter()
        for line in self.admin("INFO", "commandstats").decode().splitlines():
            if line.startswith("cmdstat_"):
                name, facts = line.removeprefix("cmdstat_").split(":")
                values = dict(fact.split("=") for fact in facts.split(","))
                calls[name.replace("|", " ").upper()] += int(values["calls"]) + int(values["rejected_calls"])
        # Its own.
        calls["CONFIG RESETSTAT"] -= 1
        return +calls


@contextlib.contextmanager
def server(port, _directory):
    with common.temporary_directory(USER) as directory:
        command = [
            program("redis-server", "redis-server"),
            "--port",
            port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        command += ["--unixsocket", directory / "redis.sock", "--dir", directory, "--enable-debug-command", "yes"]
        with Process(command, directory=directory, port=port, user=USER):
            yield Server(directory)


# --- The client on a bare socket ------------------------------------------------------------------


class ErrorReply(str):
    pass


class Push(list):
    pass


def command(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Resp:
    """RESP2 and RESP3, one value at a time."""

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(common.PATIENCE_S)
        self.file = connected.makefile("rb")

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the server closed")
        return line[:1], line[1:-2]

    def value(self):
        kind, rest = self.line()
        if kind in b"+:,(#_":
            return rest
        if kind == b"-":
            return ErrorReply(rest.decode())
        if kind in b"$=!":
            if int(rest) < 0:
                return None
            data = self.file.read(int(rest) + 2)[:-2]
            return ErrorReply(data.decode()) if kind == b"!" else data
        if kind == b"|":
            for _ in range(2 * int(rest)):
                self.value()
            return self.value()
        if kind in b"*~>%":
            count = int(rest) * (2 if kind == b"%" else 1)
            values = [self.value() for _ in range(count)]
            return Push(values) if kind == b">" else values
        raise Failure(f"not RESP: {kind + rest!r}")

    def answer(self):
        """The next value that was asked for."""
        while isinstance(value := self.value(), Push):
            pass
        return value

    def ask(self, *words):
        self.socket.sendall(command(*words))
        return self.answer()


class Client(Resp):
    """A connection to the captured port, whose commands are logged."""

    def __init__(self, run, log):
        super().__init__(socket.create_connection(("127.0.0.1", run.port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port, self.log = common.own_port(self.socket), log

    def do(self, *words, code=None, sent=None, answers=1):
        """Sends one command, reads its answers; the last of them."""
        with self.log.request(self.port, operation_of(words), **(error(code) if code else {})):
            self.socket.sendall(sent or command(*words))
            for _ in range(answers):
                answer = self.answer()
        got = answer.split()[0] if isinstance(answer, ErrorReply) else None
        if got != code:
            raise Failure(f"{words[0]}: the server says {answer!r}, not {code}")
        return answer

    def do_silently(self, *words):
        """A command that will have no answer."""
        with self.log.request(self.port, operation_of(words), outcome="no_answer_expected"):
            self.socket.sendall(command(*words))

    def train(self, commands):
        """Sends all at once, reads all answers."""
        with self.log.requests(self.port, [operation_of(words) for words in commands]) as sent:
            self.socket.sendall(b"".join(command(*words) for words in commands))
            for expected, words in zip(sent, commands):
                answer = self.answer()
                expected.end_ns = time.time_ns()
                if isinstance(answer, ErrorReply):
                    expected.outcome, expected.code = error(answer.split()[0])["outcome"], answer.split()[0]

    def next_push(self):
        while True:
            value = self.value()
            if isinstance(value, Push):
                return value

    def close(self):
        self.file.close()
        self.socket.close()


def with_server_calls(run, ran, **others):
    """INFO commandstats against what was sent; `others`: what it counts besides, or not."""
    sent = Counter(request.operation for request in ran.expected)
    sent.update(others)
    calls = run.server.calls()
    for name in sorted(set(sent) | set(calls)):
        if sent[name] != calls[name]:
            ran.problems.append(f"INFO commandstats counts {calls[name]} {name}, the client {sent[name]}")
    return ran


def counted(scenario):
    """Starts the server's counters before the scenario."""

    def before(run):
        run.server.admin("FLUSHALL")
        run.server.count_from_here()

    return {"run": scenario, "before": before}


# --- Scenarios ------------------------------------------------------------------------------------


def commands(run):
    """RESP2: every kind of answer, inline commands, lower case, long values."""
    log = Log()
    client = Client(run, log)
    client.do("PING")
    client.do("set", "key", "value")
    client.do("Get", "key")
    client.do("GET", "missing")
    client.do("SET", b"binary", b"a\r\n$3\r\n+OK\r\n\0")
    client.do("GET", b"binary")
    client.do("SET", "empty", "")
    client.do("GET", "empty")
    client.do("INCR", "counter")
    client.do("RPUSH", "list", *range(100))
    client.do("LRANGE", "list", 0, -1)
    client.do("LRANGE", "none", 0, -1)
    client.do("HSET", "hash", "a", 1, "b", 2)
    client.do("HGETALL", "hash")
    client.do("MGET", "key", "missing", "counter")
    client.do("XADD", "stream", "*", "field", "value")
    client.do("XRANGE", "stream", "-", "+")
    client.do("COMMAND", "COUNT")
    client.do("INFO", "server")
    client.do("PING", sent=b"PING\r\n")
    client.do("SET", sent=b"SET inline 'two words'\r\n")
    client.do("GET", sent=b"GET inline\r\n")
    size = 30_000 if run.recording else 3_000_000
    client.do("SET", "long", "x" * size)
    client.do("GET", "long")
    # In pieces, between them a pause.
    with log.request(client.port, "SET"):
        whole = command("SET", "pieces", "one two three")
        for at in range(0, len(whole), 9):
            client.socket.sendall(whole[at : at + 9])
            time.sleep(0.005)
        client.answer()
    client.do("QUIT")
    client.close()
    return with_server_calls(run, Ran(log.expected))


def errors(run):
    log = Log()
    client = Client(run, log)
    client.do("SET", "key", "value")
    client.do("LPUSH", "key", "x", code="WRONGTYPE")
    client.do("NOSUCH", "x", code="ERR")
    client.do("GET", code="ERR")
    client.do("INCR", "key", code="ERR")
    client.do("EVALSHA", "0" * 40, 0, code="NOSCRIPT")
    client.do("AUTH", "nobody", "wrong", code="WRONGPASS")
    client.do("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">", code="NOGROUP")
    client.do("ACL", "SETUSER", "reader", "on", "nopass", "~*", "+get")
    client.do("AUTH", "reader", "x")
    client.do("SET", "key", "value", code="NOPERM")
    client.do("GET", "key")
    client.close()
    # Out of memory, which is the server's.
    run.server.admin("CONFIG", "SET", "maxmemory", "1")
    client = Client(run, log)
    client.do("SET", "key", "value", code="OOM")
    client.do("GET", "key")
    run.server.admin("CONFIG", "SET", "maxmemory", "0")
    client.close()
    return with_server_calls(run, Ran(log.expected), other=-1, **{"CONFIG SET": 2})


def pipelined(run):
    log = Log()
    client = Client(run, log)
    many = 50 if run.recording else 3000
    client.train([["SET", f"key{number}", number] for number in range(many)])
    client.train([["GET", f"key{number}"] for number in range(many)])
    client.train([["SET", "text", "x"], ["INCR", "text"], ["GET", "text"], ["GET"], ["PING"]])
    # More are sent while the answers to the first ones come.
    with log.requests(client.port, ["PING", "ECHO"]):
        client.socket.sendall(command("PING"))
        client.socket.sendall(command("ECHO", "y" * 100))
        client.answer()
        client.answer()
    client.close()
    return with_server_calls(run, Ran(log.expected))


def resp3(run):
    """Maps, sets, doubles, booleans, nulls, verbatim text, big numbers, attributes, pushes."""
    log = Log()
    client = Client(run, log)
    other = Client(run, log)
    client.do("HELLO", "3")
    client.do("HSET", "hash", "a", 1, "b", 2)
    client.do("HGETALL", "hash")
    client.do("SADD", "set", "x", "y")
    client.do("SMEMBERS", "set")
    client.do("ZADD", "sorted", 1.5, "x")
    client.do("ZSCORE", "sorted", "x")
    client.do("GET", "missing")
    client.do("LOLWUT")
    for kind in (
        "string",
        "integer",
        "double",
        "null",
        "array",
        "set",
        "map",
        "attrib",
        "bignum",
        "true",
        "false",
        "verbatim",
    ):
        client.do("DEBUG", "PROTOCOL", kind)
    # A push comes before the answer, another while nothing is asked.
    client.do("DEBUG", "PROTOCOL", "push")
    client.do("CLIENT", "TRACKING", "ON")
    client.do("GET", "tracked")
    other.do("SET", "tracked", "changed")
    client.next_push()
    client.do("GET", "tracked")
    client.do("SET", "tracked", "by itself")
    client.do("PING")
    client.do("HELLO", "2")
    client.do("HGETALL", "hash")
    client.close()
    other.close()
    return with_server_calls(run, Ran(log.expected))


def pubsub(run):
    """RESP2: subscribed connections say only what concerns subscriptions."""
    log = Log()
    subscriber, publisher = Client(run, log), Client(run, log)
    subscriber.do("SUBSCRIBE", "a", answers=1)
    subscriber.do("SUBSCRIBE", "b", "c", answers=2)
    subscriber.do("PSUBSCRIBE", "news.*")
    for channel, copies in (("a", 1), ("b", 1), ("news.x", 1), ("unheard", 0)):
        publisher.do("PUBLISH", channel, "message")
        for _ in range(copies):
            subscriber.value()
    subscriber.do("PING")
    # Two messages in between: sent before the answer is read.
    publisher.train([["PUBLISH", "a", "1"], ["PUBLISH", "a", "2"]])
    with log.request(subscriber.port, "PING"):
        subscriber.socket.sendall(command("PING", "still here"))
        while subscriber.value()[0] != b"pong":
            pass
    subscriber.do("GET", "key", code="ERR")
    subscriber.do("UNSUBSCRIBE", answers=3)
    subscriber.do("PUNSUBSCRIBE", "news.*")
    subscriber.do("UNSUBSCRIBE")
    subscriber.do("GET", "key")
    subscriber.close()
    publisher.close()
    return with_server_calls(run, Ran(log.expected))


def pubsub_resp3(run):
    """RESP3: commands go on while subscribed; messages come in between as pushes, and so do the confirmations."""
    log = Log()
    subscriber, publisher = Client(run, log), Client(run, log)
    subscriber.do("HELLO", "3")
    with log.request(subscriber.port, "SUBSCRIBE"):
        subscriber.socket.sendall(command("SUBSCRIBE", "a", "b"))
        subscriber.next_push()
        subscriber.next_push()
    for number in range(5):
        publisher.do("PUBLISH", "a", number)
        subscriber.do("SET", "key", number)
        subscriber.do("GET", "key")
    with log.request(subscriber.port, "UNSUBSCRIBE"):
        subscriber.socket.sendall(command("UNSUBSCRIBE", "a", "b"))
        while subscriber.next_push()[0] != b"unsubscribe":
            pass
        subscriber.next_push()
    # Its own message comes before its own answer.
    with log.request(subscriber.port, "SUBSCRIBE"):
        subscriber.socket.sendall(command("SUBSCRIBE", "own"))
        subscriber.next_push()
    subscriber.do("PUBLISH", "own", "message")
    subscriber.do("PING")
    subscriber.close()
    publisher.close()
    return with_server_calls(run, Ran(log.expected))


def transactions(run):
    log = Log()
    client, other = Client(run, log), Client(run, log)
    client.do("MULTI")
    client.do("SET", "a", 1)
    client.do("INCR", "a")
    client.do("LPUSH", "a", "x")  # queued; fails in EXEC, whose answer holds the error
    client.do("EXEC")
    client.do("MULTI")
    client.do("NOSUCH", code="ERR")
    client.do("SET", "a", 1)
    client.do("EXEC", code="EXECABORT")
    client.do("MULTI")
    client.do("SET", "a", 1)
    client.do("DISCARD")
    client.do("WATCH", "a")
    other.do("SET", "a", 5)
    client.do("MULTI")
    client.do("GET", "a")
    client.do("EXEC")  # nil
    client.do("EXEC", code="ERR")
    client.train([["MULTI"], ["SET", "b", 1], ["GET", "b"], ["EXEC"]])
    client.close()
    other.close()
    # Not run: SET after the error, SET before DISCARD, GET under WATCH.
    return with_server_calls(run, Ran(log.expected), other=-1, SET=-2, GET=-1)


def blocking(run):
    """A blocked command, what is sent behind it, one that times out, one whose client goes away."""
    log = Log()
    client, other = Client(run, log), Client(run, log)
    with log.requests(client.port, ["BLPOP", "GET", "PING"]):
        client.socket.sendall(command("BLPOP", "queue", 30) + command("GET", "key"))
        client.socket.sendall(command("PING"))
        await_blocked(run, 1)
        other.do("RPUSH", "queue", "work")
        for _ in range(3):
            client.answer()
    client.do("BLPOP", "queue", "0.1")
    client.do("WAIT", 1, 50)
    with log.request(client.port, "BRPOP", outcome="unanswered"):
        client.socket.sendall(command("BRPOP", "queue", 30))
        await_blocked(run, 1)
        client.close()
    await_blocked(run, 0)
    # Closed by the server.
    client = Client(run, log)
    with log.request(client.port, "BRPOP", outcome="unanswered"):
        client.socket.sendall(command("BRPOP", "queue", 30))
        await_blocked(run, 1)
        run.server.admin("CLIENT", "KILL", "ADDR", f"127.0.0.1:{client.port}")
        with contextlib.suppress(EOFError):
            client.answer()
    client.close()
    other.close()
    return Ran(log.expected)


def await_blocked(run, count):
    deadline = time.monotonic() + common.PATIENCE_S
    while f"blocked_clients:{count}\r\n".encode() not in run.server.admin("INFO", "clients"):
        if time.monotonic() > deadline:
            raise Failure(f"there are not {count} blocked clients in time")
        time.sleep(0.01)


def lua(run):
    log = Log()
    client = Client(run, log)
    client.do("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", 1, "key", "value")
    client.do("EVAL", "return {1, 2, {3, 'four'}, redis.call('GET', KEYS[1])}", 1, "key")
    digest = client.do("SCRIPT", "LOAD", "local n = 0 for i = 1, 100000 do n = n + i end return n")
    client.do("EVALSHA", digest, 0)
    client.do("EVAL", "return redis.error_reply('MINE went wrong')", 0, code="MINE")
    client.do("EVAL", "return redis.call('LPUSH', 'key', 'x')", 0, code="WRONGTYPE")
    client.do("EVAL", "this is no Lua", 0, code="ERR")
    client.do("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('one', function() return 1 end)")
    client.do("FCALL", "one", 0)
    client.do("FUNCTION", "FLUSH")
    client.close()
    # What scripts call counts too.
    return with_server_calls(run, Ran(log.expected), SET=1, GET=1, LPUSH=1)


def monitor(run):
    """After MONITOR's OK the server talks on, as simple strings, unasked."""
    log = Log()
    watcher, client = Client(run, log), Client(run, log)
    watcher.do("MONITOR")
    for number in range(5):
        client.do("SET", "key", number)
        watcher.value()
    watcher.close()
    client.close()
    return Ran(log.expected)


def silent(run):
    """CLIENT REPLY: commands that the server does not answer."""
    log = Log()
    client = Client(run, log)
    client.do("SET", "key", "value")
    client.do_silently("CLIENT", "REPLY", "SKIP")
    client.do_silently("SET", "key", "skipped")
    client.do("GET", "key")
    client.do_silently("CLIENT", "REPLY", "OFF")
    for number in range(5):
        client.do_silently("INCR", "counter")
    client.do("CLIENT", "REPLY", "ON")
    client.do("GET", "counter")
    client.close()
    return with_server_calls(run, Ran(log.expected))


def with_redis_py(run):
    """redis-py in eight threads: each command timed; its pipelines are MULTI/EXEC in one train."""
    logs = [Log() for _ in range(2 if run.recording else 8)]

    def work(log):
        client = redis.Redis(
            host="127.0.0.1",
            port=run.port,
            protocol=3,
            driver_info=None,
            single_connection_client=False,
        )
        pool = client.connection_pool
        start_ns = time.time_ns()
        connection = pool.get_connection()
        port, end_ns = common.own_port(connection._sock), time.time_ns()
        pool.release(connection)
        # It begins with HELLO 3, and with something that this server does not know.
        log.expected.append(Expected(port, "HELLO", start_ns, end_ns))
        log.expected.append(Expected(port, "CLIENT", start_ns, end_ns, **error("ERR")))
        for number in range(10 if run.recording else 200):
            with log.request(port, "SET"):
                client.set("key", "value" * number)
            with log.request(port, "GET"):
                client.get("key")
            with log.requests(port, ["MULTI", "INCRBY", "INCRBY", "EXEC"]):
                client.pipeline(transaction=True).incr("a").incr("b").execute()
        client.close()

    threads = [threading.Thread(target=work, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What the server does not know it does not count.
    return with_server_calls(run, Ran([expected for log in logs for expected in log.expected]), CLIENT=-len(logs))


def benchmark(*options):
    """redis-benchmark: counted by the server; what it asks for at its start is counted too."""

    def scenario(run):
        requests = 20_000
        run_program(
            [
                program("redis-benchmark", "redis-tools"),
                "-p",
                run.port,
                "-n",
                requests,
                "-c",
                8,
                "-t",
                "set,get,incr,lpush,mset",
                "-q",
                *options,
            ]
        )
        calls = run.server.calls()
        ran = Ran(counts=dict(calls))
        for name in ("SET", "GET", "INCR", "LPUSH", "MSET"):
            if calls[name] < requests:
                ran.problems.append(f"INFO commandstats counts {calls[name]} {name}, redis-benchmark made {requests}")
        return ran

    return scenario


def already_connected(run):
    run.server.admin("FLUSHALL")
    client = Client(run, Log())
    client.do("HELLO", "3")
    subscriber = Client(run, Log())
    subscriber.do("SUBSCRIBE", "a")
    blocked = Client(run, Log())
    blocked.socket.sendall(command("BLPOP", "queue", 30))
    await_blocked(run, 1)
    return client, subscriber, blocked


def mid_stream(run):
    """The capture begins when connections are in RESP3, subscribed, blocked."""
    log = Log()
    client, subscriber, blocked = run.state
    for each in run.state:
        each.log = log
    for number in range(5):
        client.do("SET", "key", number)
        client.do("HGETALL", "missing")
    for number in range(3):
        client.do("PUBLISH", "a", number)
        subscriber.value()
    # The answer to a request that the capture does not hold.
    client.do("RPUSH", "queue", "work")
    blocked.answer()
    for _ in range(3):
        blocked.do("PING")
    for each in run.state:
        each.close()
    return Ran(log.expected, connections=3)


SCENARIOS = [
    Scenario(
        "commands",
        **counted(commands),
        description="RESP2: every kind of answer, inline commands, lower case, long values, a command in pieces",
        expect="One transaction for each command, its name in upper case, also where it was sent inline or in pieces.",
    ),
    Scenario(
        "errors",
        **counted(errors),
        description="error replies, of the client's and of the server's making",
        expect="The code is the first word of the error; OOM is the server's, the others are the client's.",
    ),
    Scenario(
        "pipelined",
        **counted(pipelined),
        description="trains of commands, errors among them",
        expect="In order; all of a train begin at the same moment.",
    ),
    Scenario(
        "resp3",
        **counted(resp3),
        description="RESP3: all its types, attributes, pushes within answers and unasked; back to RESP2",
        expect="Attributes belong to the value behind them; a push is nobody's answer, also where it comes before one.",
    ),
    Scenario(
        "pubsub",
        **counted(pubsub),
        description="RESP2 pub/sub: confirmations per channel, messages, PING while subscribed, and out of it again",
        expect="Messages are nobody's answer; SUBSCRIBE to two channels is one request with two answers.",
    ),
    Scenario(
        "pubsub_resp3",
        **counted(pubsub_resp3),
        description="RESP3 pub/sub: pushes between answers; SUBSCRIBE is answered by pushes",
        expect="SUBSCRIBE and UNSUBSCRIBE are answered by one push for each channel; message pushes are nobody's answer.",
    ),
    Scenario(
        "transactions",
        **counted(transactions),
        description="MULTI, EXEC, DISCARD, WATCH; aborted, failed within, refused",
        expect="QUEUED answers each command in a MULTI; an error inside of EXEC's array is no error of EXEC.",
    ),
    Scenario(
        "blocking",
        **counted(blocking),
        description="BLPOP with commands sent behind it, one that times out, one left, one whose session is ended",
        expect="BLPOP holds back what was sent behind it; two BRPOP are `unanswered`.",
    ),
    Scenario(
        "lua",
        **counted(lua),
        description="EVAL, EVALSHA, functions; errors from within scripts",
        expect="An error that a script returns is the error of its EVAL.",
    ),
    Scenario(
        "monitor",
        **counted(monitor),
        description="MONITOR: what follows its OK is nobody's answer",
        expect="MONITOR is answered by its OK; the lines behind it are nobody's answer.",
    ),
    Scenario(
        "silent",
        **counted(silent),
        description="CLIENT REPLY SKIP and OFF: commands without an answer",
        expect="`no_answer_expected` for what REPLY SKIP and OFF silence; answers after that belong to the right commands.",
    ),
    Scenario(
        "redis_py",
        **counted(with_redis_py),
        description="redis-py: RESP3, pipelines as MULTI and EXEC",
        expect="HELLO first; MULTI, two INCRBY and EXEC in one segment.",
    ),
    Scenario("benchmark", **counted(benchmark()), description="redis-benchmark", recorded=False),
    Scenario(
        "benchmark_pipelined", **counted(benchmark("-P", "16")), description="redis-benchmark -P 16", recorded=False
    ),
    Scenario(
        "mid_stream",
        run=mid_stream,
        before=already_connected,
        description="the capture begins when connections are in RESP3, subscribed, blocked",
        complete=False,
        expect="The answer to BLPOP has no request in the capture: it is counted or passed over, never timed.",
    ),
]

if __name__ == "__main__":
    common.main("redis", server, SCENARIOS)
