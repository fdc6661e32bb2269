import asyncio
import base64
import gzip
import hashlib
import os
import resource
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from inference.outputs.conftest import QUICK
from support.assets import sample
from support.servers.asset_server import breaks, gives, leftovers, redirects, resumes
from vidi.errors import DownloadError, UsageError
from vidi.inference.models.template import OutputType as Kind
from vidi.inference.outputs.fetching.download import Asset, Fetcher
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.outputs.keeping.staging import remove_leftovers
from vidi.inference.outputs.limits import Limits
from vidi.inference.settings import Settings

PNG = sample("png")
SHA = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def fetch(fetcher, tmp_path):
    """Fetch a PNG into the output folder as x.png, unless told otherwise."""

    async def run(url, relative="x.png", kind=Kind.IMAGE, **more):
        output = RemoteFile(url) if isinstance(url, str) else url
        return await fetcher.fetch(output, FolderStore(tmp_path), relative, kind=kind, **more)

    return run


async def refused(fetching) -> DownloadError:
    with pytest.raises(DownloadError) as raised:
        await fetching
    return raised.value


async def test_a_file_is_fetched_whole_with_its_facts(fetch, server, tmp_path):
    asset = await fetch(server.on("/a", gives(PNG)), "deep/año ✓.png")
    assert asset == Asset("deep/año ✓.png", SHA, len(PNG), "image/png", 64, 48)
    assert (tmp_path / "deep/año ✓.png").read_bytes() == PNG
    assert leftovers(tmp_path) == []


async def test_a_video_has_a_duration(fetch, server):
    asset = await fetch(server.on("/a", gives(sample("mp4"))), "x.mp4", Kind.VIDEO)
    assert (asset.content_type, asset.duration_s) == ("video/mp4", Decimal(1))


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("webp", Kind.IMAGE, "x.webp"),
        ("jpg", Kind.IMAGE, "x.jpg"),
        ("mp4", Kind.VIDEO, "x.mp4"),
        ("mp3", Kind.AUDIO, "x.mp3"),
        ("wav", Kind.AUDIO, "x.wav"),
        ("glb", Kind.THREE_D, "x.glb"),
        ("json", Kind.JSON, "x.json"),
    ],
)
async def test_a_bare_name_gets_the_real_extension(fetch, server, name, kind, path):
    assert (await fetch(server.on("/a", gives(sample(name))), "x", kind)).path == path


async def test_an_extension_of_another_type_is_kept_and_said(fetch, server, tmp_path):
    asset = await fetch(server.on("/a", gives(PNG)), "x.webp")
    assert asset.path == "x.webp"
    assert asset.warning == "x.webp holds image/png: its extension should be .png"
    assert (tmp_path / "x.webp").exists()


async def test_the_mode_of_a_file_is_that_of_any_new_file(fetch, server, tmp_path):
    await fetch(server.on("/a", gives(PNG)))
    (tmp_path / "other").touch()
    assert (tmp_path / "x.png").stat().st_mode == (tmp_path / "other").stat().st_mode


BIG = PNG + bytes(3_000_000)


