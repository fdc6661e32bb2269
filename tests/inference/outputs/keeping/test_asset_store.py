"""What every store of assets does alike: a folder, object storage, and either kind of its looks."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.servers.object_storage import KEYS, make_bucket
from vidi.errors import DownloadError, StorageError, UsageError
from vidi.inference.bucket import SHA256, Bucket
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.outputs.keeping.objects import CREATED_BYTES, ObjectStore

KINDS = ("folder", "memory", "memory, listed", "s3", "s3, listed")


@pytest.fixture(params=KINDS)
def store(request, tmp_path, monkeypatch):
    if request.param == "folder":
        return FolderStore(tmp_path / "out")
    pytest.importorskip("obstore", reason="obstore is not installed: the extra `objects`")
    address = "memory:///"
    if request.param.startswith("s3"):
        url = request.getfixturevalue("s3")
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        address = f"s3://{make_bucket(url)}/a/prefix"
    bucket = Bucket(address, os.environ, what="the output_dir", hint="Look.")
    made = ObjectStore(bucket, tmp_path / "scratch")
    if request.param.endswith("listed"):
        made.list_once()
    return made


def sha(content):
    return hashlib.sha256(content).hexdigest()


def put(store, path, content, **more):
    """Publish as the fetcher does: staged, then named."""
    staging = store.stage(path)
    try:
        staging.write([content])
        return store.publish(staging.path, path, staging.finish(), **more)
    finally:
        staging.discard()


def content_of(store, path):
    return b"".join(store.read(path))


def left_behind(tmp_path):
    return list(tmp_path.rglob(".vidi-tmp-*"))


def test_what_is_published_is_there_whole_and_by_its_content(store, tmp_path):
    assert store.look("d/Ω x.png") is None
    assert put(store, "d/Ω x.png", b"one") is None
    first = store.look("d/Ω x.png")
    assert (first.bytes, first.plain) == (3, True)
    assert first.mtime_ns or first.e_tag
    assert content_of(store, "d/Ω x.png") == b"one"
    assert store.hash("d/Ω x.png") == sha(b"one")
    with store.opened("d/Ω x.png") as path:
        assert path.read_bytes() == b"one"
    assert put(store, "d/Ω x.png", b"one", ours=lambda _: True) is None  # fetched before a kill
    assert store.look("d/Ω x.png") == first
    assert list(store.list("d")) == ["d/Ω x.png"]
    assert list(store.list(".vidi")) == []
    assert store.address("x").endswith("/x")
    assert not left_behind(tmp_path)


def test_what_has_just_come_may_be_ours_and_what_is_not_there_is_not(store):
    assert not store.came_since("a.png", datetime.now(UTC))
    put(store, "a.png", b"one")
    assert store.came_since("a.png", datetime.now(UTC) - timedelta(seconds=60))


def test_what_was_there_before_is_not_ours(tmp_path):
    folder = FolderStore(tmp_path)
    put(folder, "a.png", b"one")
    assert not folder.came_since("a.png", datetime.now(UTC) + timedelta(seconds=60))


def test_an_object_without_its_hash_is_not_ours(tmp_path):
    pytest.importorskip("obstore", reason="obstore is not installed: the extra `objects`")
    bucket = Bucket("memory:///", os.environ, what="the output_dir", hint="Look.")
    bucket.put("a.png", b"one", {})
    assert not ObjectStore(bucket, tmp_path).came_since("a.png", datetime.now(UTC))


def test_what_is_not_ours_stays_and_what_is_ours_is_kept(store, tmp_path):
    put(store, "a.png", b"theirs")
    for ours in (None, lambda _: False):
        with pytest.raises(DownloadError, match="a file that vidi did not make is in the way"):
            put(store, "a.png", b"new", ours=ours)
    assert content_of(store, "a.png") == b"theirs"
    assert put(store, "a.png", b"written over", overwrite=True) is None
    asked = []
    kept = [
        put(store, "a.png", content, ours=lambda path: bool(asked.append(path)) or True)
        for content in (b"second", b"third")
    ]
    assert kept == [".vidi/replaced/a.png", ".vidi/replaced/a-2.png"]
    assert asked == ["a.png", "a.png"]
    assert [content_of(store, path) for path in (*kept, "a.png")] == [
        b"written over",
        b"second",
        b"third",
    ]
    assert sorted(store.list(".vidi/replaced")) == sorted(kept)
    assert not left_behind(tmp_path)


def test_it_moves_and_what_it_meets_makes_way(store):
    put(store, "old/a.png", b"mine")
    put(store, "new/a.png", b"before")
    assert store.move("old/a.png", "free/a.png", sha(b"mine")) is None
    assert store.look("old/a.png") is None
    kept = store.move("free/a.png", "new/a.png", sha(b"mine"), ours=lambda _: True)
    assert (kept, content_of(store, kept)) == (".vidi/replaced/new/a.png", b"before")
    assert (content_of(store, "new/a.png"), store.look("free/a.png")) == (b"mine", None)
    with pytest.raises(DownloadError, match="did not make"):
        store.move(kept, "new/a.png", sha(b"before"))
    # The same is there already: nothing is moved, and the caller clears the old place.
    put(store, "twin.png", b"mine")
    assert store.move("twin.png", "new/a.png", sha(b"mine"), ours=lambda _: True) is None
    store.remove("twin.png", sha(b"mine"), but="new/a.png")
    assert store.look("twin.png") is None


def test_only_the_very_content_is_removed(store):
    put(store, "a.png", b"one")
    put(store, "b.png", b"one")
    store.remove("a.png", sha(b"another"), but="b.png")
    store.remove("a.png", sha(b"one"), but="a.png")
    store.remove("nothing.png", sha(b"one"), but="b.png")
    assert content_of(store, "a.png") == b"one"
    store.remove("a.png", sha(b"one"), but="b.png")
    assert (store.look("a.png"), content_of(store, "b.png")) == (None, b"one")


def test_what_a_name_meets_is_found_whatever_its_type(store):
    for path in ("d/x.png", "d/x.webp", "d/x.txt.bak", "d/xy.png", "x.png", "e/d/x.png"):
        put(store, path, b"1")
    assert sorted(store.find_standing("d/x")) == ["d/x.png", "d/x.webp"]
    assert list(store.find_standing("x")) == ["x.png"]
    assert list(store.find_standing("d/x.png")) == ["d/x.png"]
    assert list(store.find_standing("d/x.gif")) == list(store.find_standing("f/x")) == []


@pytest.mark.parametrize("path", ["../x.png", "/x.png", "a/../../x.png"])
def test_nothing_leads_out(store, path):
    with pytest.raises(UsageError):
        store.stage(path)


def test_what_is_not_there_is_said(store):
    with pytest.raises((OSError, StorageError)):
        store.hash("x.png")
    with pytest.raises((OSError, StorageError)):
        content_of(store, "x.png")


def test_many_threads_publish_at_once(store, tmp_path):
    def publish(number):
        return put(store, f"{number % 8}.png", f"{number}".encode(), ours=lambda _: True)

    with ThreadPoolExecutor(8) as pool:
        kept = [each for each in pool.map(publish, range(24)) if each is not None]
    assert len(kept) == len(set(kept)) == 16
    paths = [f"{number}.png" for number in range(8)]
    found = sorted(int(content_of(store, path)) for path in (*kept, *paths))
    assert found == list(range(24))
    assert not left_behind(tmp_path)


def test_a_large_file_goes_in_pieces_and_what_stands_there_is_compared_first(tmp_path):
    pytest.importorskip("obstore", reason="obstore is not installed: the extra `objects`")
    store = ObjectStore(Bucket("memory:///", {}, what="it", hint=""), tmp_path)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(CREATED_BYTES + 1)
    assert store.publish(large, "x.bin", "h" * 64) is None
    assert store.publish(large, "x.bin", "h" * 64) is None
    assert store.hash("x.bin") == "h" * 64
    with pytest.raises(DownloadError, match="did not make"):
        store.publish(large, "x.bin", "i" * 64)
    assert store.publish(large, "x.bin", "i" * 64, ours=lambda _: True) == ".vidi/replaced/x.bin"
    assert store.hash(".vidi/replaced/x.bin") == "h" * 64


def test_an_object_of_others_is_hashed_by_its_bytes(tmp_path):
    pytest.importorskip("obstore", reason="obstore is not installed: the extra `objects`")
    bucket = Bucket("memory:///", {}, what="it", hint="")
    bucket.put("x.png", b"theirs", {})
    bucket.put("y.png", b"ours", {SHA256: sha(b"ours")})
    store = ObjectStore(bucket, Path(tmp_path))
    assert (store.hash("x.png"), store.hash("y.png")) == (sha(b"theirs"), sha(b"ours"))
