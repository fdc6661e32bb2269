"""Local files, before they are sent."""

from __future__ import annotations

import pytest

from vidi.errors import RejectedError
from vidi.inference.providers.uploads import LocalFile, inspect_file


def test_a_file_is_inspected_without_reading_it_all(tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    assert inspect_file(path) == LocalFile(path, 1008, "image/png")


@pytest.mark.parametrize(
    ("name", "content_type", "sent"),
    [
        ("a.PNG", "image/png", "input.png"),
        ("猫.png", "image/png", "input.png"),
        ("a b.tar.gz", "application/gzip", "input.gz"),
        ("x.猫", "image/webp", "input.webp"),
        ("x", "audio/mpeg", "input.mp3"),
        ("x.", "application/octet-stream", "input"),
        (f"{'n' * 196}.png", "image/png", "input.png"),
    ],
)
def test_a_provider_is_told_a_name_that_every_header_takes(tmp_path, name, content_type, sent):
    assert LocalFile(tmp_path / name, 1, content_type).neutral_name == sent


async def test_a_file_that_goes_away_before_it_is_read_is_named(tmp_path):
    with pytest.raises(RejectedError) as caught:
        await LocalFile(tmp_path / "a.png", 1, "image/png").read()
    assert caught.value.message == "a.png cannot be read: No such file or directory"
    assert caught.value.hint == "Check that the file is there and that you may read it."
