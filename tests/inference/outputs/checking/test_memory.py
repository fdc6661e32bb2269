"""A PNG and a JPEG are checked in little memory, however many pixels they have."""

import subprocess
import sys

import pytest
from PIL import Image

MOST_MIB = 40
"""Over what a process has that has checked a small picture of the same format."""
SIDE = 5000
"""Pixels; 72 MiB decoded."""
FORMATS = {
    "png": {},
    "jpg": {"quality": 80},
    "progressive.jpg": {"quality": 80, "progressive": True},
}
CHECK = """\
import re, sys
from pathlib import Path
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.verify import verify

def most_kib():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

small, large = map(Path, sys.argv[1:])
verify(small, {OutputType.IMAGE})
idle = most_kib()
verify(large, {OutputType.IMAGE})
print(most_kib() - idle)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process took at most")
@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_of_25_megapixels(tmp_path, name):
    picture = Image.linear_gradient("L").convert("RGB")
    small, large = tmp_path / f"small.{name}", tmp_path / f"large.{name}"
    picture.save(small, **FORMATS[name])
    picture.resize((SIDE, SIDE)).save(large, **FORMATS[name])
    done = subprocess.run(
        [sys.executable, "-c", CHECK, small, large], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= MOST_MIB * 1024