@pytest.mark.parametrize("after", [0, 1, 2_500_000, len(BIG) - 1])
async def test_a_broken_stream_is_resumed(fetch, server, after):
    url = server.on("/a", breaks(BIG, after, ETag='"v1"'), resumes(BIG, ETag='"v1"'))
    if after == 0:
        server.on("/a", breaks(BIG, 0), gives(BIG))
    asset = await fetch(url)
    assert asset.bytes == len(BIG)
    assert asset.sha256 == hashlib.sha256(BIG).hexdigest()
    again = server.headers_of("/a")[1]
    start = int(again.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    assert (start > 0) == (after > 0)
    assert start <= after
    assert again.get("if-range") == ('"v1"' if after else None)


@pytest.mark.parametrize(
    ("headers", "if_range"),
    [
        ({"ETag": 'W/"v1"'}, None),
        ({"Last_Modified": "Mon, 23 Nov 2026 10:00:00 GMT"}, "Mon, 23 Nov 2026 10:00:00 GMT"),
        ({}, None),
    ],
)
async def test_only_a_strong_validator_goes_into_if_range(fetch, server, headers, if_range):
    url = server.on("/a", breaks(PNG, 100, **headers), resumes(PNG, **headers))
    assert (await fetch(url)).sha256 == SHA
    assert server.headers_of("/a")[1].get("if-range") == if_range


@pytest.mark.parametrize(
    "second",
    [
        gives(PNG),
        gives(b"x", 416),
        gives(PNG[5:], 206, Content_Range=f"bytes 5-{len(PNG) - 1}/{len(PNG)}"),
        gives(PNG[100:], 206, Content_Range=f"bytes 100-{len(PNG)}/{len(PNG) + 1}"),
        gives(PNG[100:], 206),
        resumes(PNG, ETag='"v2"'),
    ],
    ids=["ignored", "416", "another start", "another length", "unsaid", "another version"],
)
async def test_what_cannot_be_resumed_starts_afresh(fetch, server, second):
    url = server.on("/a", breaks(PNG, 100, ETag='"v1"'), second, gives(PNG))
    assert (await fetch(url)).sha256 == SHA


async def test_a_wait_begins_anew_after_progress(server, tmp_path):
    """Twelve breaks, each after more bytes, cost twelve first waits: doubled, it is 200 s."""

    def goes_on(request):
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        part = f"bytes {start}-{len(PNG) - 1}/{len(PNG)}"
        whole = PNG[start:] if start >= 12 else PNG[start : start + 1]
        request.send_response(206 if start else 200)
        for name, value in {"Content-Length": str(len(PNG) - start), "Content-Range": part}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(whole)
        request.close_connection = True

    limits = Limits(wait_s=0.05, longest_wait_s=60, attempts=2)
    settings = Settings.from_environment({"VIDI_REPLICATE_URL": server.url("")})
    fetcher = Fetcher(settings, limits=limits)
    began = time.monotonic()
    output = RemoteFile(server.on("/a", goes_on))
    asset = await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert (asset.sha256, len(server.asked)) == (SHA, 13)
    assert time.monotonic() - began < 3


async def test_progress_earns_new_tries(fetch, server):
    steps = [breaks(PNG, 100)]
    for end in range(200, 1000, 100):

        def part(request, end=end):
            start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{len(PNG) - 1}/{len(PNG)}")
            request.send_header("Content-Length", str(len(PNG) - start))
            request.end_headers()
            request.wfile.write(PNG[start:end])
            request.close_connection = True

        steps.append(part)
    assert (await fetch(server.on("/a", *steps, resumes(PNG)))).sha256 == SHA
    assert len(server.asked) == 10 > QUICK.attempts


async def test_a_stream_that_always_breaks_is_given_up(fetch, server, tmp_path):
    error = await refused(fetch(server.on("/a", breaks(PNG, 100))))
    assert error.transient
    assert error.message.startswith(f"{server.url('/a')} broke off: ")
    assert len(server.asked) == QUICK.attempts
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_passing_refusal_is_tried_again(fetch, server, status):
    url = server.on("/a", gives(b"no", status), gives(b"no", status), gives(PNG))
    assert (await fetch(url)).sha256 == SHA


@pytest.mark.parametrize("status", [429, 500])
async def test_a_lasting_refusal_is_given_up(fetch, server, status):
    error = await refused(fetch(server.on("/a", gives(b"no", status))))
    assert error.message == f"{server.url('/a')} answered HTTP {status}"
    assert (error.transient, len(server.asked)) == (True, QUICK.attempts)


@pytest.mark.parametrize("status", [400, 401, 403, 418, 204, 304])
async def test_a_refusal_for_good_is_not_tried_again(fetch, server, status):
    error = await refused(fetch(server.on("/a?signature=secret", gives(b"", status))))
    assert error.message == f"{server.url('/a')} answered HTTP {status}"
    assert (error.transient, error.gone, len(server.asked)) == (False, False, 1)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_file_that_is_kept_no_longer_is_gone(fetch, server, status):
    error = await refused(fetch(server.on("/a", gives(b"", status))))
    assert error.message == f"{server.url('/a')} is gone: HTTP {status}"
    assert (error.gone, error.transient, len(server.asked)) == (True, False, 1)


async def test_retry_after_is_honoured_and_capped(settings, server, tmp_path):
    url = server.on("/a", gives(b"", 429, Retry_After="3600"), gives(PNG))
    fetcher = Fetcher(settings, limits=Limits(wait_s=0.001, longest_wait_s=0.2))
    start = time.monotonic()
    await fetcher.fetch(RemoteFile(url), FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert 0.2 <= time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sample("html"), "an HTML page instead of an image"),
        (b"", "an empty file instead of an image"),
        (PNG[:500], "the image/png file is cut short: its end is missing"),
        (sample("mp4"), "a video (video/mp4) instead of an image"),
    ],
)
async def test_what_fails_its_check_leaves_nothing(fetch, server, tmp_path, content, message):
    error = await refused(fetch(server.on("/a", gives(content))))
    assert error.message.startswith(message)
    assert list(tmp_path.iterdir()) == []


