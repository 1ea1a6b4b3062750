"""What all live tests share: server, capture, replay, comparison, table, fixtures.

A protocol's test is a list of scenarios, each a function that drives real clients and says what
they did, and a context manager that starts the real server:

    def simple(run):                            # run.port, run.server, run.recording, run.state
        log = Log()
        ...
        with log.request(client_port, "Query", rows=1):     # an Expected, timed around the block
            cursor.execute("SELECT 1")
        return Ran(log.expected)

    SCENARIOS = [Scenario("simple", simple, "what it shows, one sentence")]
    if __name__ == "__main__":
        main("postgres", server, SCENARIOS)     # server(port, directory): a context manager

    PROTOCOL.py [SCENARIO...]                   runs and compares
    PROTOCOL.py --record [SCENARIO...]          runs in small and writes fixtures/PROTOCOL/SCENARIO

The parts, for tests that want them singly:

    Expected(client_port, operation, start_ns, end_ns, outcome, code, name, rows)
                                                one request as its client knows it
    with Capture(port) as pcap: ...             everything to and from the port on lo; raises where
                                                the kernel dropped a packet
    replay(pcap, "postgres:54321")              what Wirelat makes of it: its JSON lines
    compare(expected, lines, ...)               -> Comparison(requests, matched, problems)
    compare_counts({"Query": 1000}, lines)      the same where the client knows only how many
    with Process(command, user=..., port=...)   a server: started, waited for, stopped
    spare_port(), temporary_directory(), own_port(socket), program(name, package)
    write_case(...)                             a directory under fixtures/

The environment variable WIRELAT names the binary; the default is target/release/wirelat.
"""

import argparse
import contextlib
import itertools
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "fixtures"
# Where an end is awaited: long enough for a busy machine.
PATIENCE_S = 60
CAPTURE_BUFFER_KIB = 262144
PROBLEMS_SHOWN = 5


class Failure(Exception):
    """The test could not be done; one line that says what to do."""


# --- What a client knows --------------------------------------------------------------------------


@dataclass
class Expected:
    """One request as its client knows it: its clock was read just before sending and after receiving."""

    client_port: int
    operation: str
    start_ns: int
    end_ns: int
    outcome: str = "ok"  # "error": of either side's making
    code: str | None = None  # None: not compared
    name: str | None = None  # None: not compared
    rows: int | None = None  # None: not compared
    # What else the client knows, for the fixture; not compared. The same keys for all requests of a scenario.
    facts: dict = field(default_factory=dict)


class Log:
    """The requests of a scenario, in the order in which they were sent."""

    def __init__(self):
        self.expected = []

    @contextlib.contextmanager
    def request(self, client_port, operation, **facts):
        """Times the block as one request. The block may still change the Expected that it is given."""
        expected = Expected(client_port, operation, time.time_ns(), 0, **facts)
        self.expected.append(expected)
        try:
            yield expected
        finally:
            expected.end_ns = time.time_ns()

    @contextlib.contextmanager
    def requests(self, client_port, operations, **facts):
        """Times the block as several requests that one call sends together."""
        sent = [Expected(client_port, operation, time.time_ns(), 0, **facts) for operation in operations]
        self.expected += sent
        try:
            yield sent
        finally:
            for expected in sent:
                # The block may have ended some by itself.
                expected.end_ns = expected.end_ns or time.time_ns()


@dataclass
class Ran:
    """What a scenario did."""

    expected: list = field(default_factory=list)
    # By operation, for connections that `expected` says nothing of: the client knows only how many.
    counts: dict | None = None
    # Answers may overtake each other (protocols that pair by id): order is not compared.
    ordered: bool = True
    # Operations that may be reported or not.
    allowed: frozenset = frozenset()
    # What the scenario itself found: a server's counter that differs from the client's.
    problems: list = field(default_factory=list)
    # connections of the capture; None: those of `expected`
    connections: int | None = None


@dataclass
class Scenario:
    name: str
    run: object  # function(Run) -> Ran
    description: str
    # Done before the capture starts; what it returns is run.state.
    before: object = None
    # Written to fixtures/ by --record.
    recorded: bool = True
    # The README's paragraph "Expect".
    expect: str = ""
    complete: bool = True
    # function(server): the port to capture, where it is not the first server's.
    port: object = None


@dataclass
class Run:
    """What a scenario may use."""

    port: int
    server: object
    # Small numbers, please: the capture becomes a fixture.
    recording: bool
    state: object = None


# --- Processes, ports, directories ----------------------------------------------------------------


