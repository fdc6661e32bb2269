"""Answers of a hostile server, exchange by exchange: packed bodies, foreign addresses, garbage."""

import contextlib
import http.server
import importlib
import json
import threading
import tracemalloc
import zlib
from collections import Counter
from dataclasses import replace

from PIL import Image

from support.servers.altered_sandbox import LOST, providers, run, serve_altered, write_job

EDITORS = {"replicate": "replicate/851-labs/background-remover", "fal": "fal/fal-ai/birefnet"}
UPLOADS = ("/v1/files", "/files/upload", "/storage/auth/token")
MOST_MEMORY = 96 * 1024 * 1024
"""Bytes: what a run takes beside the bomb, and far less than what it would become."""


def make_bomb():
    """Gzip of 1 GiB of zeros in 1 MB: one block of a mebibyte, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    packer.compress(b"\0")
    head = packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * 1024


BOMB = make_bomb()
KINDS = {
    "submit": lambda each: each.is_receipt and not each.path.endswith(UPLOADS),
    "list": lambda each: each.is_list,
    "poll": lambda each: (
        each.method == "GET"
        and ("/v1/predictions/" in each.path or each.path.endswith(("/status", "/stream")))
    ),
    "result": lambda each: each.is_result,
    "upload": lambda each: each.method == "POST" and each.path.endswith(UPLOADS),
    "download": lambda each: each.is_download,
}  # fmt: skip


def write_edits(here, provider, count=1):
    """Entries whose input is uploaded: it is too large to be sent along."""
    Image.effect_noise((900, 900), 200).save(here.folder / "in.png")
    model = EDITORS[provider]
    param = "image" if provider == "replicate" else "image_url"
    entries = "".join(
        f"  - {{id: e{at}, output: e{at}.png, model: {model}, assume_cost: 0.01, "
        f"params: {{{param}: in.png}}}}\n"
        for at in range(count)
    )
    here.write("job.yaml", f"version: 1\nname: job\nbudget: 5\ninferences:\n{entries}")


@providers
def test_a_packed_body_is_refused_before_it_is_unpacked(here, provider):
    """A bomb at each kind of exchange, gzip and brotli; the run goes on, and buys nothing twice."""
    packed, encodings = Counter(), set()

    def alter(exchange):
        encodings.add(exchange.asked.get("accept-encoding"))
        kind = next((kind for kind, fits in KINDS.items() if fits(exchange)), None)
        if kind is None or packed[kind] >= 2 or (kind == "submit" and packed[kind]):
            return exchange
        packed[kind] += 1
        headers = {**exchange.headers, "content-encoding": ("gzip", "br")[packed[kind] - 1]}
        return replace(exchange, body=BOMB, headers=headers)

    write_edits(here, provider)
    importlib.import_module(f"vidi.inference.providers.{provider}.sdk")
    with serve_altered(here, alter) as served:
        tracemalloc.start()
        try:
            codes = [run(here).exit_code for _ in range(5)]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (codes[-1], served.submits) == (0, 1), codes
    assert packed.keys() >= KINDS.keys() - {"result" if provider == "replicate" else ""}
    assert peak < MOST_MEMORY
    assert encodings == {"identity"}


@contextlib.contextmanager
def serve_foreign():
    """A server that nobody has any business with; yields its address and what it was asked."""
    asked = []

    class Foreign(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            self.send_error(500)

        do_POST = do_PUT = do_GET  # noqa: N815  # as http.server calls them

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@providers
def test_only_the_providers_own_addresses_are_asked(here, provider):
    """Every address of a receipt, a list or a token that leads elsewhere is built by us instead."""

    def turn(value, url):
        if isinstance(value, dict):
            return {
                name: url + "/x" if _is_address_of_api(name, each) else turn(each, url)
                for name, each in value.items()
            }
        return [turn(each, url) for each in value] if isinstance(value, list) else value

    def _is_address_of_api(name, value):
        names = {"get", "cancel", "stream", "web", "base_url", "next"}
        return isinstance(value, str) and (name in names or name.endswith("_url")) and (
            not name.startswith("access")
        )  # fmt: skip

    def alter(exchange):
        if exchange.is_download or exchange.is_result:
            return exchange
        try:
            return exchange.saying(turn(json.loads(exchange.body), url))
        except ValueError:
            return exchange

    with serve_foreign() as (url, asked):
        write_job(here, provider, "a", "b")
        with serve_altered(here, alter, LOST) as served:
            assert (run(here).exit_code, served.submits) == (0, 2)
        assert asked == []


GARBLED = [
    (200, b"<html>welcome</html>"), (200, b""), (200, b"{}"), (200, b"[]"), (200, b"null"),
    (200, b'{"urls": 3, "access_url": 3}'), (200, b'{"urls": {"get": ["x"]}, "access_url": {}}'),
    (200, b'{"urls": {"get": "nowhere"}, "access_url": "nowhere"}'), (200, b'{"urls": {"get": "ht'),
    (201, b"\xff\xfe\x00"), (500, b"oops"), (502, b"<html>"), (503, b"{}"), (408, b""),
]  # fmt: skip


@providers
def test_an_upload_whose_answer_is_garbled_is_sent_again(here, provider):
    spoilt = iter(GARBLED)

    def alter(exchange):
        if exchange.method == "POST" and exchange.path.endswith(UPLOADS[:2]):
            status, body = next(spoilt, (None, None))
            if status is not None:
                return replace(exchange, status=status, body=body)
        return exchange

    write_edits(here, provider, count=len(GARBLED))
    with serve_altered(here, alter) as served:
        answer = run(here, "-j", str(len(GARBLED)))
        assert (answer.exit_code, served.submits) == (0, len(GARBLED)), answer.stderr
    assert next(spoilt, None) is None