async def test_the_final_name_never_shows_an_unchecked_file(fetch, server, tmp_path):
    (tmp_path / "x.png").write_bytes(b"old")
    await refused(fetch(server.on("/a", gives(sample("html"))), ours=lambda _: True))
    assert (tmp_path / "x.png").read_bytes() == b"old"
    assert not (tmp_path / ".vidi").exists()


def trickles(seconds: float):
    def handle(request):
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        for _ in range(1000):
            request.wfile.write(b"x")
            time.sleep(seconds)

    return handle


async def test_a_silent_server_is_given_up(settings, server, tmp_path):
    limits = Limits(read_s=0.1, attempts=2, wait_s=0.01)
    fetcher = Fetcher(settings, limits=limits)
    url = server.on("/a", trickles(0.4))
    error = await refused(
        fetcher.fetch(RemoteFile(url), FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    )
    await fetcher.aclose()
    assert error.message == f"{url} broke off: nothing came for too long"


async def test_a_trickle_ends_at_the_total_deadline(settings, server, tmp_path):
    fetcher = Fetcher(settings, limits=Limits(total_s=0.3))
    url = server.on("/a", trickles(0.05))
    error = await refused(
        fetcher.fetch(RemoteFile(url), FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    )
    await fetcher.aclose()
    assert error.message.startswith(f"{url} did not come whole in 0.3 s (")
    assert error.transient
    assert list(tmp_path.iterdir()) == []


async def test_cancelling_leaves_no_file(fetch, server, tmp_path):
    task = asyncio.create_task(fetch(server.on("/a", trickles(0.05))))
    while not leftovers(tmp_path):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


async def test_a_file_over_the_limit_is_refused(settings, server, tmp_path):
    fetcher = Fetcher(settings, limits=Limits(max_bytes=1000))
    chunked = [gives(PNG), _without_length(PNG)]
    for number, handler in enumerate(chunked):
        url = server.on(f"/{number}", handler)
        error = await refused(
            fetcher.fetch(RemoteFile(url), FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
        )
        assert error.message == f"{url} is larger than 1000 bytes"
    await fetcher.aclose()


def _without_length(content):
    def handle(request):
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(content)
        request.close_connection = True

    return handle


async def test_a_large_file_goes_to_the_disk_ahead(fetch, server):
    large = b"PK\3\4" + bytes(17 * 1024 * 1024)
    asset = await fetch(server.on("/a", gives(large)))
    assert (asset.bytes, asset.sha256) == (len(large), hashlib.sha256(large).hexdigest())


async def test_a_file_of_unsaid_length_is_fetched(fetch, server):
    assert (await fetch(server.on("/a", _without_length(PNG)))).sha256 == SHA


@pytest.mark.parametrize("packing", ["gzip", "br", "deflate", "zstd", "x, gzip"])
async def test_a_packed_answer_is_refused(fetch, server, packing):
    url = server.on("/a", gives(gzip.compress(PNG), Content_Encoding=packing))
    error = await refused(fetch(url))
    assert error.message == f"{url} came packed ({packing}), which was not asked for"
    assert [asked[1]["accept-encoding"] for asked in server.asked] == ["identity"]


async def test_numbers_in_headers_that_no_file_has_are_none(fetch, server):
    huge = f"bytes {'9' * 1500}-{'9' * 1500}/{'9' * 4400}"
    url = server.on("/a", gives(PNG, status=206, Content_Range=huge))
    assert (await refused(fetch(url))).transient


async def test_a_query_arrives_as_it_was_signed(fetch, server):
    path = "/a%2Fb?X-Amz-Signature=a%2Fb%3D&x=%7E"
    assert (await fetch(server.on(path, gives(PNG)))).sha256 == SHA


async def test_many_at_once_share_the_connections(fetch, server):
    server.on("/a", gives(PNG))
    assets = await asyncio.gather(*(fetch(server.url("/a"), f"{n}.png") for n in range(30)))
    assert {asset.sha256 for asset in assets} == {SHA}


# Redirects and addresses


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(fetch, server, status):
    server.on("/b", gives(PNG))
    assert (await fetch(server.on("/a", redirects("/b", status)))).sha256 == SHA


async def test_a_loop_of_redirects_ends(fetch, server):
    error = await refused(fetch(server.on("/a", redirects("/a"))))
    assert error.message == f"more than 5 redirects from {server.url('/a')}"
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("file:///etc/passwd", "the output is a file: URL: only http, https and data are fetched"),
        ("http://10.1.2.3/a", "the output's URL leads to a private address (10.1.2.3): 10.1.2.3"),
        ("http://[fe80::1]/", "the output's URL leads to a private address (fe80::1): fe80::1"),
        ("", "{} redirects to nowhere"),
        ("http://a:b:c/", "{} redirects wrongly: "),
        ("http://[broken/", "the output's host is no name and no address: "),
    ],
)
async def test_a_redirect_to_a_forbidden_place_is_refused(fetch, server, target, message):
    error = await refused(fetch(server.on("/a", redirects(target))))
    assert error.message.startswith(message.format(server.url("/a")))


FORBIDDEN = [
    "file:///etc/passwd", "ftp://example.com/a", "gopher://x/", "/relative", "http:///a",
    "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/",
    "http://0.0.0.0/", "http://224.0.0.1/", "http://255.255.255.255/", "http://100.64.0.1/",
    "http://240.0.0.1/", "http://[::]/", "http://[fc00::1]/", "http://[fe80::1]/",
    "http://[ff02::1]/", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::a00:1]/",
    "http://[2002:a00:1::]/", "http://2130706433/", "http://0x7f000001/", "http://127.1/",
    "http://0177.0.0.1/", "http://[broken/", "http://a:b:c/", "http://[fec0::1]/",
    "http://[3fff::1]/", "http://192.88.99.1/", "http://192.0.0.129/", "http://192.0.0.9/",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
@pytest.mark.parametrize("loopback", [True, False])
async def test_a_forbidden_address_is_never_asked(tmp_path, settings, url, loopback):
    fetcher = Fetcher(settings if loopback else Settings(), limits=QUICK)
    error = await refused(
        fetcher.fetch(RemoteFile(url), FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    )
    await fetcher.aclose()
    assert error.message.startswith("the output's ") or "only http, https" in error.message
    assert not error.transient


LOOPBACK = ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "cdn.localhost", "[::1]",
            "[::ffff:127.0.0.1]"]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
async def test_this_machine_is_not_asked_unless_a_setting_points_at_it(tmp_path, host):
    fetcher = Fetcher(Settings(), limits=QUICK)
    output = RemoteFile(f"http://{host}:1/a")
    error = await refused(fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE))
    await fetcher.aclose()
    assert error.message.startswith("the output's URL leads to this machine: ")
    assert error.hint == (
        "Only a VIDI_*_URL setting on a loopback address permits downloads from loopback."
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "cdn.localhost"])
async def test_every_loopback_name_is_asked_where_a_setting_points_at_one(fetch, server, host):
    server.on("/a", gives(PNG))
    assert (await fetch(f"http://{host}:{server.port}/a")).sha256 == SHA


