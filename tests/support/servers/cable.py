"""A way to a server on loopback that can be cut, mended, and made to swallow everything."""

import contextlib
import socket
import threading

from support.servers.held_port import hold


class Cable:
    """Hands on what comes to `port` to another one, and back."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._open: list[socket.socket] = []
        self._passes = threading.Event()
        self._passes.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._listen()

    def cut(self, seconds: float | None = None) -> None:
        """Break off what is open and let nobody in, for so long or for good."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if seconds is not None:
            self._listener = hold(self.port)
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()
        if seconds is not None:
            threading.Timer(seconds, self.mend).start()

    def mend(self) -> None:
        """Let everybody in again."""
        self._listener.listen()
        self._listen()

    def freeze(self) -> None:
        """Take everything and hand nothing on, as a server does that stands still."""
        self._passes.clear()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(65536):
                if self._passes.is_set():
                    there.sendall(data)
            with contextlib.suppress(OSError):
                there.shutdown(socket.SHUT_WR)
