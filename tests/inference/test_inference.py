"""The names that the package hands out."""

import subprocess
import sys

import pytest

import vidi.inference

HEAVY = ("httpx", "aiohttp", "replicate", "fal_client", "sqlalchemy", "PIL", "av", "starlette")


@pytest.mark.parametrize("name", vidi.inference.__all__)
def test_every_name_is_there_and_documented(name):
    assert getattr(vidi.inference, name).__doc__
    assert name in dir(vidi.inference)


def test_names_are_sorted():
    assert vidi.inference.__all__ == sorted(vidi.inference.__all__)


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match=r"^module 'vidi\.inference' has no attribute 'x'$"):
        _ = vidi.inference.x


def test_importing_is_light():
    program = (
        "import sys, vidi.inference\n"
        "from vidi.inference import *\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
