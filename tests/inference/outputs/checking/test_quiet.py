"""What libraries say by themselves about a file reaches no terminal; what we say does."""

import io
import subprocess
import sys

from PIL import Image

CHECK = """\
import sys
from pathlib import Path
from vidi.cli import _begin
from vidi.errors import DownloadError
from vidi.inference.models.prices.probe import UnreadableMediaError, image_facts
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.verify import verify
if sys.argv[1] == "ours":
    _begin()
refused = 0
for path in map(Path, sys.argv[2:]):
    try:
        verify(path, {OutputType.IMAGE}, "x.tiff")
    except DownloadError:
        refused += 1
    try:
        image_facts(path)
    except UnreadableMediaError:
        pass
print(refused, "refused", file=sys.stderr)
"""
"""As a command does it: what it is imported by decides whose the process is."""
COMPRESSIONS = (
    "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group3", "group4", "zstd", "lzma",
)  # fmt: skip


def damaged_tiffs(folder):
    """One of each compression whose data is damaged, and one with odd tags that Pillow warns of."""
    noise = Image.effect_noise((200, 150), 90)
    for name in COMPRESSIONS:
        made = io.BytesIO()
        picture = noise.convert("1") if name.startswith("group") else noise.convert("RGB")
        picture.save(made, "TIFF", compression=name)
        content = bytearray(made.getvalue())
        content[2000:2200] = bytes(range(200))
        path = folder / f"{name}.tiff"
        path.write_bytes(content)
        yield path
    cut = folder / "cut.tiff"
    cut.write_bytes(made.getvalue()[:-20])  # in its directory, which is at the end
    yield cut


def read(whose, paths):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, whose, *paths], capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines()


def test_libraries_say_nothing_on_our_terminal(tmp_path):
    paths = list(damaged_tiffs(tmp_path))
    raw = read("a program's", paths)
    assert sum("Decode" in line for line in raw) >= 3, raw  # else there is nothing to keep quiet
    assert read("ours", paths) == [raw[-1]]
    assert int(raw[-1].split()[0]) >= len(COMPRESSIONS) // 2