async def test_a_name_that_leads_to_this_machine_is_refused(tmp_path):
    name = os.uname().nodename
    fetcher = Fetcher(Settings(), limits=QUICK)
    output = RemoteFile(f"http://{name}:1/a")
    error = await refused(fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE))
    await fetcher.aclose()
    assert error.message.startswith(("the output's URL leads to ", f"http://{name}:1/a broke off"))


async def test_a_name_without_an_address_is_a_transport_error(fetch):
    error = await refused(fetch("http://no-such-host.invalid/a"))
    assert error.message.startswith("http://no-such-host.invalid/a broke off: ")
    assert error.transient


# Credentials


@pytest.mark.parametrize(
    ("base", "path", "sent"),
    [
        ("", "/v1/files/a", True),
        ("/replicate", "/replicate/v1/files/a", True),
        ("/replicate", "/fal/a", False),
        ("/replicate", "/replicated/a", False),
    ],
)
async def test_the_key_goes_to_replicates_own_address_alone(server, tmp_path, base, path, sent):
    urls = {**Settings().urls, "VIDI_REPLICATE_URL": server.url(base)}
    fetcher = Fetcher(Settings(urls=urls, keys={"replicate": "r8", "fal": "k"}), limits=QUICK)
    output = RemoteFile(server.on(path, gives(PNG)))
    await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert server.asked[0][1].get("authorization") == ("Bearer r8" if sent else None)


