import os
from decimal import Decimal

import av
import pytest
from PIL import Image

from support.media import make_picture, make_sound, make_video
from vidi.inference.models.prices.probe import (
    FileFacts,
    UnreadableMediaError,
    image_facts,
    media_facts,
)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp"])
def test_an_image(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    make_picture(path, 200, 100)
    assert image_facts(path) == FileFacts(width=Decimal(200), height=Decimal(100))


def test_a_video(tmp_path):
    path = tmp_path / "clip.mp4"
    make_video(path, 2)
    facts = media_facts(path)
    assert facts == FileFacts(Decimal(320), Decimal(240), Decimal(2), Decimal(60), Decimal(30))
    assert image_facts(path) == facts


def test_a_sound(tmp_path):
    path = tmp_path / "sound.wav"
    make_sound(path, 2.5)
    assert media_facts(path) == FileFacts(length=Decimal("2.5"))


def test_a_video_whose_container_counts_no_frames(tmp_path):
    path = tmp_path / "clip.mkv"
    make_video(path, 2)
    facts = media_facts(path)
    assert (facts.frames, facts.fps) == (60, 30)
    assert abs(facts.length - 2) < Decimal("0.1")


def test_a_sound_without_a_length(tmp_path):
    path = tmp_path / "empty.wav"
    make_sound(path, 0)
    assert media_facts(path).length is None


def test_a_large_picture_is_only_opened(tmp_path):
    path = tmp_path / "large.png"
    Image.new("1", (12_000, 12_000)).save(path)
    assert image_facts(path).width == 12_000


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.mp4", "a.wav", "a.bin", "a"])
@pytest.mark.parametrize("content", [b"", b"no picture" * 50, bytes(2000)], ids=["", "text", "0"])
@pytest.mark.parametrize("read", [image_facts, media_facts])
def test_what_is_no_medium_is_not_read_as_one(tmp_path, name, content, read):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableMediaError, match=r"^(its pictures have no size$|it |cannot )"):
        read(path)


def test_a_broken_picture(tmp_path):
    path = tmp_path / "cut.png"
    make_picture(path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UnreadableMediaError):
        image_facts(path)


PLAYLISTS = {
    "concat": "ffconcat version 1.0\nfile real.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nreal.mp4\n#EXT-X-ENDLIST\n",
    "session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("text", PLAYLISTS.values(), ids=PLAYLISTS)
def test_what_names_other_files_is_no_medium(tmp_path, text):
    make_video(tmp_path / "real.mp4")
    path = tmp_path / "list.mp4"
    path.write_text(text)
    with pytest.raises(UnreadableMediaError):
        media_facts(path)


def test_a_container_with_neither_pictures_nor_sound(tmp_path):
    path = tmp_path / "data.mp4"
    with av.open(str(path), "w") as container:
        container.add_data_stream("bin_data")
        container.start_encoding()
    with pytest.raises(UnreadableMediaError, match=r"^it holds neither pictures nor sound$"):
        media_facts(path)


def test_a_file_is_read_once_until_it_changes(tmp_path):
    path = tmp_path / "picture.png"
    make_picture(path, 10, 10)
    first = image_facts(path)
    assert image_facts(path) is first
    for width in (20, 3000):  # of one moment, and of another length
        make_picture(path, width, 10)
        os.utime(path, ns=(1, 1))
        assert image_facts(path).width == width
    path.write_bytes(bytes(path.stat().st_size))  # as long, and of another moment
    os.utime(path, ns=(2, 2))
    with pytest.raises(UnreadableMediaError):
        image_facts(path)
    sound = tmp_path / "sound.wav"
    for length in (1, 2):  # of one moment, and of another length
        make_sound(sound, length)
        os.utime(sound, ns=(1, 1))
        assert media_facts(sound).length == length
    sound.write_bytes(bytes(sound.stat().st_size))
    os.utime(sound, ns=(2, 2))
    with pytest.raises(UnreadableMediaError):
        media_facts(sound)
