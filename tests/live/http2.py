"""HTTP/2 without TLS: nghttpd, Apache (Upgrade), gRPC's own server; h2 on a bare socket, h2load, nghttp, grpcio.

What is expected of a report: each request on its stream is one transaction, its operation the method, its code the status. A gRPC call
is a POST; the client knows its status by gRPC, which is in the trailers and decides the outcome.
"""

import contextlib
import re
import socket
import time
from concurrent import futures
from pathlib import Path

import grpc
import h2.config
import h2.connection
import h2.events
import h2.settings

import common
from common import Expected, Failure, Log, Process, Ran, Scenario, program, run_program

USER = "nobody"
FILES = {"small": 100, "medium": 20_000, "large": 100_000}


def outcome(status):
    return "server_error" if status >= 500 else "client_error" if status >= 400 else "ok"


# --- The servers ----------------------------------------------------------------------------------

# The worker MPM: where event is, an upgraded connection is ended as soon as it is idle.
APACHE = """
ServerName localhost
ServerRoot {directory}
PidFile {directory}/apache.pid
Listen 127.0.0.1:{port}
LoadModule mpm_worker_module {modules}/mod_mpm_worker.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule http2_module {modules}/mod_http2.so
Protocols h2c http/1.1
DocumentRoot {directory}/files
ErrorLog {directory}/error.log
<Directory {directory}/files>
  Require all granted
</Directory>
"""


class Servers:
    def __init__(self, apache_port, grpc_port):
        self.apache_port, self.grpc_port = apache_port, grpc_port


@contextlib.contextmanager
def server(port, _directory):
    with common.temporary_directory(USER) as directory:
        (directory / "files").mkdir(mode=0o755)
        for name, size in FILES.items():
            (directory / "files" / name).write_bytes(name[:1].encode() * size)
        apache_port, grpc_port = common.spare_port(), common.spare_port()
        modules = Path("/usr/lib/apache2/modules")
        (directory / "apache.conf").write_text(APACHE.format(directory=directory, port=apache_port, modules=modules))
        nghttpd = [
            program("nghttpd", "nghttp2-server"),
            "--no-tls",
            "-a",
            "127.0.0.1",
            "-d",
            directory / "files",
            "-b",
            "16",
        ]
        nghttpd += ["--echo-upload", "--trailer", "x-checksum: none", port]
        apache = [program("apache2", "apache2-bin"), "-f", directory / "apache.conf", "-DFOREGROUND"]
        with (
            Process(nghttpd, directory=directory, port=port, user=USER),
            Process(apache, directory=directory, port=apache_port, user=USER),
            grpc_server(grpc_port),
        ):
            yield Servers(apache_port, grpc_port)


@contextlib.contextmanager
def grpc_server(port):
    """A service of bytes. The answer to `/live.Echo/Peer` is the caller's port."""

    def echo(request, context):
        fail(request, context)
        return request

    def fail(request, context):
        if request.startswith(b"fail "):
            context.abort(grpc.StatusCode[request.split()[1].decode()], "as the caller asked")

    def peer(_request, context):
        return context.peer().rsplit(":", 1)[1].encode()

    def count_to(request, context):
        fail(request, context)
        for number in range(int(request)):
            yield b"%d" % number

    def collect(requests, _context):
        return b"".join(requests)

    def chat(requests, context):
        for request in requests:
            fail(request, context)
            yield request

    def slow(request, _context):
        time.sleep(float(request))
        return request

    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(echo),
        "Peer": grpc.unary_unary_rpc_method_handler(peer),
        "Slow": grpc.unary_unary_rpc_method_handler(slow),
        "CountTo": grpc.unary_stream_rpc_method_handler(count_to),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }
    started = grpc.server(futures.ThreadPoolExecutor(16))
    started.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("live.Echo", handlers)])
    if not started.add_insecure_port(f"127.0.0.1:{port}"):
        raise Failure(f"gRPC's server cannot listen on port {port}")
    started.start()
    try:
        yield
    finally:
        started.stop(None).wait()


# --- HTTP/2 on a bare socket ----------------------------------------------------------------------