async def test_no_key_goes_to_another_host(server, tmp_path, settings):
    keyed = Settings(urls=settings.urls, keys={"replicate": "r8", "fal": "k"})
    fetcher = Fetcher(keyed, limits=QUICK)
    output = RemoteFile(server.on("/a", gives(PNG)))
    await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert "authorization" not in server.asked[0][1]
    assert "cookie" not in server.asked[0][1]


async def test_no_key_crosses_a_redirect(server, tmp_path):
    urls = {**Settings().urls, "VIDI_REPLICATE_URL": server.url("")}
    fetcher = Fetcher(Settings(urls=urls, keys={"replicate": "r8"}), limits=QUICK)
    server.on("/b", gives(PNG))
    output = RemoteFile(server.on("/a", redirects("/b")))
    await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    sent = [(path, headers.get("authorization")) for path, headers in server.asked]
    assert sent == [("/a", "Bearer r8"), ("/b", None)]


async def test_netrc_and_cookies_are_left_alone(fetch, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    await fetch(server.on("/a", gives(PNG, Set_Cookie="a=b")), "1.png")
    await fetch(server.url("/a"), "2.png")
    assert not {"authorization", "cookie"} & (set(server.asked[0][1]) | set(server.asked[1][1]))


# What is in the answer itself

IN_BASE64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{IN_BASE64}",
        f"DATA:image/png;charset=x;BASE64,{IN_BASE64}",
        f"data:;base64,{IN_BASE64.rstrip('=')}",
        f"data:;base64,{quote(IN_BASE64)}",
        f"data:;base64,{base64.urlsafe_b64encode(PNG).decode()}",
        f"data:;base64,{IN_BASE64[:50]}\n {IN_BASE64[50:]}",
        f"data:image/png,{quote(PNG)}",
    ],
    ids=range(7),
)
async def test_a_data_uri_is_decoded(fetch, uri):
    assert await fetch(uri) == Asset("x.png", SHA, len(PNG), "image/png", 64, 48)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("data:image/png", "a damaged data: URI: it has no comma"),
        ("data:;base64,a", "a damaged data: URI: "),
        ("data:;base64,!!!!", "a damaged data: URI: "),
        ("data:,", "an empty file instead of an image"),
        ("data:,Hola", "text (Hola) instead of an image"),
    ],
)
async def test_a_bad_data_uri_is_refused(fetch, tmp_path, uri, message):
    assert (await refused(fetch(uri))).message.startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri", [f"data:,{'a' * 11}", f"data:,{'a' * 99}", "data:;base64," + "A" * 99]
)
async def test_a_data_uri_over_the_limit_is_refused(settings, tmp_path, uri):
    fetcher = Fetcher(settings, limits=Limits(max_inline_bytes=10))
    error = await refused(
        fetcher.fetch(RemoteFile(uri), FolderStore(tmp_path), "x", kind=Kind.TEXT)
    )
    assert error.message == "a data: URI of more than 10 bytes"


