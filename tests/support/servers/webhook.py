"""A webhook on loopback that keeps what it is told and answers as it should."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook(ThreadingHTTPServer):
    """Answers one status after another, the last one from then on; 0 is no answer at all."""

    daemon_threads = True

    def __init__(self, *statuses):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses or [200])
        self.bodies, self.headers = [], []
        self.url = f"http://127.0.0.1:{self.server_port}/hook-secret?token=abc"

    @property
    def told(self):
        """What the last request said."""
        return json.loads(self.bodies[-1])


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.headers.append(dict(self.headers))
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if status == 0:
            time.sleep(20)
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def serve_webhook(*statuses):
    """Serve one for a while."""
    with Webhook(*statuses) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()