class Client:
    """A connection whose streams are logged: each from before its first frame to after its last."""

    def __init__(self, run, log):
        self.socket = socket.create_connection(("127.0.0.1", run.port), timeout=common.PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port, self.log = common.own_port(self.socket), log
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.streams, self.gone, self.authority = {}, False, f"127.0.0.1:{run.port}"

    def start(self):
        self.http.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.http.data_to_send())

    def headers(self, method, path, more=()):
        return [
            (":method", method),
            (":scheme", "http"),
            (":authority", self.authority),
            (":path", path),
            ("user-agent", "live"),
            *more,
        ]

    def begin(self, method, path, body=b"", more=(), send=True):
        """Sends a request, as far as the window lets its body."""
        stream = self.http.get_next_available_stream_id()
        self.streams[stream] = self.expect(method, path)
        self.http.send_headers(stream, self.headers(method, path, more), end_stream=not body)
        if body:
            self.send_body(stream, body)
        if send:
            self.flush()
        return stream

    def expect(self, method, path):
        expected = Expected(self.port, method, time.time_ns(), 0, facts={"paths": path})
        self.log.expected.append(expected)
        return expected

    def send_body(self, stream, body):
        while body:
            room = min(self.http.local_flow_control_window(stream), self.http.max_outbound_frame_size)
            if room <= 0:
                self.flush()
                self.receive()
                continue
            part, body = body[:room], body[room:]
            self.http.send_data(stream, part, end_stream=not body)

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server closed")
        self.events(self.http.receive_data(data))

    def events(self, events):
        now_ns = time.time_ns()
        for event in events:
            expected = self.streams.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                status = int(dict(event.headers)[":status"])
                expected.outcome, expected.code = outcome(status), str(status)
            elif isinstance(event, h2.events.DataReceived):
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                expected.end_ns = now_ns
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.gone = True
        self.flush()

    def finish(self, *streams):
        """Reads until these streams, or all, have ended."""
        while any(not self.streams[stream].end_ns for stream in streams or self.streams):
            self.receive()

    def ask(self, *request, **options):
        self.finish(self.begin(*request, **options))

    def close(self):
        self.http.close_connection()
        self.flush()
        self.socket.close()


def prior_knowledge(run):
    """One after the other: bodies, none, errors, an echo, trailers, a PING, long headers in CONTINUATION."""
    log = Log()
    client = Client(run, log)
    client.start()
    for path in ("/small", "/small", "/medium", "/nowhere", "/small?with=query"):
        client.ask("GET", path)
    client.ask("HEAD", "/medium")
    client.ask("POST", "/echo", b"x" * 100)
    client.ask("POST", "/echo", b"y" * (30_000 if run.recording else 1_000_000))
    client.http.ping(b"12345678")
    client.flush()
    client.ask("GET", "/small", more=[("te", "trailers"), ("x-once", "value")])
    client.ask("GET", "/small", more=[("x-long", "q" * 20_000)])
    client.ask("GET", "/small", more=[("x-once", "value"), ("cookie", "a=1"), ("cookie", "b=2")])
    client.ask("GET", "/large")
    client.close()
    return Ran(log.expected, ordered=False)


def interleaved(run):
    """Many streams at once, in one segment; small answers overtake large ones."""
    log = Log()
    client = Client(run, log)
    client.start()
    # nghttpd takes 100 at a time.
    for path in ["/large", "/small", "/medium", "/nowhere", "/small"] * (2 if run.recording else 18):
        client.begin("GET", path, send=False)
    client.flush()
    client.finish()
    # More while answers come, and an upload among them.
    client.begin("GET", "/large")
    upload = client.http.get_next_available_stream_id()
    client.streams[upload] = client.expect("POST", "/echo")
    client.http.send_headers(upload, client.headers("POST", "/echo"))
    client.http.send_data(upload, b"first half, ")
    client.flush()
    client.begin("GET", "/small")
    client.http.send_data(upload, b"second half", end_stream=True)
    client.flush()
    client.begin("HEAD", "/medium")
    client.finish()
    client.close()
    return Ran(log.expected, ordered=False)


def reset(run):
    """The client gives a stream up in the middle of its answer; the others go on."""
    log = Log()
    client = Client(run, log)
    client.start()
    for _ in range(3):
        # The window is smaller than the answer, so that it cannot have ended.
        stream = client.begin("GET", "/large")
        client.receive()
        client.http.reset_stream(stream, 8)
        expected = client.streams.pop(stream)
        client.flush()
        expected.end_ns, expected.outcome, expected.code = time.time_ns(), "unanswered", None
        client.ask("GET", "/small")
    client.close()
    return Ran(log.expected, ordered=False)