PNG_OF_TEXT = "x.png holds text/plain: its extension should be .txt"
INLINE = [
    (InlineText("año ✓"), "x", "x.txt", "año ✓".encode(), ""),
    (InlineText("a"), "x.md", "x.md", b"a", ""),
    (
        InlineText("a"),
        "x.png",
        "x.png",
        b"a",
        "x.png holds text/plain: its extension should be .txt",
    ),
    (InlineText(""), "x.txt", "x.txt", b"", "the text is empty"),
    (InlineText("\ud800"), "x.txt", "x.txt", b"?", ""),
    (InlineJson({"ñ": [1]}), "x", "x.json", '{\n  "ñ": [\n    1\n  ]\n}\n'.encode(), ""),
    (InlineJson(Decimal("0.5")), "x", "x.json", b"0.5\n", ""),
    (InlineJson(Path("a")), "x", "x.json", b'"a"\n', ""),
]


@pytest.mark.parametrize(("output", "asked", "path", "content", "warning"), INLINE, ids=range(8))
async def test_text_and_json_are_written(fetch, tmp_path, output, asked, path, content, warning):
    asset = await fetch(output, asked, Kind.TEXT)
    assert (asset.path, asset.bytes, asset.warning) == (path, len(content), warning)
    assert (tmp_path / path).read_bytes() == content


async def test_a_side_product_may_be_of_any_kind(fetch, server):
    url = server.on("/a.jpg", gives(sample("jpg")))
    asset = await fetch(RemoteFile(url, "a.jpg", kinds=tuple(Kind)), "x-2.mp3", Kind.AUDIO)
    assert asset.warning == "x-2.mp3 holds image/jpeg: its extension should be .jpg"


# What stands there already


async def test_a_file_that_is_not_ours_stays(fetch, server, tmp_path):
    (tmp_path / "x.png").write_bytes(b"mine")
    error = await refused(fetch(server.on("/a", gives(PNG)), ours=lambda _: False))
    assert error.message == "a file that vidi did not make is in the way: x.png"
    assert error.hint == "Move it away, or use --overwrite to replace it."
    assert (tmp_path / "x.png").read_bytes() == b"mine"


async def test_overwrite_replaces_a_file_that_is_not_ours(fetch, server, tmp_path):
    (tmp_path / "x.png").write_bytes(b"mine")
    asset = await fetch(server.on("/a", gives(PNG)), overwrite=True)
    assert asset.replaced is None
    assert (tmp_path / "x.png").read_bytes() == PNG


async def test_an_asset_of_ours_is_kept_among_the_replaced(fetch, server, tmp_path):
    server.on("/a", gives(PNG))
    kept = []
    for old in (b"one", b"two"):
        (tmp_path / "d").mkdir(exist_ok=True)
        (tmp_path / "d/x.png").write_bytes(old)
        asset = await fetch(server.url("/a"), "d/x.png", ours=lambda path: path == "d/x.png")
        kept.append(asset.replaced)
    assert kept == [".vidi/replaced/d/x.png", ".vidi/replaced/d/x-2.png"]
    assert [(tmp_path / path).read_bytes() for path in kept] == [b"one", b"two"]


