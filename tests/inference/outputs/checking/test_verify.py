import contextlib
import io
import re
import struct
import zlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.assets import sample
from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType as Kind
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.signatures import content_type_of, missing_bytes
from vidi.inference.outputs.checking.verify import verify
from vidi.inference.outputs.finding.naming import with_extension


@pytest.fixture
def check(tmp_path):
    def run(content: bytes, *kinds: Kind, name: str = "") -> Facts:
        path = tmp_path / "staged"
        path.write_bytes(content)
        return verify(path, kinds, name)

    return run


KEPT = "{} is kept as it came: not opened"

GOOD = [
    ("png", Kind.IMAGE, Facts("image/png", 64, 48)),
    ("jpg", Kind.IMAGE, Facts("image/jpeg", 64, 48)),
    ("webp", Kind.IMAGE, Facts("image/webp", 64, 48)),
    ("gif", Kind.IMAGE, Facts("image/gif", 64, 48)),
    ("bmp", Kind.IMAGE, Facts("image/bmp", 64, 48)),
    ("tiff", Kind.IMAGE, Facts("image/tiff", 64, 48)),
    ("svg", Kind.IMAGE, Facts("image/svg+xml")),
    ("gif", Kind.VIDEO, Facts("image/gif", 64, 48)),
    ("mp4", Kind.VIDEO, Facts("video/mp4", 64, 48, Decimal(1))),
    ("mov", Kind.VIDEO, Facts("video/quicktime", 64, 48, Decimal(1))),
    ("webm", Kind.VIDEO, Facts("video/webm", 64, 48, Decimal(1))),
    ("mkv", Kind.VIDEO, Facts("video/x-matroska", 64, 48, Decimal(1))),
    ("avi", Kind.VIDEO, Facts("video/x-msvideo", 64, 48, Decimal(1))),
    ("wav", Kind.AUDIO, Facts("audio/wav", duration_s=Decimal(1))),
    ("flac", Kind.AUDIO, Facts("audio/flac", duration_s=Decimal(1))),
    ("glb", Kind.THREE_D, Facts("model/gltf-binary")),
    ("gltf", Kind.THREE_D, Facts("model/gltf+json")),
    ("ply", Kind.THREE_D, Facts("model/ply")),
    ("obj", Kind.THREE_D, Facts("model/obj")),
    ("stl", Kind.THREE_D, Facts("model/stl")),
    ("zip", Kind.THREE_D, Facts("application/zip", warning=KEPT.format("application/zip"))),
    ("zip", Kind.IMAGE, Facts("application/zip", warning=KEPT.format("application/zip"))),
    ("txt", Kind.TEXT, Facts("text/plain")),
    ("srt", Kind.TEXT, Facts("application/x-subrip")),
    ("vtt", Kind.TEXT, Facts("text/vtt")),
    ("html", Kind.TEXT, Facts("text/html")),
    ("json", Kind.TEXT, Facts("application/json")),
    ("pdf", Kind.TEXT, Facts("application/pdf", warning=KEPT.format("application/pdf"))),
    ("json", Kind.JSON, Facts("application/json")),
    ("jsonl", Kind.JSON, Facts("application/json")),
    ("zip", Kind.FILE, Facts("application/zip")),
    ("json", Kind.FILE, Facts("application/json")),
    ("png", Kind.FILE, Facts("image/png")),
    ("number", Kind.JSON, Facts("application/json")),
    ("bracket", Kind.TEXT, Facts("text/plain")),
]


@pytest.mark.parametrize(("name", "kind", "facts"), GOOD, ids=lambda value: str(value)[:12])
def test_what_was_paid_for_passes_with_its_facts(check, name, kind, facts):
    assert check(sample(name), kind, name=f"x.{name}") == facts


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("mp3", "audio/mpeg"), ("ogg", "audio/ogg"), ("m4a", "audio/mp4"), ("aac", "audio/aac")],
)
def test_sound_whose_codec_pads_it_lasts_about_as_long_as_it_is(check, name, content_type):
    facts = check(sample(name), Kind.AUDIO)
    assert facts.content_type == content_type
    assert Decimal("0.9") < facts.duration_s < Decimal("1.2")


