"""Media files for price rules that look into input files."""

import pytest

from support.media import make_picture, make_sound, make_video


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """picture.png 1000x1000, large.png 2000x1500, sound.wav 12 s, video.mp4 320x240, 3 s at 30."""
    folder = tmp_path_factory.mktemp("priced")
    make_picture(folder / "picture.png")
    make_picture(folder / "large.png", 2000, 1500)
    make_sound(folder / "sound.wav", 12)
    make_video(folder / "video.mp4")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder
