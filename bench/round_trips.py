"""A way to a server that counts how often who asks has waited for an answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 1 << 16


class RoundTrips:
    """Passes connections on to a port of this machine.

    Args:
        port: Where the server listens.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.count = 0
        """How often a client has sent something after it had heard something."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                heard = threading.Event()
                heard.set()
                threading.Thread(target=self._ask, args=(client, server, heard)).start()
                threading.Thread(target=self._answer, args=(server, client, heard)).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _ask(self, client: socket.socket, server: socket.socket, heard: threading.Event) -> None:
        with client, contextlib.suppress(OSError):
            while piece := client.recv(PIECE_BYTES):
                if heard.is_set():
                    heard.clear()
                    with self._lock:
                        self.count += 1
                server.sendall(piece)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket, heard: threading.Event) -> None:
        with server, contextlib.suppress(OSError):
            while piece := server.recv(PIECE_BYTES):
                heard.set()
                client.sendall(piece)


@contextlib.contextmanager
def count_round_trips(port: int) -> Iterator[RoundTrips]:
    """Stand before a server."""
    between = RoundTrips(port)
    threading.Thread(target=between.serve, daemon=True).start()
    try:
        yield between
    finally:
        between.close()
