"""A server in front of another: some paths it answers itself, the rest it hands on."""

import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answers = Mapping[str, Any]
"""Path to the document that is answered, or to a function of the path with its query.

A function that gives None hands the request on: it only looked, or waited.
"""


@contextlib.contextmanager
def answering(answers: Answers, behind: str) -> Iterator[str]:
    """Serve `answers` in front of the service at `behind`; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            own = answers.get(urlsplit(self.path).path)
            document = own(self.path) if isinstance(own, Callable) else own
            if document is None:
                self._send(*_hand_on(behind + self.path, dict(self.headers)))
            else:
                self._send(200, json.dumps(document).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def _hand_on(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    kept = {name: value for name, value in headers.items() if name.lower() == "authorization"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=kept)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