async def test_the_same_content_is_no_replacement(fetch, server, tmp_path):
    (tmp_path / "x.png").write_bytes(PNG)
    assert (await fetch(server.on("/a", gives(PNG)))).replaced is None
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


async def test_a_folder_in_the_way_is_refused(fetch, server, tmp_path):
    (tmp_path / "x.png").mkdir()
    error = await refused(fetch(server.on("/a", gives(PNG)), overwrite=True))
    assert error.message == "a folder stands where the output should be: x.png"


async def test_a_link_in_the_way_is_replaced_itself(fetch, server, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_bytes(b"keep")
    (tmp_path / "x.png").symlink_to(outside)
    await refused(fetch(server.on("/a", gives(PNG))))
    await fetch(server.url("/a"), overwrite=True)
    assert outside.read_bytes() == b"keep"
    assert not (tmp_path / "x.png").is_symlink()


@pytest.mark.parametrize("link", ["d", "d/e", ".vidi"])
async def test_a_link_out_of_the_folder_is_refused(fetch, server, tmp_path, link):
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(outside)
    path = "x.png" if link == ".vidi" else f"{link}/x.png"
    if link == ".vidi":
        (tmp_path / path).write_bytes(b"ours")
    error = await refused(fetch(server.on("/a", gives(PNG)), path, ours=lambda _: True))
    assert error.message.startswith("a link leads out of the output folder: ")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["../x.png", "/x.png", "a/../../x.png"])
async def test_a_path_out_of_the_folder_is_refused(fetch, path):
    with pytest.raises(UsageError, match=r"^the output leaves its folder: "):
        await fetch("data:,", path)


# The disk


async def test_a_folder_that_cannot_be_made_is_said(fetch, server, tmp_path):
    (tmp_path / "d").write_bytes(b"a file")
    error = await refused(fetch(server.on("/a", gives(PNG)), "d/x.png"))
    assert error.message.startswith(f"cannot write to {tmp_path / 'd'}: ")
    assert error.hint == "Free some space or name another folder with --output-dir."
    assert server.asked == []


async def test_a_name_too_long_for_the_disk_is_said(fetch, server, tmp_path):
    error = await refused(fetch(server.on("/a", gives(PNG)), f"{'x' * 300}.png"))
    assert error.message.endswith(": File name too long")
    assert leftovers(tmp_path) == []


