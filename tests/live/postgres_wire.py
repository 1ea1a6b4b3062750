"""PostgreSQL's messages on a bare socket, for what client libraries do not do."""

import socket
import struct

SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102
PROTOCOL_3_0 = 196608


def text(value):
    return value.encode() + b"\0"


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql):
    return message(b"Q", text(sql))


def parse(sql, statement=""):
    return message(b"P", text(statement) + text(sql) + struct.pack("!h", 0))


def bind(values=(), statement="", portal=""):
    body = text(portal) + text(statement) + struct.pack("!hh", 0, len(values))
    for value in values:
        body += struct.pack("!i", len(value)) + value
    return message(b"B", body + struct.pack("!h", 0))


def describe(portal=""):
    return message(b"D", b"P" + text(portal))


def describe_statement(statement=""):
    return message(b"D", b"S" + text(statement))


def execute(portal="", rows_max=0):
    return message(b"E", text(portal) + struct.pack("!i", rows_max))


def close_portal(portal):
    return message(b"C", b"P" + text(portal))


def close_statement(statement):
    return message(b"C", b"S" + text(statement))


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")
COPY_DONE = message(b"c")


def copy_data(data):
    return message(b"d", data)


def copy_fail(reason):
    return message(b"f", text(reason))


def sqlstate(error):
    fields = dict((field[:1], field[1:]) for field in error.split(b"\0") if field)
    return fields[b"C"].decode()


class Wire:
    """A connection; `start` does the start-up as a user whom the server trusts."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.socket.getsockname()[1]
        self.rest = b""

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def start(self, **parameters):
        body = struct.pack("!i", PROTOCOL_3_0)
        for key, value in {"user": "trusted", "database": "live", **parameters}.items():
            body += text(key) + text(value)
        self.send(struct.pack("!i", len(body) + 5) + body + b"\0")
        self.process, self.secret = None, None
        for kind, body in self.until(b"Z"):
            if kind == b"K":
                self.process, self.secret = struct.unpack("!ii", body)

    def exactly(self, length):
        while len(self.rest) < length:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the server closed")
            self.rest += more
        data, self.rest = self.rest[:length], self.rest[length:]
        return data

    def receive(self):
        kind = self.exactly(1)
        (length,) = struct.unpack("!i", self.exactly(4))
        return kind, self.exactly(length - 4)

    def until(self, *kinds):
        """All messages up to one of these kinds."""
        messages = []
        while True:
            messages.append(self.receive())
            if messages[-1][0] in kinds:
                return messages

    def close(self, terminate=True):
        if terminate:
            self.send(TERMINATE)
        self.socket.close()

    def reset(self):
        """Closes with RST in place of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def cancel(port, process, secret):
    """A connection of its own, which the server closes without a word. Returns its client port."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(struct.pack("!iiii", 16, CANCEL_REQUEST, process, secret))
        client_port = connection.getsockname()[1]
        connection.recv(1)
    return client_port


def ask_for_ssl(wire):
    """The server's one byte: S or N."""
    wire.send(struct.pack("!ii", 8, SSL_REQUEST))
    return wire.exactly(1)
