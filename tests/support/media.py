"""Small real media files of a known size and length, for tests that price them."""

import wave

import av
from PIL import Image


def make_picture(path, width=1000, height=1000):
    Image.new("RGB", (width, height)).save(path)


def make_sound(path, seconds):
    """Silence, WAV inside whatever the file is called."""
    with path.open("wb") as file, wave.open(file) as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(int(8000 * seconds) * 2))


def make_video(path, seconds=3):
    """320x240 at 30 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(30 * seconds):
            container.mux(stream.encode(av.VideoFrame(320, 240, "yuv420p")))
        container.mux(stream.encode())


def make_document(path, pages=1):
    """A PDF of empty pages: its tree says how many."""
    page = b"<< /Type /Page /Parent 1 0 R >>"
    kids = b" ".join(b"%d 0 R" % (number + 2) for number in range(pages))
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages)
    objects = [tree, *[page] * pages]
    parts = [b"%d 0 obj\n%s\nendobj\n" % (at + 1, body) for at, body in enumerate(objects)]
    path.write_bytes(b"%PDF-1.4\n" + b"".join(parts) + b"trailer << /Root 1 0 R >>\n%%EOF\n")


def make_example_files(folder):
    """The files that the templates' examples name."""
    make_picture(folder / "input.png")
    make_sound(folder / "input.mp3", 2)
    make_video(folder / "input.mp4", 1)
    make_document(folder / "input.pdf")