WRONG = [
    ("html", Kind.IMAGE, "an HTML page instead of an image"),
    ("html", Kind.VIDEO, "an HTML page instead of a video"),
    ("html", Kind.AUDIO, "an HTML page instead of an audio file"),
    ("html", Kind.THREE_D, "an HTML page instead of a 3D model"),
    ("html", Kind.JSON, "an HTML page instead of JSON"),
    ("json", Kind.IMAGE, 'JSON ({"a": [1, 2]}) instead of an image'),
    ("txt", Kind.VIDEO, "text (año ✓) instead of a video"),
    ("bin", Kind.IMAGE, "data of an unknown kind instead of an image"),
    ("bin", Kind.TEXT, "data of an unknown kind instead of text"),
    ("json", Kind.THREE_D, 'JSON ({"a": [1, 2]}) instead of a 3D model'),
    ("mp4", Kind.IMAGE, "a video (video/mp4) instead of an image"),
    ("mp4", Kind.AUDIO, "a video (video/mp4) instead of an audio file"),
    ("wav", Kind.VIDEO, "an audio file (audio/wav) instead of a video"),
    ("png", Kind.AUDIO, "an image (image/png) instead of an audio file"),
    ("glb", Kind.IMAGE, "a 3D model (model/gltf-binary) instead of an image"),
    ("pdf", Kind.IMAGE, "a file of application/pdf instead of an image"),
    ("png", Kind.JSON, "an image (image/png) instead of JSON"),
    (
        "xml",
        Kind.IMAGE,
        'an XML document (<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>)'
        " instead of an image",
    ),
]


@pytest.mark.parametrize(("name", "kind", "message"), WRONG)
def test_another_kind_is_refused_by_name(check, name, kind, message):
    with pytest.raises(DownloadError, match=f"^{re.escape(message)}$"):
        check(sample(name), kind)


def test_html_is_refused_even_where_any_kind_will_do(check):
    with pytest.raises(DownloadError, match=r"^an HTML page instead of a file$"):
        check(sample("html"), *Kind)


def test_a_side_product_of_an_unknown_form_is_kept(check):
    facts = check(sample("bin"), *Kind)
    assert facts == Facts(
        "application/octet-stream", warning=KEPT.format("application/octet-stream")
    )


def test_a_stream_that_does_not_say_how_long_it_is_is_measured(check):
    facts = check(sample("live"), Kind.VIDEO)
    assert facts.content_type == "video/webm"
    assert Decimal("0.9") <= facts.duration_s <= Decimal("1.1")


@pytest.mark.parametrize("name", ["mp4", "mov"])
def test_sound_in_a_video_container_is_sound(check, name):
    facts = check(sample(f"sound.{name}"), Kind.AUDIO)
    assert (facts.content_type, facts.width) == ("audio/mp4", None)


def test_sound_in_a_video_container_is_no_video(check):
    with pytest.raises(DownloadError, match=r"^an audio file \(audio/mp4\) instead of a video"):
        check(sample("sound.mp4"), Kind.VIDEO)


def test_an_image_that_pillow_cannot_open_here_is_kept_with_a_warning(check):
    facts = check(b"\xff\x0a" + bytes(50), Kind.IMAGE)
    assert facts == Facts("image/jxl", warning="image/jxl cannot be opened here: not checked")


def test_a_long_text_is_quoted_in_part(check):
    with pytest.raises(DownloadError) as raised:
        check(b"no " * 200, Kind.IMAGE)
    assert raised.value.message == f"text ({('no ' * 27)[:79]}…) instead of an image"


@pytest.mark.parametrize("kind", Kind)
def test_an_empty_file_is_refused(check, kind):
    with pytest.raises(DownloadError, match=r"^an empty file instead of ") as raised:
        check(b"", kind)
    assert raised.value.transient


CUT = ["png", "jpg", "webp", "gif", "mp4", "mov", "wav", "glb", "svg", "avi"]