async def test_a_full_disk_is_said(fetch, server, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        error = await refused(fetch(server.on("/a", gives(PNG))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.message == f"cannot write to {tmp_path}: File too large"
    assert not error.transient
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_is_its_own_link_is_said(fetch, server, tmp_path):
    (tmp_path / "d").symlink_to(tmp_path / "d")
    error = await refused(fetch(server.on("/a", gives(PNG)), "d/x.png"))
    assert error.message.startswith(f"cannot write to {tmp_path / 'd'}: ")


def test_leftovers_of_a_killed_run_are_removed(tmp_path):
    (tmp_path / "d").mkdir()
    for name in (".vidi-tmp-1", "d/.vidi-tmp-2", "d/x.png"):
        (tmp_path / name).touch()
    assert remove_leftovers(tmp_path) == 2
    assert [path.name for path in tmp_path.rglob("*.png")] == ["x.png"]
    assert leftovers(tmp_path) == []


# Another wire


async def test_another_wire_is_asked_without_resolving_names(tmp_path):
    def answer(request):
        assert request.url == "https://sandbox.invalid/a"
        return httpx.Response(200, content=PNG)

    fetcher = Fetcher(Settings(), httpx.MockTransport(answer), limits=QUICK)
    output = RemoteFile("https://sandbox.invalid/a")
    asset = await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert asset.sha256 == SHA


@pytest.mark.parametrize(
    ("length", "came"), [(len(PNG) + 5, f"{len(PNG)} of {len(PNG) + 5}"), (9, f"{len(PNG)} of 9")]
)
async def test_a_body_of_another_length_is_refused(tmp_path, length, came):
    def answer(_):
        return httpx.Response(200, content=PNG, headers={"Content-Length": str(length)})

    fetcher = Fetcher(Settings(), httpx.MockTransport(answer), limits=QUICK)
    output = RemoteFile("https://sandbox.invalid/a")
    error = await refused(fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE))
    assert error.message == f"https://sandbox.invalid/a ended after {came} bytes"
    await fetcher.aclose()


async def test_a_wire_that_was_given_is_not_closed(tmp_path):
    class Wire(httpx.MockTransport):
        closed = False

        async def aclose(self):
            self.closed = True

    wire = Wire(lambda _: httpx.Response(200, content=PNG))
    fetcher = Fetcher(Settings(), wire)
    await fetcher.fetch(RemoteFile("https://x.test/a"), FolderStore(tmp_path), "x", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert not wire.closed


async def test_an_app_in_process_is_a_wire(tmp_path):
    async def app(_scope, _receive, send):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": PNG[:100], "more_body": True})
        await send({"type": "http.response.body", "body": PNG[100:]})

    fetcher = Fetcher(Settings(), httpx.ASGITransport(app), limits=QUICK)
    output = RemoteFile("https://replicate.delivery/a")
    asset = await fetcher.fetch(output, FolderStore(tmp_path), "x", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert (asset.path, asset.sha256) == ("x.png", SHA)


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, vidi.inference.outputs.result; "
        "print({'httpx', 'aiohttp', 'PIL', 'av', 'tenacity'} & set(sys.modules))"
    )
    path = os.pathsep.join(sys.path)
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert ran.stdout == "set()\n"


# Proxies


async def test_a_proxy_of_the_environment_is_used(tmp_path, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url("").replace("//", "//me:secret@"))
    server.on("http://cdn.invalid/a", gives(PNG))
    fetcher = Fetcher(Settings(), limits=QUICK)
    output = RemoteFile("http://cdn.invalid/a")
    asset = await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert asset.sha256 == SHA
    login = base64.b64encode(b"me:secret").decode()
    assert server.asked[0][1]["proxy-authorization"] == f"Basic {login}"


async def test_an_address_of_the_open_internet_is_left_to_the_proxy(tmp_path, server, monkeypatch):
    monkeypatch.setenv("all_proxy", server.url(""))
    server.on("http://93.184.216.34/a", gives(PNG))
    fetcher = Fetcher(Settings(), limits=QUICK)
    output = RemoteFile("http://93.184.216.34/a")
    asset = await fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE)
    await fetcher.aclose()
    assert asset.sha256 == SHA


async def test_a_proxy_that_is_down_is_said(fetch, monkeypatch):
    monkeypatch.setenv("http_proxy", "127.0.0.1:1")
    error = await refused(fetch("http://cdn.invalid/a"))
    assert error.message.startswith("http://cdn.invalid/a broke off: Cannot connect to host 127")


async def test_a_private_address_is_refused_behind_a_proxy_too(tmp_path, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url(""))
    fetcher = Fetcher(Settings(), limits=QUICK)
    output = RemoteFile("http://10.0.0.1/a")
    error = await refused(fetcher.fetch(output, FolderStore(tmp_path), "x.png", kind=Kind.IMAGE))
    await fetcher.aclose()
    assert error.message.startswith("the output's URL leads to a private address")
    assert server.asked == []


async def test_another_kind_of_proxy_is_refused_rather_than_passed_by(fetch, monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://proxy.test:1080")
    error = await refused(fetch("https://cdn.invalid/a"))
    assert error.message == "the https proxy is not an HTTP proxy: socks5://proxy.test"
    assert error.hint == "Set HTTPS_PROXY to an http:// address, or unset it."


async def test_a_certificate_that_nobody_vouches_for_is_refused(fetch, server):
    error = await refused(fetch(server.on("/a", gives(PNG)).replace("http:", "https:")))
    assert " broke off: " in error.message
