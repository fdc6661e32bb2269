"""Every format, opened again: kind, size, length, and the word SANDBOX."""

import json
import struct
from dataclasses import replace
from io import BytesIO

import av
import pytest
from PIL import Image

from vidi.lettering.lines import sized_font
from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import CONTENT_TYPES, MediaOrder
from vidi.sandbox.media.text import chunks_of, say
from vidi.sandbox.media.video import frame_count

IMAGE = MediaOrder("image", "png", "a lighthouse", "seed", width=200, height=120)
VIDEO = MediaOrder("video", "mp4", "a lighthouse", "seed", width=320, height=180, duration_s=1)
AUDIO = MediaOrder("audio", "wav", "a lighthouse", "seed", duration_s=1.5)


@pytest.mark.parametrize(
    ("file_format", "name"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("gif", "GIF")]
)
def test_images(file_format, name):
    made = make_media(replace(IMAGE, format=file_format))
    picture = Image.open(BytesIO(made.data))
    picture.load()
    assert (picture.format, picture.size) == (name, (200, 120))
    assert made.content_type == CONTENT_TYPES[file_format]


def test_svg_says_sandbox_and_the_prompt():
    text = make_media(replace(IMAGE, format="svg", text="a < b")).data.decode()
    assert 'width="200" height="120"' in text
    assert "SANDBOX" in text
    assert "a &lt; b" in text


def test_an_image_shows_its_text():
    shown, other = (make_media(replace(IMAGE, text=text)).data for text in ("one", "two"))
    assert shown != other


@pytest.mark.parametrize(
    "text",
    [
        *("غابة سوداء", "יער שחור", "काला जंगल", "ป่าสีดำ", "雨中的黑森林", "黒い森 カタカナ"),
        *("검은 숲", "🌲🌧😀", "ñandú", "лес", "δάση", "ქართული", "ሀገር", "বন", "காடு"),
    ],
)
def test_every_script_is_written_in_its_own_letters(text):
    """No letter is the box that stands for what a font does not have, and none is a `?`."""
    font = sized_font(32, ascii_only=text.isascii())
    missing = font.getmask("\U000f1234", "1")
    for letter in text.replace(" ", ""):
        assert bytes(font.getmask(letter, "1")) != bytes(missing), letter
    shown, questions = (
        make_media(replace(IMAGE, text=each)).data for each in (text, "?" * len(text))
    )
    assert shown != questions


def test_a_long_prompt_without_spaces_stays_in_the_picture():
    made = make_media(replace(IMAGE, width=400, height=400, text="黒い森" * 60))
    picture = Image.open(BytesIO(made.data)).convert("L")
    right = picture.crop((380, 0, 400, 400)).point(lambda value: 255 * (value > 250))
    assert right.getbbox() is None
    assert picture.crop((25, 100, 375, 160)).point(lambda value: 255 * (value > 250)).getbbox()


def test_what_is_read_from_the_right_stands_on_the_right():
    left, right = (
        Image.open(BytesIO(make_media(replace(IMAGE, width=800, height=400, text=text)).data))
        .convert("L")
        .crop((0, 100, 400, 130))
        .point(lambda value: 255 * (value > 250))
        .getbbox()
        for text in ("a word", "יער")
    )
    assert left
    assert right is None


def test_a_black_image_is_black():
    made = make_media(replace(IMAGE, black=True, text=""))
    colours = Image.open(BytesIO(made.data)).convert("L").getcolors()
    assert max(colours)[1] == 0


@pytest.mark.parametrize("order", [IMAGE, VIDEO, AUDIO], ids=lambda order: order.kind)
def test_the_same_order_gives_the_same_bytes(order):
    first = make_media(order).data
    make_media.cache_clear()
    assert make_media(order).data == first
    assert make_media(replace(order, seed="another")).data != first


@pytest.mark.parametrize(
    ("file_format", "codec"), [("mp4", "h264"), ("mov", "h264"), ("webm", "vp8")]
)
@pytest.mark.parametrize("sound", [False, True])
def test_videos(file_format, codec, sound):
    made = make_media(replace(VIDEO, format=file_format, sound=sound))
    with av.open(BytesIO(made.data)) as file:
        frames = list(file.decode(video=0))
        stream = file.streams.video[0]
        assert stream.codec_context.name == codec
        assert (stream.width, stream.height) == (320, 180)
        assert file.duration / 1e6 == pytest.approx(1, abs=0.05)
        assert len(frames) == 8
        assert len(file.streams.audio) == sound
        assert {key.lower(): value for key, value in file.metadata.items()}["title"] == "SANDBOX"


