"""A proxy for clients that only know a vendor's own host names.

With `HTTPS_PROXY` set to its address and the sandbox's certificate authority trusted, a client that
calls `https://login.salesforce.com` reaches the sandbox, and nothing else: a host that the sandbox
doesn't stand for is refused. Source: RFC 9110, CONNECT.
"""

import selectors
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress

from sandbox.http.connection import PIECE, Connection, MalformedError

BACKLOG = 128
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
OPEN = b"HTTP/1.1 200 Connection Established\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Tunnels:
    """A listening proxy; start it with `start`, end it with `stop`."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        """By what a host's name ends with: the port here that stands for it."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.getsockname()[1]

    def start(self) -> None:
        """Begin, on threads."""
        self._thread.start()

    def stop(self) -> None:
        """End every tunnel and free the port."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # it was closed
                return
            with self._lock:
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, suppress(OSError, MalformedError):
                head = Connection(client).read_head()
                port = None
                if head is not None and head.method == "CONNECT":
                    port = self._port_for(head.target)
                if port is None:
                    client.sendall(REFUSED)
                    return
                with socket.create_connection(("127.0.0.1", port)) as server:
                    client.sendall(OPEN)
                    _carry(client, server)
        finally:
            with self._lock:
                self._open.discard(client)

    def _port_for(self, target: str) -> int | None:
        """The port here that a `host:port` means; None when it is not for us to answer."""
        host, _, port = target.rpartition(":")
        if host in LOOPBACK and port.isdigit():
            return int(port)
        for end, place in self._places.items():
            if host.lower().endswith(end):
                return place
        return None


def _carry(client: socket.socket, server: socket.socket) -> None:
    """Pass on what either side says until one of them ends it. Raises OSError."""
    other = {client: server, server: client}
    with selectors.DefaultSelector() as selector:
        for side, opposite in other.items():
            selector.register(side, selectors.EVENT_READ, opposite)
        while True:
            for key, _ in selector.select():
                piece = key.fileobj.recv(PIECE) if isinstance(key.fileobj, socket.socket) else b""
                if not piece:
                    return
                key.data.sendall(piece)
