"""The comments of one pull request, on loopback: what we use of GitHub's and GitLab's APIs."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Comments(ThreadingHTTPServer):
    """Takes comments and gives them back, a page of 100 at a time; `refused` is an HTTP status."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.found = []
        self.tokens = set()
        self.refused = None
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def write(self, login, body):
        """Somebody comments."""
        comment = {"id": len(self.found) + 1, "user": {"login": login}, "body": body}
        self.found.append(comment)
        return comment


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        page = int(re.search(r"[?&]page=(\d+)", self.path)[1])
        self._answer(self.server.found[100 * (page - 1) : 100 * page])

    def do_POST(self):
        data = self._read()
        if self.path.endswith("/notes"):
            self._answer(self.server.write("gitlab", parse_qs(data)["body"][0]))
        elif re.fullmatch(r"/repos/acme/shop/issues/12/comments", self.path):
            self._answer(self.server.write("github-actions[bot]", json.loads(data)["body"]))
        else:
            self.send_error(404)

    def do_PATCH(self):
        number = int(re.fullmatch(r"/repos/acme/shop/issues/comments/(\d+)", self.path)[1])
        self.server.found[number - 1]["body"] = json.loads(self._read())["body"]
        self._answer(self.server.found[number - 1])

    def _read(self):
        return self.rfile.read(int(self.headers["Content-Length"])).decode()

    def _answer(self, value):
        self.server.tokens |= {self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN")}
        data = json.dumps(value).encode()
        self.send_response(self.server.refused or 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""