def program(name, package, *directories):
    """Where a program is, or a message that says what to install."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin", *map(str, directories)])
    found = shutil.which(name, path=path)
    if not found:
        raise Failure(f"{name} is missing: install the package {package}")
    return found


def identity(user):
    """Popen's options for a process of `user`, where one is named and this one is root."""
    if user is None or os.geteuid() != 0:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def spare_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def own_port(connected):
    """The local port of a socket, or of whatever has a fileno()."""
    if isinstance(connected, socket.socket):
        return connected.getsockname()[1]
    descriptor = connected if isinstance(connected, int) else connected.fileno()
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.getsockname()[1]


@contextlib.contextmanager
def temporary_directory(user=None):
    """A directory, of `user` where one is named, that goes away with all in it."""
    directory = Path(tempfile.mkdtemp(prefix="wirelat-live-"))
    try:
        if user and os.geteuid() == 0:
            shutil.chown(directory, user)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Process:
    """A server: started, awaited until its port answers, stopped with all that it started."""

    def __init__(self, command, *, directory, port=None, user=None, environment=None, stop=signal.SIGTERM):
        self.command = [str(word) for word in command]
        self.directory, self.port, self.stop_signal = Path(directory), port, stop
        self.user = user
        self.environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC", **(environment or {})}
        self.said = self.directory / f"{Path(self.command[0]).name}.log"

    def __enter__(self):
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                **identity(self.user),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if self.port:
                self.await_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_port(self):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise Failure(f"{self.command[0]} does not serve port {self.port}; it said: {self.last_words()}")

    def last_words(self):
        return " / ".join(self.said.read_text(errors="replace").splitlines()[-5:])

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What it left behind has its session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def run_program(command, *, user=None, environment=None, check=True, **options):
    """Runs a client to its end; its output as text."""
    finished = subprocess.run(
        [str(word) for word in command],
        text=True,
        stdin=None if "input" in options else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **identity(user),
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC", **(environment or {})},
        **options,
    )
    if check and finished.returncode:
        raise Failure(f"{command[0]} failed: {' / '.join(finished.stdout.splitlines()[-3:])}")
    return finished.stdout


# --- Capture --------------------------------------------------------------------------------------


class Capture:
    """Everything to and from a TCP port on lo, in nanoseconds, from the `with` to its end."""

    def __init__(self, port, pcap=None):
        self.port = port
        self.pcap = Path(pcap or Path(tempfile.mkdtemp(prefix="wirelat-live-")) / "capture.pcap")
        self.own_directory = pcap is None

    def __enter__(self):
        # The UDP packet is the mark of the end, see __exit__.
        capture_filter = f"tcp port {self.port} or (udp dst port {self.port} and src host 127.0.0.1)"
        command = [program("tcpdump", "tcpdump"), "-Z", "root", "-n", "-i", "lo", "-s", "0"]
        # Not --immediate-mode: it gives every packet a slot of the largest size, and the buffer holds a thousand.
        command += ["-B", str(CAPTURE_BUFFER_KIB), "--time-stamp-precision=nano"]
        self.tcpdump = subprocess.Popen(
            [*command, "-w", str(self.pcap), capture_filter],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )
        said = []
        for line in self.tcpdump.stderr:
            said.append(line.strip())
            if "listening on" in line:
                return self.pcap
        raise Failure(f"tcpdump does not start: {' '.join(said)}")

    def __exit__(self, failed, *_):
        try:
            try:
                if not failed:
                    self.await_all()
            finally:
                said = self.stop()
            if dropped := re.search(r"^[1-9]\d* packets? dropped by .*", said, re.MULTILINE):
                raise Failure(f"{dropped[0]}: run again on a quieter machine")
        except BaseException:
            self.remove()
            raise
        if failed:
            self.remove()

    def stop(self):
        """What tcpdump says at its end."""
        self.tcpdump.send_signal(signal.SIGINT)
        said = self.tcpdump.stderr.read()
        self.tcpdump.wait()
        self.tcpdump.stderr.close()
        return said

    def await_all(self):
        """Sends a packet after all others and waits until it has been written; then takes it out again."""
        # The last FINs are sent by kernels, not by the clients that were awaited.
        time.sleep(0.2)
        mark = b"wirelat-live " + secrets.token_bytes(16)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, ("127.0.0.1", self.port))
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.tcpdump.send_signal(signal.SIGUSR2)  # flush
            time.sleep(0.05)
            with self.pcap.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                tail_from = max(0, size - 65536)
                file.seek(tail_from)
                at = file.read().find(mark)
                if at >= 0:
                    # record header, Ethernet, IPv4, UDP
                    file.truncate(tail_from + at - (16 + 14 + 20 + 8))
                    return
        raise Failure("tcpdump did not write the last packet in time: run again on a quieter machine")

    def remove(self):
        if self.own_directory:
            shutil.rmtree(self.pcap.parent, ignore_errors=True)


# --- Wirelat --------------------------------------------------------------------------------------


def replay(pcap, wire):
    """What Wirelat makes of a capture: its transactions, in the order in which they were decided."""
    binary = os.environ.get("WIRELAT", str(ROOT / "target/release/wirelat"))
    if not shutil.which(binary):
        raise Failure(f"{binary} is missing: `make build`, or set WIRELAT")
    with tempfile.TemporaryDirectory(prefix="wirelat-live-") as directory:
        out = Path(directory) / "transactions.jsonl"
        command = [binary, "replay", str(pcap), "--wire", wire, "--transactions", str(out)]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode:
            said = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}, and not a word"]
            raise Failure(f"wirelat replay: {said[0]}")
        return [json.loads(line) for line in out.read_text().splitlines()]


# --- Comparison -----------------------------------------------------------------------------------


@dataclass
class Comparison:
    requests: int
    matched: int
    problems: list


def client_port_of(line):
    return int(line["client"].rsplit(":", 1)[1])


# `error`: whose fault it is, the client does not know.
ANSWERED = ("ok", "error", "client_error", "server_error")


def differences(expected, line):
    """How a line differs from the request that it is thought to be."""
    found = []
    for what in ("operation", "outcome", "code", "name", "rows"):
        wanted, got = getattr(expected, what), line.get(what)
        if wanted == "error" and what == "outcome" and got in ("client_error", "server_error"):
            continue
        if wanted is not None and got != wanted:
            found.append(f"{what} {got!r}, not {wanted!r}")
    first, last = line["request_first_ns"], line["response_last_ns"]
    if first is None or first < expected.start_ns:
        found.append(f"begins before the client sent it: {first} < {expected.start_ns}")
    if last is None:
        # Whether there is an answer is what the outcome says.
        if expected.outcome in ANSWERED:
            found.append("has no end")
    elif expected.outcome is not None and last > expected.end_ns:
        found.append(f"ends {last - expected.end_ns} ns after the client had it")
    return found


def describe(expected):
    return f"port {expected.client_port} {expected.operation}"


def as_sent(expected, lines):
    """The lines of one connection by their beginnings; of those that begin together, in the order of what was sent."""
    lines = sorted(lines, key=lambda line: line["request_first_ns"] or 0)
    for at, request in enumerate(expected[: len(lines)]):
        begins = lines[at]["request_first_ns"]
        together = itertools.takewhile(lambda place: lines[place]["request_first_ns"] == begins, range(at, len(lines)))
        own = next((place for place in together if lines[place]["operation"] == request.operation), at)
        lines.insert(at, lines.pop(own))
    return lines


def compare_connection(expected, lines):
    """Walks both lists of one connection; the times say which one has something too much."""
    matched, problems = 0, []
    lines = as_sent(expected, lines)
    at, seen = 0, 0
    while at < len(expected) and seen < len(lines):
        request, line = expected[at], lines[seen]
        first = line["request_first_ns"]
        if first is not None and first > request.end_ns:
            problems.append(f"{describe(request)} number {at} is not reported")
            at += 1
        elif first is not None and first < request.start_ns:
            problems.append(f"port {request.client_port}: {line['operation']} is reported, and none was sent then")
            seen += 1
        else:
            found = differences(request, line)
            if found:
                problems.append(f"{describe(request)} number {at}: {'; '.join(found)}")
            else:
                matched += 1
            at += 1
            seen += 1
    problems += [
        f"{describe(request)} number {at + more} is not reported" for more, request in enumerate(expected[at:])
    ]
    problems += [f"{line['client']}: {line['operation']} too much" for line in lines[seen:]]
    return matched, problems


