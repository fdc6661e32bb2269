"""Video of which key frames alone are decoded, as it is large or long."""

import io
from decimal import Decimal

import av
import pytest
from PIL import Image

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.recordings.decoder import MOST_PIXELS
from vidi.inference.outputs.checking.verify import verify

RATE = 5
EVERY = 3
"""Frames from one key frame to the next."""
FORMS = {
    "mp4": ("libx264", "video/mp4", {"preset": "ultrafast", "bf": "0"}),
    "mkv": ("libx264", "video/x-matroska", {"preset": "ultrafast", "bf": "2"}),
    "ts": ("libx264", "video/mp2t", {"preset": "ultrafast"}),
    "mov": ("mpeg4", "video/quicktime", {}),
    "avi": ("mpeg4", "video/x-msvideo", {}),
    "webm": ("libvpx", "video/webm", {"deadline": "realtime", "cpu-used": "8"}),
}
CONTAINERS = {"ts": "mpegts", "mkv": "matroska"}


def film(form, height=1440, frames=7):
    """A video of so many frames; and of each packet its place, its bytes, whether it is a key."""
    codec, _, options = FORMS[form]
    file, width = io.BytesIO(), height * 16 // 9
    picture = Image.effect_noise((width // 8, height // 8), 90).convert("RGB")
    turned = [picture.rotate(turn).resize((width, height)) for turn in (0, 180)]
    drawn = [av.VideoFrame.from_image(each).reformat(format="yuv420p") for each in turned]
    with av.open(file, "w", format=CONTAINERS.get(form, form)) as container:
        stream = container.add_stream(codec, rate=RATE, options={**options, "g": str(EVERY)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            drawn[number % 2].pts = number
            container.mux(stream.encode(drawn[number % 2]))
        container.mux(stream.encode())
    content = file.getvalue()
    with av.open(io.BytesIO(content)) as container:
        found = [each for each in container.demux(video=0) if each.size]
        return content, [(each.pos, each.size, each.is_keyframe) for each in found]


@pytest.fixture
def check(tmp_path):
    def run(content: bytes, **options) -> Facts:
        path = tmp_path / "staged"
        path.write_bytes(content)
        return verify(path, {OutputType.VIDEO}, **options)

    return run


def blank(content: bytes, place: int, size: int) -> bytes:
    return content[:place] + bytes(size) + content[place + size :]


@pytest.mark.parametrize("form", FORMS)
def test_a_large_one_passes_with_its_facts(check, form):
    content, _ = film(form)
    facts = check(content)
    assert (facts.content_type, facts.width, facts.height) == (FORMS[form][1], 2560, 1440)
    assert (abs(facts.duration_s - Decimal(7) / RATE) < Decimal("0.3"), facts.warning) == (True, "")


def test_every_key_frame_of_a_large_one_is_looked_at(check):
    content, packets = film("mp4")
    keys = [(place, size) for place, size, is_key in packets if is_key]
    assert len(keys) == 3
    for place, size in keys:
        with pytest.raises(DownloadError, match=r"^the video/mp4 file does not decode: "):
            check(blank(content, place, size))


def test_the_frames_between_are_only_parsed(check):
    content, packets = film("mp4")
    between = [(place, size) for place, size, is_key in packets if not is_key]
    with pytest.raises(DownloadError, match=r"^the video/mp4 file does not decode: "):
        check(blank(content, *between[1]))


def test_a_long_one_is_decoded_for_a_while_and_by_its_key_frames_from_then_on(check):
    frames = MOST_PIXELS // (960 * 540) + 20
    content, packets = film("mp4", 540, frames)
    assert check(content) == Facts("video/mp4", 960, 540, Decimal(frames) / RATE)
    late = next(packet for packet in packets[-9:] if packet[2])
    for place, size, _ in (packets[10], late):
        with pytest.raises(DownloadError, match=r"^the video/mp4 file does not decode: "):
            check(blank(content, place, size))
