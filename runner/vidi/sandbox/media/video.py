"""Videos by PyAV: the picture of an image and a bar that moves, of exactly the ordered length."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, cast

import av

from vidi.sandbox.media.image import draw_picture
from vidi.sandbox.media.order import CONTENT_TYPES, Made
from vidi.sandbox.media.tone import encode_tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from vidi.sandbox.media.order import MediaOrder

SPARSE_FPS = 8
"""The frame rate where nobody asked for one: it keeps a video cheap to make."""
_MOST_SPARSE_FRAMES = 240
"""So many frames at most where nobody asked for a rate, but one a second."""

_OPTIONS = {
    "libx264": {"preset": "ultrafast", "crf": "32"},
    "mpeg4": {"qscale": "12"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "1M"},
}
_BAR = 12
"""Height of the moving bar, in pixels."""


def make_video(order: MediaOrder) -> Made:
    """Make one video, with a sound track where one was ordered."""
    if order.format == "gif":
        return _make_gif(order)
    file = BytesIO()
    with av.open(file, "w", format=order.format) as container:
        container.metadata["title"] = "SANDBOX"
        container.metadata["comment"] = order.text[:1000]
        video = _video_stream(container, order)
        sound = encode_tone(container, _sound_codec(order), order) if order.sound else None
        for frame in _frames(order):
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for packet in sound or ():
            container.mux(packet)
    return Made(file.getvalue(), CONTENT_TYPES[order.format])


def frame_count(order: MediaOrder) -> int:
    """How many frames the ordered video has."""
    if order.frames:
        return order.frames
    if order.fps:
        return max(1, round(order.duration_s * order.fps))
    most = max(_MOST_SPARSE_FRAMES, round(order.duration_s))
    return max(1, min(round(order.duration_s * SPARSE_FPS), most))


def _video_stream(container: OutputContainer, order: MediaOrder) -> VideoStream:
    codec = "libvpx" if order.format == "webm" else _first_encoder("libx264", "mpeg4")
    count = frame_count(order)
    rate = Fraction(count / order.duration_s).limit_denominator(1000)
    stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=_OPTIONS[codec]))
    stream.width, stream.height = _even(order.width), _even(order.height)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    return stream


def _frames(order: MediaOrder) -> Iterator[av.VideoFrame]:
    picture = draw_picture(order).crop((0, 0, _even(order.width), _even(order.height)))
    still = av.VideoFrame.from_image(picture).reformat(format="yuv420p")  # type: ignore[no-untyped-call]  # PyAV's own
    planes = [bytes(plane) for plane in still.planes]
    luma, stride = planes[0], still.planes[0].line_size
    count = frame_count(order)
    rows = max(1, still.height - _BAR)
    for index in range(count):
        start = (index * rows // count) * stride
        bar = b"\xeb" * (min(_BAR, still.height) * stride)
        frame = av.VideoFrame(still.width, still.height, "yuv420p")
        frame.planes[0].update(luma[:start] + bar + luma[start + len(bar) :])
        frame.planes[1].update(planes[1])
        frame.planes[2].update(planes[2])
        frame.pts = index
        yield frame


def _make_gif(order: MediaOrder) -> Made:
    count = min(frame_count(order), 20)
    still = draw_picture(order).quantize(16)
    pictures = [still.copy() for _ in range(count)]
    for index, picture in enumerate(pictures):
        top = index * max(1, order.height - _BAR) // count
        picture.paste(1, (0, top, order.width, top + _BAR))
    file = BytesIO()
    each_ms = round(order.duration_s * 1000 / count)
    pictures[0].save(
        file, format="GIF", save_all=True, append_images=pictures[1:], duration=each_ms, loop=0
    )
    return Made(file.getvalue(), CONTENT_TYPES["gif"])


def _sound_codec(order: MediaOrder) -> str:
    return "libopus" if order.format == "webm" else "aac"


def _first_encoder(*names: str) -> str:
    return next(name for name in names if name in av.codecs_available)


def _even(pixels: int) -> int:
    return max(2, pixels - pixels % 2)