def compare_unordered(expected, lines):
    """Each request takes a line that is like it in all; answers may have overtaken each other.

    Those of which most is known choose first, among them those that ended first, and take the earliest that lies within:
    so one request never takes a line that only another can use.
    """
    matched, problems = 0, []
    rest = defaultdict(list)
    for line in sorted(lines, key=lambda line: line["request_first_ns"] or 0):
        rest[line["operation"]].append(line)

    def turn(pair):
        request = pair[1]
        return [request.code, request.name, request.rows].count(None), request.end_ns

    for number, request in sorted(enumerate(expected), key=turn):
        candidates = rest[request.operation]
        found = next((index for index, line in enumerate(candidates) if not differences(request, line)), None)
        if found is None:
            why = f": {'; '.join(differences(request, candidates[0]))}" if candidates else ""
            problems.append(f"{describe(request)} number {number} is not reported{why}")
        else:
            candidates.pop(found)
            matched += 1
    problems += [f"{line['client']}: {line['operation']} too much" for left in rest.values() for line in left]
    return matched, problems


def compare(expected, lines, *, ordered=True, allowed=frozenset()):
    """Each request exactly once, in order on its connection, inside the client's own times; nothing else.

    `lines` of connections that `expected` does not name are too much; those of the operations in `allowed` never are.
    """
    by_port, lines_by_port = defaultdict(list), defaultdict(list)
    for request in expected:
        by_port[request.client_port].append(request)
    for line in lines:
        if line["operation"] not in allowed:
            lines_by_port[client_port_of(line)].append(line)
    matched, problems = 0, []
    for port in sorted(set(by_port) | set(lines_by_port)):
        # Answers may have been decided in another order where ids pair.
        more, found = (compare_connection if ordered else compare_unordered)(by_port[port], lines_by_port[port])
        matched += more
        problems += found
    return Comparison(len(expected), matched, problems)


def compare_counts(counts, lines):
    """By operation, how many were answered."""
    answered = Counter(line["operation"] for line in lines if line["outcome"] in ANSWERED)
    problems = [
        f"{operation}: {answered[operation]} reported, {count} made"
        for operation, count in counts.items()
        if answered[operation] != count
    ]
    problems += [
        f"{operation}: {count} reported, none made" for operation, count in answered.items() if operation not in counts
    ]
    matched = sum(min(answered[operation], count) for operation, count in counts.items())
    return Comparison(sum(counts.values()), matched, problems)


def compare_run(ran, lines):
    """Both, each on its own connections."""
    measured_ports = {request.client_port for request in ran.expected}
    if ran.counts is None:
        whole = compare(ran.expected, lines, ordered=ran.ordered, allowed=ran.allowed)
    else:
        mine = [line for line in lines if client_port_of(line) in measured_ports]
        others = [
            line
            for line in lines
            if client_port_of(line) not in measured_ports and line["operation"] not in ran.allowed
        ]
        single = compare(ran.expected, mine, ordered=ran.ordered, allowed=ran.allowed)
        counted = compare_counts(ran.counts, others)
        whole = Comparison(
            single.requests + counted.requests, single.matched + counted.matched, single.problems + counted.problems
        )
    whole.problems = ran.problems + whole.problems
    return whole


# --- Table ----------------------------------------------------------------------------------------


