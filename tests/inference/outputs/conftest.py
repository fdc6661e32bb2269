"""The misbehaving server, and a fetcher that does not wait long for it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.servers.asset_server import Server
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.limits import Limits
from vidi.inference.settings import Settings

QUICK = Limits(connect_s=2, read_s=0.3, total_s=5, attempts=3, wait_s=0.01, longest_wait_s=0.05)


@pytest.fixture
def server():
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            served.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            script = served.scripts[self.path]
            try:
                (script.pop(0) if len(script) > 1 else script[0])(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_):
            pass

    class Quiet(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_):
            """A client that hangs up is part of the tests."""

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        served.port = httpd.server_port
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield served
        httpd.shutdown()
        thread.join()


@pytest.fixture
def settings(server):
    return Settings(urls={**Settings().urls, "VIDI_FAL_CDN_URL": server.url("")})


@pytest.fixture
async def fetcher(settings):
    made = Fetcher(settings, limits=QUICK)
    yield made
    await made.aclose()
