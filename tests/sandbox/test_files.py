"""Files are served whole and in part, as the providers' delivery hosts do."""

import pytest


async def _file(caller):
    (url,) = (await caller.prediction())["output"]
    return url, await caller.http.get(url)


async def test_whole(call):
    url, answer = await _file(call())
    assert url.startswith("https://replicate.delivery/files/")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"].startswith('"')


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-999999", 3, None),
    ],
)
async def test_parts(call, header, start, stop):
    caller = call()
    url, whole = await _file(caller)
    part = await caller.http.get(url, headers={"Range": header})
    first, size = part.headers["content-range"].removeprefix("bytes ").split("/")
    assert part.status_code == 206
    assert part.content == whole.content[start:stop]
    assert int(size) == len(whole.content)
    assert first.startswith(str(start % len(whole.content)))
    assert part.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("header", ["bytes=999999-", "bytes=9-3", "bytes=-", "lines=1-2"])
async def test_parts_that_are_not_there(call, header):
    caller = call()
    url, whole = await _file(caller)
    answer = await caller.http.get(url, headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"


@pytest.mark.parametrize(("tag", "status"), [(None, 206), ("other", 200)])
async def test_if_range(call, tag, status):
    caller = call()
    url, whole = await _file(caller)
    headers = {"Range": "bytes=0-1", "If-Range": tag or whole.headers["etag"]}
    assert (await caller.http.get(url, headers=headers)).status_code == status


async def test_head(call):
    caller = call()
    url, whole = await _file(caller)
    answer = await caller.http.head(url)
    assert answer.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize("host", ["replicate.delivery", "v3.fal.media"])
async def test_missing(call, host):
    assert (await call().http.get(f"https://{host}/files/none/a.png")).status_code == 404
