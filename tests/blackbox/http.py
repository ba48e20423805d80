"""An HTTP/1.1 client that believes nothing: an answer is well-formed to the byte, or refused."""

import json
import re
import socket
from dataclasses import dataclass, field
from typing import Any

from .outcome import Failed, demand

Address = tuple[str, int]

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\x20-\x7e]*)\Z")
FIELD_LINE = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\xff](?:[\x20-\xff\t]*[\x21-\xff])?)?[ \t]*\Z"
)
PATIENCE = 20.0


class Malformed(Failed):
    """Bytes that no HTTP/1.1 server may send."""


@dataclass(frozen=True)
class Answer:
    """One answer, with its fields by lower-case name."""

    code: int
    fields: dict[str, str]
    body: bytes
    reason: str = field(default="", compare=False)

    @property
    def closes(self) -> bool:
        """Whether it says that it is the last one."""
        return self.fields.get("connection", "").lower() == "close"

    @property
    def json(self) -> Any:
        """The body as JSON; its objects keep the order of their names."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failed(f"not JSON: {self.body!r}: {error}") from error


def parse(data: bytes, bodiless: bool = False) -> tuple[Answer, int] | None:
    """The answer at the beginning of `data` and its length, or None while it is not complete.

    `bodiless`: it answers a HEAD request.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if data and not b"HTTP/1.1 ".startswith(data[:9]):
            raise Malformed(f"no status line: {data[:80]!r}")
        return None
    status_line, *lines = data[:end].split(b"\r\n")
    status = STATUS_LINE.match(status_line)
    if not status:
        raise Malformed(f"status line: {status_line!r}")
    fields: dict[str, str] = {}
    for line in lines:
        parts = FIELD_LINE.match(line)
        if not parts:
            raise Malformed(f"field line: {line!r}")
        name = parts[1].decode().lower()
        if name in fields:
            raise Malformed(f"repeated field: {line!r}")
        fields[name] = (parts[2] or b"").decode("latin-1")
    code = int(status[1])
    length = fields.get("content-length")
    if code == 204:
        if length is not None:
            raise Malformed("Content-Length in a 204")
        length = "0"
    if length is None or not re.fullmatch("[0-9]+", length):
        raise Malformed(f"Content-Length: {length}")
    begin = end + 4
    end = begin if bodiless else begin + int(length)
    if len(data) < end:
        return None
    return Answer(code, fields, data[begin:end], status[2].decode()), end


def parse_all(data: bytes) -> list[Answer]:
    """All answers in what one connection has sent until its end; nothing may be left over."""
    answers: list[Answer] = []
    view = data
    while view:
        parsed = parse(view)
        if parsed is None:
            raise Malformed(f"cut off after {len(answers)} answers: {view[:200]!r}")
        if answers and answers[-1].closes:
            raise Malformed(f"an answer behind `Connection: close`: {view[:200]!r}")
        answers.append(parsed[0])
        view = view[parsed[1]:]
    return answers


def connect(address: Address, timeout: float = PATIENCE) -> socket.socket:
    """A connection that sends at once what it is given."""
    stream = socket.create_connection(address, timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def request(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request as every client sends it."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost", *lines, "", ""]).encode()


class Conversation:
    """A connection, and the answers on it one after the other."""

    def __init__(self, address: Address) -> None:
        self.stream = connect(address)
        self.rest = b""

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def send(self, data: bytes) -> None:
        """Sends `data` as it is."""
        self.stream.sendall(data)

    def answer(self, bodiless: bool = False) -> Answer:
        """The next answer."""
        while True:
            parsed = parse(self.rest, bodiless)
            if parsed:
                self.rest = self.rest[parsed[1]:]
                return parsed[0]
            more = self.stream.recv(65536)
            demand(more, f"closed before an answer, after {self.rest!r}")
            self.rest += more

    def ask(self, path: str, *lines: str, method: str = "GET", version: str = "1.1") -> Answer:
        """Asks and waits for the answer."""
        self.send(request(path, *lines, method=method, version=version))
        return self.answer(bodiless=method == "HEAD")

    def end(self) -> bytes:
        """What comes until the connection ends."""
        rest, self.rest = self.rest + read_to_end(self.stream), b""
        return rest


def get(address: Address, path: str, *lines: str) -> Answer:
    """One question on a connection of its own."""
    with Conversation(address) as conversation:
        return conversation.ask(path, "Connection: close", *lines)


def read_to_end(stream: socket.socket) -> bytes:
    """Everything up to the end; a reset is an end too."""
    data = bytearray()
    try:
        while more := stream.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return bytes(data)