def upgrade(run):
    """HTTP/1.1 becomes HTTP/2: the first request is answered on stream 1; and a server that prior knowledge reaches too."""
    log = Log()
    client = Client(run, log)
    settings = client.http.initiate_upgrade_connection()
    first = client.streams[1] = client.expect("GET", "/small")
    client.socket.sendall(
        b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
        + settings
        + b"\r\n\r\n"
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.socket.recv(65536)
    head, rest = head.split(b"\r\n\r\n", 1)
    if b" 101 " not in head:
        raise Failure(f"Apache does not switch to h2c: {head[:80]!r}")
    client.flush()
    client.events(client.http.receive_data(rest) if rest else [])
    client.finish()
    if first.outcome != "ok":
        raise Failure("the first request was not answered well")
    client.ask("GET", "/medium")
    client.ask("GET", "/nowhere")
    client.begin("GET", "/large")
    client.begin("GET", "/small")
    client.finish()
    client.close()
    direct = Client(run, log)
    direct.start()
    direct.ask("GET", "/small")
    direct.close()
    return Ran(log.expected, ordered=False)


def already_connected(run):
    client = Client(run, Log())
    client.start()
    for path in ("/small", "/medium", "/nowhere"):
        client.ask("GET", path, more=[("x-known", "before the capture")])
    client.streams.clear()
    return client


def mid_stream(run):
    """The capture begins in a connection: header tables are filled, the preface has gone by."""
    log = Log()
    client = run.state
    client.log = log
    for path in ("/small", "/medium", "/nowhere", "/small?new"):
        client.ask("GET", path, more=[("x-known", "before the capture")])
    client.begin("GET", "/large", send=False)
    client.begin("HEAD", "/small", send=False)
    client.flush()
    client.finish()
    client.close()
    return Ran(log.expected, ordered=False)


# --- Load -----------------------------------------------------------------------------------------


def h2load(run):
    requests = 5000
    said = run_program(
        [program("h2load", "nghttp2-client"), "-n", requests, "-c", 4, "-m", 20, f"http://127.0.0.1:{run.port}/small"]
    )
    done = int(re.search(r"(\d+) succeeded", said)[1])
    if done != requests:
        raise Failure(f"h2load made {done} of {requests} requests")
    return Ran(counts={"GET": done})


def nghttp(run):
    """nghttp's own client: priorities, and its idle streams, which are no requests."""
    run_program(
        [
            program("nghttp", "nghttp2-client"),
            "-n",
            "-a",
            f"http://127.0.0.1:{run.port}/small",
            f"http://127.0.0.1:{run.port}/medium",
        ]
    )
    return Ran(counts={"GET": 2})


# --- gRPC -----------------------------------------------------------------------------------------


class Calls:
    """A channel of its own; its calls are logged by the port that the server sees."""

    def __init__(self, run, log):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{run.port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.log = log
        self.port = 0
        self.port = int(self.unary("Peer", b""))
        log.expected[-1].client_port = self.port

    def logged(self, method, status="OK"):
        path = f"/live.Echo/{method}"
        outcome_ = "ok" if status == "OK" else "error"
        # The code is the status of HTTP or that of gRPC: whichever is reported, it is not compared.
        return self.log.request(self.port, "POST", outcome=outcome_, facts={"paths": path, "grpc_statuses": status})

    def unary(self, method, request, status="OK", timeout=None):
        with self.logged(method, status):
            return self.answer(
                lambda: self.channel.unary_unary(f"/live.Echo/{method}")(request, timeout=timeout), status
            )

    @staticmethod
    def answer(call, status):
        try:
            answer, got = call(), "OK"
        except grpc.RpcError as error:
            answer, got = None, error.code().name
        if got != status:
            raise Failure(f"the server says {got}, not {status}")
        return answer

    def close(self):
        self.channel.close()


def grpc_unary(run):
    log = Log()
    calls = Calls(run, log)
    for size in (0, 10, 1000, 50_000):
        calls.unary("Echo", b"x" * size)
    for status in (
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "PERMISSION_DENIED",
        "INTERNAL",
        "UNAVAILABLE",
        "RESOURCE_EXHAUSTED",
    ):
        calls.unary("Echo", f"fail {status}".encode(), status)
    calls.unary("Nowhere", b"", "UNIMPLEMENTED")
    calls.unary("Slow", b"0.05")
    calls.close()
    return Ran(log.expected, ordered=False)


def grpc_streaming(run):
    log = Log()
    calls = Calls(run, log)
    with calls.logged("CountTo"):
        if len(list(calls.channel.unary_stream("/live.Echo/CountTo")(b"20"))) != 20:
            raise Failure("the stream is not whole")
    with calls.logged("CountTo", "NOT_FOUND"):
        calls.answer(lambda: list(calls.channel.unary_stream("/live.Echo/CountTo")(b"fail NOT_FOUND")), "NOT_FOUND")
    with calls.logged("Collect"):
        calls.channel.stream_unary("/live.Echo/Collect")(b"%d" % number for number in range(20))

    def with_pauses(*messages):
        for message in messages:
            yield message
            time.sleep(0.01)

    with calls.logged("Chat"):
        for _ in calls.channel.stream_stream("/live.Echo/Chat")(with_pauses(b"one", b"two", b"three")):
            pass
    # Messages came before the error.
    with calls.logged("Chat", "INTERNAL"):
        calls.answer(
            lambda: list(calls.channel.stream_stream("/live.Echo/Chat")(with_pauses(b"one", b"fail INTERNAL"))),
            "INTERNAL",
        )
    calls.unary("Echo", b"after all")
    calls.close()
    return Ran(log.expected, ordered=False)


def grpc_many(run):
    """Eight threads on one channel."""
    log = Log()
    calls = Calls(run, log)

    def work(number):
        own = Calls.__new__(Calls)
        own.channel, own.log, own.port = calls.channel, Log(), calls.port
        for turn in range(100):
            if turn % 10:
                own.unary("Echo", b"x" * number * turn)
            else:
                own.unary("Echo", b"fail NOT_FOUND", "NOT_FOUND")
        return own.log.expected

    with futures.ThreadPoolExecutor(8) as pool:
        for expected in pool.map(work, range(8)):
            log.expected += expected
    calls.close()
    return Ran(log.expected, ordered=False)


def grpc_port(servers):
    return servers.grpc_port


SCENARIOS = [
    Scenario(
        "prior_knowledge",
        prior_knowledge,
        "h2c with prior knowledge, one request after the other: bodies, echoes, padding, CONTINUATION, trailers",
        expect="One transaction for each stream, its code the status; the echo begins to answer before the request has ended.",
    ),
    Scenario(
        "upgrade",
        upgrade,
        "an HTTP/1.1 request upgrades to h2c and is answered on stream 1",
        port=lambda servers: servers.apache_port,
        expect="The upgraded GET has the times from its HTTP/1.1 head to the end of stream 1; 101 is no answer.",
    ),
    Scenario(
        "interleaved",
        interleaved,
        "many streams at once, small answers among large ones, an upload in two parts",
        expect="Each stream by its id; the order in which they end is another than that in which they began.",
    ),
    Scenario(
        "reset",
        reset,
        "the client resets streams in the middle of their answers",
        expect="Reset streams are `unanswered`, all others ok.",
    ),
    Scenario(
        "grpc_unary",
        grpc_unary,
        "gRPC: unary calls and statuses, most of them in answers that are trailers only",
        port=grpc_port,
        expect="The gRPC status decides the outcome; it is in the trailers, or in the only HEADERS of the answer.",
    ),
    Scenario(
        "grpc_streaming",
        grpc_streaming,
        "gRPC: streams of either side, and both; an error after messages",
        port=grpc_port,
        expect="One POST for each call, from its HEADERS to its trailers; messages are no requests.",
    ),
    Scenario(
        "mid_stream",
        mid_stream,
        "the capture begins when header tables are filled: names are unknown, methods and statuses are not",
        before=already_connected,
        expect="Paths that the header table holds are unknown; methods, statuses and times are not.",
    ),
    Scenario("h2load", h2load, "h2load", recorded=False),
    Scenario("nghttp", nghttp, "nghttp", recorded=False),
    Scenario("grpc_many", grpc_many, "gRPC: eight threads on one channel", port=grpc_port, recorded=False),
]

if __name__ == "__main__":
    common.main("http2", server, SCENARIOS)