class Table:
    """scenario | requests | matched | problem, a row as each is known."""

    def __init__(self, protocol):
        self.protocol, self.failed = protocol, False
        print(f"{protocol + ' scenario':<34} {'requests':>9} {'matched':>9}  problem", flush=True)

    def row(self, scenario, comparison):
        problems = comparison.problems
        self.failed |= bool(problems) or comparison.matched != comparison.requests
        shown = problems[:PROBLEMS_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        first, *others = shown or ["none"]
        print(f"{scenario:<34} {comparison.requests:>9} {comparison.matched:>9}  {first}", flush=True)
        for problem in others:
            print(" " * 55 + problem, flush=True)


# --- Fixtures -------------------------------------------------------------------------------------


def array(values):
    return "[" + ", ".join(json.dumps(value) for value in values) + "]"


def write_case(protocol, name, *, description, port, pcap, ran, complete=True, shows="", expect=""):
    """capture.pcap, case.toml and README.md under fixtures/PROTOCOL/NAME."""
    directory = FIXTURES / protocol / name
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(pcap, directory / "capture.pcap")
    # Connection by connection, in order of sending.
    ports = list(dict.fromkeys(request.client_port for request in ran.expected))
    requests = [request for port_ in ports for request in ran.expected if request.client_port == port_]
    connections = ran.connections if ran.connections is not None else len(ports)
    lines = [
        f"description = {json.dumps(description)}",
        f"wires = {array([f'{protocol}:{port}'])}",
        "",
        "[expect]",
        f"complete = {'true' if complete else 'false'}",
        f"connections = {connections}",
        f"requests = {len(requests)}",
        f"client_ports = {array(request.client_port for request in requests)}",
        f"operations = {array(request.operation for request in requests)}",
        f"outcomes = {array(request.outcome for request in requests)}",
        f"codes = {array(request.code or '' for request in requests)}",
        f"client_start_ns = {array(request.start_ns for request in requests)}",
        f"client_end_ns = {array(request.end_ns for request in requests)}",
        f"rows = {array(-1 if request.rows is None else request.rows for request in requests)}",
    ]
    if any(request.name for request in requests):
        lines.append(f"names = {array(request.name or '' for request in requests)}")
    if ran.counts:
        counts = ", ".join(f"{operation} = {count}" for operation, count in ran.counts.items())
        lines.append(f"operation_counts = {{ {counts} }}")
    for key in requests[0].facts if requests else ():
        lines.append(f"{key} = {array(request.facts[key] for request in requests)}")
    if not ran.ordered:
        lines.append("ordered = false")
    if ran.allowed:
        lines.append(f"allowed = {array(sorted(ran.allowed))}")
    (directory / "case.toml").write_text("\n".join(lines) + "\n")
    readme = [
        f"# {name}",
        "",
        f"**Recorded** `tests/live/{protocol}.py`, scenario `{name}`. Again: `scripts/live-test.sh --record {protocol} {name}`.",
        "",
    ]
    readme += [f"**Shows** {shows or description}", ""] + ([f"**Expect** {expect}"] if expect else [])
    (directory / "README.md").write_text("\n".join(readme).rstrip() + "\n")
    size = (directory / "capture.pcap").stat().st_size
    print(f"recorded {protocol}/{name}: {len(requests)} requests, {size} bytes", flush=True)


# --- The run --------------------------------------------------------------------------------------


def run_scenario(scenario, run):
    """The scenario under capture: what it did, and the Capture."""
    run.state = scenario.before(run) if scenario.before else None
    capture = Capture(run.port)
    with capture:
        ran = scenario.run(run)
    return ran, capture


def main(protocol, server, scenarios):
    """Runs the scenarios that the command line names, or all, against one server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true", help=f"write fixtures/{protocol}")
    parser.add_argument("--keep", type=Path, help="leave the captures in this directory")
    parser.add_argument("scenario", nargs="*", help=" ".join(scenario.name for scenario in scenarios))
    arguments = parser.parse_args()
    known = {scenario.name: scenario for scenario in scenarios}
    if unknown := [name for name in arguments.scenario if name not in known]:
        sys.exit(f"there is no scenario {unknown[0]}; there are: {' '.join(known)}")
    chosen = [known[name] for name in arguments.scenario] or scenarios
    if arguments.record:
        chosen = [scenario for scenario in chosen if scenario.recorded]
    # What is stopped stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        port = spare_port()
        with temporary_directory() as directory:
            directory.chmod(0o755)
            with server(port, directory) as started:
                failed = run_all(protocol, chosen, port, started, arguments)
    except Failure as failure:
        sys.exit(f"{protocol}: {failure}")
    sys.exit(failed)


def run_all(protocol, chosen, port, started, arguments):
    table = None if arguments.record else Table(protocol)
    for scenario in chosen:
        run = Run(scenario.port(started) if scenario.port else port, started, arguments.record)
        try:
            ran, capture = run_scenario(scenario, run)
        except Exception as failure:  # whatever a driver raises: the other scenarios still run
            if table is None:
                raise
            what = str(failure) if isinstance(failure, Failure) else f"{type(failure).__name__}: {failure}"
            table.row(scenario.name, Comparison(0, 0, [what]))
            continue
        try:
            if arguments.keep:
                arguments.keep.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(capture.pcap, arguments.keep / f"{protocol}-{scenario.name}-{run.port}.pcap")
            if table is None:
                if ran.problems:
                    raise Failure(f"{scenario.name}: {ran.problems[0]}")
                write_case(
                    protocol,
                    scenario.name,
                    description=scenario.description,
                    port=run.port,
                    pcap=capture.pcap,
                    ran=ran,
                    complete=scenario.complete,
                    expect=scenario.expect,
                )
                continue
            try:
                comparison = compare_run(ran, replay(capture.pcap, f"{protocol}:{run.port}"))
            except Failure as failure:
                comparison = Comparison(
                    len(ran.expected) + sum((ran.counts or {}).values()), 0, [*ran.problems, str(failure)]
                )
            table.row(scenario.name, comparison)
        finally:
            capture.remove()
    return table is not None and table.failed


# --- Self-check: the comparison finds what it should ----------------------------------------------


def self_check():
    """Fabricated lines, right ones and wrong ones."""

    def line(port, operation, first, last, **changed):
        return {
            "client": f"127.0.0.1:{port}",
            "operation": operation,
            "outcome": "ok",
            "code": None,
            "name": None,
            "request_first_ns": first,
            "response_last_ns": last,
            "rows": None,
            **changed,
        }

    expected = [
        Expected(1000, "Query", 100, 200, rows=1),
        Expected(1000, "Query", 300, 400, outcome="client_error", code="42601"),
        Expected(1001, "Execute", 100, 500),
        Expected(1001, "Sync", 100, 500),
    ]
    right = [
        line(1000, "Query", 110, 190, rows=1),
        line(1001, "Execute", 110, 490),
        line(1001, "Sync", 110, 490),
        line(1000, "Query", 310, 390, outcome="client_error", code="42601"),
    ]

    def with_change(index, **changed):
        return [{**each, **changed} if at == index else each for at, each in enumerate(right)]

    cases = [
        ("as it was", right, 4, []),
        ("one missing", right[1:], 3, ["number 0 is not reported"]),
        ("last missing", right[:3], 3, ["number 1 is not reported"]),
        ("twice", right + [right[3]], 4, ["too much"]),
        ("one between", right + [line(1000, "Query", 250, 260)], 4, ["none was sent then"]),
        ("another port", right + [line(1002, "Query", 250, 260)], 4, ["127.0.0.1:1002: Query too much"]),
        ("operation", with_change(1, operation="Query"), 3, ["operation 'Query', not 'Execute'"]),
        ("outcome", with_change(3, outcome="ok"), 3, ["outcome 'ok', not 'client_error'"]),
        ("code", with_change(3, code="42P01"), 3, ["code '42P01', not '42601'"]),
        ("either error", with_change(3, outcome="server_error"), 3, ["outcome 'server_error'"]),
        ("rows", with_change(0, rows=2), 3, ["rows 2, not 1"]),
        ("too early", with_change(1, request_first_ns=99), 2, ["none was sent then", "Sync", "not reported"]),
        ("too late", with_change(0, response_last_ns=201), 3, ["ends 1 ns after"]),
        ("no end", with_change(0, response_last_ns=None), 3, ["has no end"]),
    ]
    for name, lines, matched, problems in cases:
        found = compare(expected, lines)
        said = " | ".join(found.problems)
        assert found.requests == 4 and found.matched == matched, (name, found)
        assert bool(found.problems) == bool(problems) and all(problem in said for problem in problems), (name, found)

    # Answers that overtook each other, decided in their order.
    overtaken = [Expected(1, "QUERY", 100, 900, rows=1), Expected(1, "QUERY", 100, 500, rows=2)]
    decided = [line(1, "QUERY", 110, 490, rows=2), line(1, "QUERY", 105, 890, rows=1)]
    assert compare(overtaken, decided, ordered=False).matched == 2
    assert compare(overtaken, decided[:1], ordered=False).problems
    assert compare(overtaken, decided + decided[:1], ordered=False).problems
    nested = [Expected(1, "POST", 100, 900), Expected(1, "POST", 300, 500)]
    assert compare(nested, [line(1, "POST", 310, 490), line(1, "POST", 320, 890)], ordered=False).matched == 2
    either = [Expected(1, "QUERY", 100, 900, outcome="error")]
    assert compare(either, [line(1, "QUERY", 110, 490, outcome="server_error")]).matched == 1
    assert compare(either, [line(1, "QUERY", 110, 490)]).problems
    assert not compare(overtaken[:0], [line(1, "Cancel", 1, None)], allowed={"Cancel"}).problems

    assert compare_counts({"GET": 2}, [line(1, "GET", 1, 2), line(2, "GET", 3, 4)]) == Comparison(2, 2, [])
    assert compare_counts({"GET": 2}, [line(1, "GET", 1, 2)]).problems == ["GET: 1 reported, 2 made"]
    assert compare_counts({}, [line(1, "GET", 1, 2)]).problems == ["GET: 1 reported, none made"]
    mixed = Ran([Expected(1, "GET", 1, 9)], counts={"SET": 1})
    assert compare_run(mixed, [line(1, "GET", 2, 3), line(2, "SET", 2, 3)]) == Comparison(2, 2, [])
    assert compare_run(mixed, [line(1, "GET", 2, 3)]).problems


if __name__ == "__main__":
    self_check()
    print("the comparison finds what it should")