@pytest.mark.parametrize("name", CUT)
def test_a_file_cut_in_half_is_refused(check, name):
    kind = {"glb": Kind.THREE_D, "wav": Kind.AUDIO}.get(
        name, Kind.VIDEO if name in {"mp4", "mov", "avi"} else Kind.IMAGE
    )
    whole = sample(name)
    with pytest.raises(DownloadError, match=r"cut short|does not decode"):
        check(whole[: len(whole) // 2 + 20] if name == "svg" else whole[: len(whole) // 2], kind)


def _drawn(form: str, mode: str = "RGB") -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.effect_noise((48, 48), 90).convert(mode).save(file, form)
    return file.getvalue()


def _filmed() -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="flv") as container:
        stream = container.add_stream("flv", rate=5)
        stream.width, stream.height = 64, 48
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    return file.getvalue()


HDR = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\x80\x80\x80\x80"
MIDI = b"MThd\0\0\0\x06\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"
NOT_OPENED = "{} cannot be opened here: not checked"
RARE = {
    "jp2": (lambda: _drawn("JPEG2000"), Kind.IMAGE, "image/jp2", ""),
    "ico": (lambda: _drawn("ICO"), Kind.IMAGE, "image/x-icon", ""),
    "tga": (lambda: _drawn("TGA"), Kind.IMAGE, "image/x-tga", ""),
    "ppm": (lambda: _drawn("PPM"), Kind.IMAGE, "image/x-portable-anymap", ""),
    "pgm": (lambda: _drawn("PPM", "L"), Kind.IMAGE, "image/x-portable-anymap", ""),
    "hdr": (lambda: HDR, Kind.IMAGE, "image/vnd.radiance", NOT_OPENED),
    "mid": (lambda: MIDI, Kind.AUDIO, "audio/midi", KEPT),
    "flv": (_filmed, Kind.VIDEO, "video/x-flv", ""),
    "amr": (lambda: b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50, Kind.AUDIO, "audio/amr", ""),
}


@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("asked", ["own", "file"])
def test_rare_formats_pass(check, name, asked):
    make, kind, content_type, warning = RARE[name]
    facts = check(make(), Kind.FILE if asked == "file" else kind, name=f"x.{name}")
    assert facts.content_type == content_type
    assert facts.warning == ("" if asked == "file" else warning.format(content_type))
    assert with_extension("x", content_type) in {f"x.{name}", "x.ppm"}


@pytest.mark.parametrize(
    "content",
    [
        "größe".encode("cp1252"),
        "猫".encode("utf-16"),
        b"\xc3\xa1\xff\xfe" * 2000,
        b"a" * 5000 + b"\xff",
        b"a" * 5000 + b"\xc3",
    ],
)
def test_text_that_is_not_utf_8_is_kept_as_its_bytes(check, content):
    warning = "the text is not UTF-8: kept as the bytes that came"
    assert check(content, Kind.TEXT) == Facts("text/plain", warning=warning)


@pytest.mark.parametrize("name", ["weights", "x.tar", "x.json", "x.txt"])
def test_a_file_may_hold_any_bytes(check, name):
    for content in (
        b"\0\1\2",
        b"{not json",
        b"\xff\xfe\0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\1WAVE",
    ):
        assert check(content, Kind.FILE, name=name).warning == ""


def test_a_cut_file_says_how_much_is_missing(check):
    with pytest.raises(
        DownloadError, match=r"^the audio/wav file is cut short: 10 bytes are missing$"
    ):
        check(sample("wav")[:-10], Kind.AUDIO)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"\xc3\xa1\xff\0" * 2000, Kind.TEXT, "data of an unknown kind instead of text"),
        (b'{"a": ', Kind.JSON, "the JSON does not read: Expecting value: line 1 column 7 (char 6)"),
        (
            b"\x89PNG\r\n\x1a\n" + b"x" * 99,
            Kind.IMAGE,
            "the image/png file is cut short: its end is missing",
        ),
        (
            b"RIFF\0\0\0\0WEBP" + b"x" * 99,
            Kind.IMAGE,
            "the image/webp file is cut short: its end is missing",
        ),
        (b"fLaC" + b"x" * 99, Kind.AUDIO, None),
        (b"\x1aE\xdf\xa3" + b"x" * 99, Kind.VIDEO, "the video/x-matroska file is cut short"),
    ],
)
def test_damage_is_refused(check, content, kind, message):
    with pytest.raises(DownloadError, match=re.escape(message or "does not decode: ")):
        check(content, kind)


def test_a_text_whose_letter_straddles_the_first_block_passes(check):
    assert check(b"a" * 4095 + "á".encode(), Kind.TEXT) == Facts("text/plain")


def test_a_playlist_is_text_and_opens_nothing(check):
    with pytest.raises(DownloadError, match=r"^text \(#EXTM3U http://10\.0\.0\.1/\) instead of"):
        check(b"#EXTM3U\nhttp://10.0.0.1/", Kind.VIDEO)


def test_a_song_with_a_sleeve_is_sound(check):
    picture = b"\0image/jpeg\0\3\0" + sample("jpg")
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    sizes = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    facts = check(b"ID3\3\0\0" + sizes + frame + sample("mp3"), Kind.AUDIO)
    assert (facts.content_type, facts.width) == ("audio/mpeg", None)


