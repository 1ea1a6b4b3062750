"""MySQL's protocol on a bare socket, for what client libraries do not do."""

import socket
import struct

LONG_PASSWORD, CONNECT_WITH_DB, LOCAL_FILES, PROTOCOL_41, TRANSACTIONS = 1, 1 << 3, 1 << 7, 1 << 9, 1 << 13
SECURE_CONNECTION, MULTI_STATEMENTS, MULTI_RESULTS, PS_MULTI_RESULTS = 1 << 15, 1 << 16, 1 << 17, 1 << 18
PLUGIN_AUTH, DEPRECATE_EOF = 1 << 19, 1 << 24
CAPABILITIES = (
    LONG_PASSWORD
    | CONNECT_WITH_DB
    | LOCAL_FILES
    | PROTOCOL_41
    | TRANSACTIONS
    | SECURE_CONNECTION
    | MULTI_STATEMENTS
    | MULTI_RESULTS
    | PS_MULTI_RESULTS
    | PLUGIN_AUTH
)
PACKET_MAX = 0xFFFFFF
MORE_RESULTS, CURSOR_EXISTS, LAST_ROW_SENT = 0x0008, 0x0040, 0x0080
# Commands.
QUIT, INIT_DB, QUERY, STATISTICS, PING, CHANGE_USER = 0x01, 0x02, 0x03, 0x09, 0x0E, 0x11
PREPARE, EXECUTE, SEND_LONG_DATA, CLOSE, RESET, SET_OPTION, FETCH, RESET_CONNECTION = (
    0x16,
    0x17,
    0x18,
    0x19,
    0x1A,
    0x1B,
    0x1C,
    0x1F,
)
FIELD_LIST = 0x04


class ServerError(Exception):
    """ERR_Packet."""

    def __init__(self, body):
        (self.number,) = struct.unpack_from("<H", body, 1)
        super().__init__(body[3:].decode(errors="replace"))


def packet(body, sequence=0):
    """One packet, or several where it is longer than one can be."""
    data = b""
    while True:
        part, body = body[:PACKET_MAX], body[PACKET_MAX:]
        data += struct.pack("<I", len(part) | sequence << 24) + part
        sequence = (sequence + 1) & 0xFF
        if len(part) < PACKET_MAX:
            return data


def execute_body(statement, values=(), cursor=0):
    """COM_STMT_EXECUTE; all values as strings."""
    body = struct.pack("<BIBI", EXECUTE, statement, cursor, 1)
    if values:
        body += bytes((len(values) + 7) // 8) + b"\x01" + b"\xfd\x00" * len(values)
        body += b"".join(lenenc(len(value)) + value for value in values)
    return body


def lenenc(number):
    if number < 251:
        return bytes([number])
    return b"\xfc" + struct.pack("<H", number) if number < 65536 else b"\xfd" + struct.pack("<I", number)[:3]


class Wire:
    """A connection; `login` does the handshake as a user without a password."""

    def __init__(self, port, deprecate_eof=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.socket.getsockname()[1]
        self.file = self.socket.makefile("rb")
        self.deprecate_eof = deprecate_eof

    def login(self, user="open", database="live"):
        self.receive()
        capabilities = CAPABILITIES | (DEPRECATE_EOF if self.deprecate_eof else 0)
        body = struct.pack("<IIB23x", capabilities, 1 << 24, 45) + user.encode() + b"\0\0" + database.encode() + b"\0"
        self.socket.sendall(packet(body + b"mysql_native_password\0", 1))
        self.ok()

    def receive(self):
        """The body of the next packet, put together from its parts."""
        body = b""
        while True:
            head = self.file.read(4)
            if len(head) < 4:
                raise EOFError("the server closed")
            length = int.from_bytes(head[:3], "little")
            self.sequence = head[3]
            body += self.file.read(length)
            if length < PACKET_MAX:
                return body

    def send(self, *commands):
        self.socket.sendall(b"".join(packet(body) for body in commands))

    def ok(self):
        body = self.receive()
        if body[:1] == b"\xff":
            raise ServerError(body)
        return body

    def rows(self):
        """Rows up to the end of a result set: how many, and the status after them."""
        count = 0
        while True:
            body = self.ok()
            if body[0] == 0xFE and len(body) < PACKET_MAX and (self.deprecate_eof or len(body) < 9):
                status = self.ok_status(body) if self.deprecate_eof else struct.unpack_from("<H", body, 3)[0]
                return count, status
            count += 1

    @staticmethod
    def ok_status(body):
        at = 1
        for _ in range(2):
            at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(body[at], 1)
        return struct.unpack_from("<H", body, at)[0]

    def result(self):
        """One result: its rows (None where there are none to have), and the status."""
        body = self.ok()
        if body[0] == 0x00:
            return None, self.ok_status(body)
        columns = body[0]
        for _ in range(columns):
            self.receive()
        if self.deprecate_eof:
            return self.rows()
        end = self.receive()
        (status,) = struct.unpack_from("<H", end, 3)
        if status & CURSOR_EXISTS:
            return 0, status
        return self.rows()

    def results(self):
        """All results of a command: the rows of all."""
        counts = []
        while True:
            count, status = self.result()
            counts.append(count)
            if not status & MORE_RESULTS:
                return counts

    def prepared(self):
        """The answer to Prepare: the statement's number."""
        body = self.ok()
        statement, columns, parameters = struct.unpack_from("<IHH", body, 1)
        for count in (parameters, columns):
            for _ in range(count):
                self.receive()
            if count and not self.deprecate_eof:
                self.receive()
        return statement

    def close(self):
        self.file.close()
        self.socket.close()