@pytest.mark.parametrize(
    ("asked", "frames", "rate"),
    [({"fps": 24}, 24, 24), ({"frames": 33, "duration_s": 33 / 16}, 33, 16), ({"fps": 60}, 60, 60)],
)
def test_frames_that_were_asked_for(asked, frames, rate):
    made = make_media(replace(VIDEO, **asked))
    with av.open(BytesIO(made.data)) as file:
        assert len(list(file.decode(video=0))) == frames
        assert file.streams.video[0].average_rate == rate


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({"duration_s": 30}, 240), ({"duration_s": 60}, 240), ({"duration_s": 600}, 600),
        ({"duration_s": 0.01}, 1), ({"duration_s": 60, "fps": 30}, 1800), ({"frames": 7}, 7),
    ],
)  # fmt: skip
def test_frame_count(more, count):
    assert frame_count(replace(VIDEO, **more)) == count


def test_an_odd_frame_is_made_even():
    made = make_media(replace(VIDEO, width=321, height=181))
    with av.open(BytesIO(made.data)) as file:
        assert file.streams.video[0].width == 320
        assert file.streams.video[0].height == 180


def test_an_animated_gif():
    picture = Image.open(BytesIO(make_media(replace(VIDEO, format="gif")).data))
    assert (picture.size, picture.n_frames) == ((320, 180), 8)


@pytest.mark.parametrize(
    ("file_format", "codec"),
    [("mp3", "mp3float"), ("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "opus"),
     ("opus", "opus"), ("aac", "aac"), ("m4a", "aac")],
)  # fmt: skip
def test_sounds(file_format, codec):
    made = make_media(replace(AUDIO, format=file_format))
    with av.open(BytesIO(made.data)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
        assert file.streams.audio[0].codec_context.name == codec
        assert samples / file.streams.audio[0].rate == pytest.approx(1.5, abs=0.1)
    assert made.content_type == CONTENT_TYPES[file_format]


@pytest.mark.parametrize(("file_format", "width"), [("pcm", 2), ("ulaw", 1), ("alaw", 1)])
def test_raw_sounds(file_format, width):
    assert len(make_media(replace(AUDIO, format=file_format)).data) == 36000 * width


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_sample_rates(rate):
    made = make_media(replace(AUDIO, format="mp3", rate=rate))
    with av.open(BytesIO(made.data)) as file:
        assert file.streams.audio[0].rate == rate


def test_sounds_are_tagged():
    with av.open(BytesIO(make_media(replace(AUDIO, format="mp3")).data)) as file:
        assert file.metadata["title"] == "SANDBOX"
        assert file.metadata["comment"] == "a lighthouse"


def test_glb_is_a_valid_container():
    data = make_media(MediaOrder("3d", "glb", "a chair", "seed")).data
    magic, version, length = struct.unpack_from("<4sII", data)
    size, kind = struct.unpack_from("<I4s", data, 12)
    scene = json.loads(data[20 : 20 + size])
    binary, binary_kind = struct.unpack_from("<I4s", data, 20 + size)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    assert (kind, binary_kind) == (b"JSON", b"BIN\0")
    assert scene["buffers"][0]["byteLength"] == binary == 36
    assert scene["asset"]["extras"] == {"text": "a chair"}


@pytest.mark.parametrize(
    ("kind", "file_format", "start"),
    [("3d", "obj", b"# SANDBOX hi\n"), ("3d", "ply", b"ply\nformat ascii"),
     ("text", "txt", b"SANDBOX: hi"), ("text", "srt", b"1\n00:00:00,000 -->")],
)  # fmt: skip
def test_text_formats(kind, file_format, start):
    made = make_media(MediaOrder(kind, file_format, "hi", "seed"))
    assert made.data.startswith(start)
    assert made.content_type == CONTENT_TYPES[file_format]


def test_chunks_join_to_the_whole():
    assert "".join(chunks_of(say("two words"))) == "SANDBOX: two words"
