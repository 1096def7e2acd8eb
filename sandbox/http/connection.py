"""Reading HTTP/1.1 requests from a socket: heads, bodies with a length or in chunks.

Source: RFC 9112. It is our own because faults need the socket itself, to reset it or to stop in
the middle of a body, and because a request here costs a tenth of what it does with http.server.
"""

import gzip
import socket
import zlib
from dataclasses import dataclass
from http import HTTPStatus

PIECE = 65_536
LONGEST_HEAD = 131_072
"""Longer than any vendor's own limit, so that it is the vendor who refuses."""
LARGEST_BODY = 256 * 1024 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PARTS = 3
"""Of a request line: method, target, version."""


class MalformedError(Exception):
    """What came is no HTTP that is understood here; the connection ends with this status."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """What comes before a request's body."""

    method: str
    """In capitals."""
    target: str
    version: str
    headers: dict[str, str]
    """Names in lower case; several of one name are joined with commas."""

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection outlives this exchange."""
        told = self.headers.get("connection", "").lower()
        return "keep-alive" in told if self.version == "HTTP/1.0" else "close" not in told


class Connection:
    """A client's connection as requests come in by it."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.is_closed = False
        self._read = bytearray()

    def close(self) -> None:
        """End it from our side."""
        self.is_closed = True
        self.socket.close()

    def send(self, told: bytes) -> None:
        """Send all of it. Raises OSError."""
        self.socket.sendall(told)

    def read_head(self) -> Head | None:
        """The next request's head; None when the client has ended the connection.

        Raises `MalformedError` and OSError.
        """
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            if len(self._read) > LONGEST_HEAD:
                status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                raise MalformedError("the head of the request is too long", status)
            if not self._receive():
                return None
        text = self._take(end + 4)[:-4].decode("latin-1").lstrip("\r\n")
        first, *lines = text.split("\r\n")
        parts = first.split(" ")
        if len(parts) != PARTS or not parts[2].startswith("HTTP/1."):
            raise MalformedError(f"{first[:100]!r} is no request line")
        return Head(parts[0].upper(), parts[1], parts[2], _headers(lines))

    def read_body(self, head: Head) -> bytes:
        """A request's body, with its chunks joined and its content encoding undone.

        Raises `MalformedError` and OSError.
        """
        headers = head.headers
        if headers.get("expect", "").lower() == "100-continue":
            self.send(CONTINUE)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = self._read_chunks()
        else:
            body = self._read_exactly(_length(headers.get("content-length", "0")))
        return _decoded(body, headers.get("content-encoding", "").lower())

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _length(self._read_line().split(b";")[0].strip().decode("latin-1"), base=16)
            if not size:
                break
            body += self._read_exactly(size)
            self._read_line()
            if len(body) > LARGEST_BODY:
                raise _too_large()
        while self._read_line():
            pass
        return bytes(body)

    def _read_line(self) -> bytes:
        while (end := self._read.find(b"\r\n")) < 0:
            self._receive_more()
        return self._take(end + 2)[:-2]

    def _read_exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._receive_more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._read[:size])
        del self._read[:size]
        return taken

    def _receive_more(self) -> None:
        if not self._receive():
            raise ConnectionAbortedError("the client ended the connection within a request")

    def _receive(self) -> bool:
        piece = self.socket.recv(PIECE)
        self._read += piece
        return bool(piece)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedError(f"{line[:100]!r} is no header")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _length(text: str, base: int = 10) -> int:
    try:
        length = int(text, base)
    except ValueError:
        length = -1
    if length < 0:
        raise MalformedError(f"{text[:100]!r} is no length")
    if length > LARGEST_BODY:
        raise _too_large()
    return length


def _too_large() -> MalformedError:
    return MalformedError("the body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _decoded(body: bytes, encoding: str) -> bytes:
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        return zlib.decompress(body) if encoding == "deflate" else body
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedError(f"the body is no {encoding}: {error}") from None