def test_a_song_with_tags_in_another_alphabet_is_kept(check):
    name = b"a\xf1o\xff"
    tags = b"INFOINAM" + len(name).to_bytes(4, "little") + name
    whole = sample("wav") + b"LIST" + len(tags).to_bytes(4, "little") + tags
    content = b"RIFF" + (len(whole) - 8).to_bytes(4, "little") + whole[8:]
    facts = check(content, Kind.AUDIO)
    assert facts.content_type == "audio/wav"
    assert facts.warning in {"", "its tags are not UTF-8: not opened"}


def make_png(width: int, height: int, packed: bytes) -> bytes:
    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_an_image_too_large_to_decode_is_kept_with_a_warning(check):
    facts = check(make_png(30000, 30000, bytes(3_000_000)), Kind.IMAGE)
    assert facts.warning == "too large to be decoded: only its chunks are checked"


@pytest.mark.parametrize("side", [30000, 2**31 - 1])
def test_a_header_that_promises_more_than_the_file_can_hold_is_refused(check, side):
    with pytest.raises(DownloadError, match="is cut short"):
        check(make_png(side, side, b"x"), Kind.IMAGE)


def test_a_header_of_more_than_there_is_is_refused(check):
    with pytest.raises(DownloadError, match="its header says what there is not"):
        check(make_png(2**31, 2**31, b"x"), Kind.IMAGE)


def test_a_video_of_nothing_is_refused(check):
    whole = sample("mp4")
    start, end = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    with pytest.raises(DownloadError, match=r"does not decode|without a frame"):
        check(whole[:start] + bytes(end - start) + whole[end:], Kind.VIDEO)


BOX = b"\0\0\0\x10ftypisom\0\0\0\0"


@pytest.mark.parametrize(
    ("content", "content_type", "missing"),
    [
        (BOX, "video/mp4", 0),
        (BOX[:-1], "video/mp4", 1),
        (BOX + b"\0\0\0\0mdat" + b"x" * 50, "video/mp4", 0),
        (BOX + b"\0\0\0\1mdat\0\0\0\0\0\0\0\x64" + b"x" * 50, "video/mp4", 34),
        (BOX + b"\0\0\0\1mdat\0\0\0\0\0\0\0\1" + b"x" * 50, "video/mp4", 0),
        (BOX + b"junk", "video/mp4", 0),
        (BOX + b"\0\0\0\2junk", "video/mp4", 0),
        (b"glTF", "model/gltf-binary", 12),
        (sample("glb") + b"more", "model/gltf-binary", 0),
        (b"RIFF\0\0\0\0WAVE", "audio/wav", 0),
        (b"RIFF\xff\xff\xff\xffWAVE", "audio/wav", 0),
        (b"RIFF\x05\0\0\0WAVE", "audio/wav", 1),
        (b"anything", "image/png", 0),
    ],
)
def test_a_header_tells_how_much_is_missing(tmp_path, content, content_type, missing):
    path = tmp_path / "staged"
    path.write_bytes(content)
    assert missing_bytes(path, content_type, len(content)) == missing


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\0\0\0\x20ftypavif", "image/avif"),
        (b"\0\0\0\x20ftypheic", "image/heic"),
        (b"\xff\x0a", "image/jxl"),
        (b"\0\0\0\x08wide", "video/quicktime"),
        (b"\0\0\1\xba", "video/mpeg"),
        (b"\x47" + bytes(187) + b"\x47", "video/mp2t"),
        (b"FORM\0\0\0\0AIFF", "audio/aiff"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (bytes(257) + b"ustar", "application/x-tar"),
        (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
        (b"\xef\xbb\xbf<!-- x --> <SVG>", "image/svg+xml"),
        (b"<!doctype svg>", "image/svg+xml"),
        (b" " * 4000 + b"<html>", "text/html"),
        (b"<" * 4000, "text/plain"),
        (b"BMX is a bicycle", "text/plain"),
        (b"RIFF....XXXX", "text/plain"),
        (b"", "application/octet-stream"),
    ],
)
def test_first_bytes_tell_the_type(head, content_type):
    assert content_type_of(head) == content_type


FORMS = ["png", "jpg", "webp", "gif", "bmp", "tiff", "mp4", "webm", "avi", "mp3", "wav", "flac",
         "ogg", "glb", "json", "srt"]  # fmt: skip


@settings(deadline=None)  # the first of each form is made when it is drawn
@given(
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=20),
    st.none() | st.integers(1, 5000),
)
def test_damage_is_refused_in_words_or_does_no_harm(tmp_path_factory, name, hits, end):
    content = bytearray(sample(name))
    for start, piece in hits:
        content[start : start + len(piece)] = piece
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[:end])
    with contextlib.suppress(DownloadError):
        assert verify(path, tuple(Kind)).content_type
