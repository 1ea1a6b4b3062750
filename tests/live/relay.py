"""What two observers timed on both sides of a relay, against the relay's own log. scripts/relay-test.sh runs it.

    relay.py DIR    with relay.log, and {client,server,replayed}.{transactions,connections}
"""

import csv
import json
import sys
from pathlib import Path

# How far a span may be from the one that the relay logged.
TOLERANCE_NS = 1_000_000
# How far the moment of a packet may be from the one at which the relay had it: one side of a veth to the other.
NEAR_NS = 2_000_000
# Requests of each protocol, at least: those that the clients sent.
REQUESTS = {"http": 23, "postgres": 20, "redis": 20}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def relayed(path):
    """The log's frames of TCP, by the client's port: when the relay had each at the client's side and at the server's."""
    frames = {}
    with path.open() as log:
        for row in csv.DictReader(log, delimiter="\t"):
            if not row["source_port"].isdigit() or row["sent_wall_ns"] == "-":
                continue
            to_server = row["to"] == "right"
            received, sent = int(row["received_wall_ns"]), int(row["sent_wall_ns"])
            port = int(row["source_port" if to_server else "destination_port"])
            frames.setdefault(port, []).append({
                "to_server": to_server,
                "client": received if to_server else sent,
                "server": sent if to_server else received,
                "payload": int(row["payload"]),
                "flags": row["flags"],
            })
    return frames


def port_of(endpoint):
    return int(endpoint.rsplit(":", 1)[1])


class Judge:
    """Compares spans with the log's."""

    def __init__(self, frames, side):
        self.frames, self.side = frames, side
        self.worst, self.compared = {}, 0

    def moment(self, port, to_server, about):
        """When the relay had the frame of that moment, at this side."""
        frames = [frame for frame in self.frames[port] if frame["to_server"] == to_server and frame["payload"] > 0]
        nearest = min((frame[self.side] for frame in frames), key=lambda at: abs(at - about))
        assert abs(nearest - about) <= NEAR_NS, f"no frame of port {port} near {about}: the nearest is {nearest - about} ns away"
        return nearest

    def compare(self, what, ours, theirs):
        error = abs(ours - theirs)
        assert error <= TOLERANCE_NS, f"{self.side}: {what}: {ours} ns, the relay logged {theirs} ns"
        self.worst[what] = max(self.worst.get(what, 0), error)
        self.compared += 1

    def transaction(self, line):
        port = port_of(line["client"])
        first, last = line["request_first_ns"], line["request_last_ns"]
        answered, ended = line["response_first_ns"], line["response_last_ns"]
        to_server = {at: self.moment(port, True, at) for at in (first, last)}
        to_client = {at: self.moment(port, False, at) for at in (answered, ended)}
        self.compare("server", answered - last, to_client[answered] - to_server[last])
        self.compare("total", line["total_ns"], to_client[ended] - to_server[first])

    def connection(self, line):
        frames = sorted(self.frames[port_of(line["client"])], key=lambda frame: frame[self.side])
        syn = next(frame for frame in frames if frame["to_server"] and "S" in frame["flags"])
        accepted = next(frame for frame in frames if not frame["to_server"] and "S" in frame["flags"])
        ack = next(frame for frame in frames if frame["to_server"] and frame["flags"] == "A")
        theirs = ack[self.side] - syn[self.side]
        assert accepted[self.side] > syn[self.side]
        self.compare("connect", line["connect_ns"], theirs)
        self.compare("rtt", line["rtt_ns"], theirs)


def judge(folder, side, frames):
    verdict = Judge(frames, side)
    transactions = lines(folder / f"{side}.transactions")
    for protocol, least in REQUESTS.items():
        found = [line for line in transactions if line["protocol"] == protocol]
        assert len(found) >= least, f"{side}: {len(found)} transactions of {protocol}, at least {least} were sent"
        assert all(line["outcome"] == "ok" for line in found), found
    for line in transactions:
        verdict.transaction(line)
    for line in lines(folder / f"{side}.connections"):
        verdict.connection(line)
    worst = ", ".join(f"{what} {error / 1000:.0f} µs" for what, error in sorted(verdict.worst.items()))
    print(f"{side}: {len(transactions)} transactions, {verdict.compared} spans; furthest from the relay's: {worst}")


def same(folder, kind):
    """What was observed and what was replayed, in one order: connections end when something says so, or the input ends."""
    key = lambda line: json.dumps(line, sort_keys=True)
    live, replayed = (sorted(map(key, lines(folder / f"{name}.{kind}"))) for name in ("client", "replayed"))
    assert live == replayed, f"{kind} differ: {set(live) ^ set(replayed)}"
    print(f"replayed: the same {len(live)} {kind}, time for time")


def main():
    folder = Path(sys.argv[1])
    frames = relayed(folder / "relay.log")
    judge(folder, "client", frames)
    judge(folder, "server", frames)
    same(folder, "transactions")
    same(folder, "connections")


main()
