"""S3 on loopback: moto's server, in a process of its own."""

import contextlib
import importlib.util
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from itertools import count

import pytest

KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
}
_BUCKETS = count(1)


@contextlib.contextmanager
def serve_s3() -> Iterator[str]:
    """Serve S3 on a free port; yields its address. Skips the test where moto is not installed."""
    for module in ("moto.server", "obstore"):
        with contextlib.suppress(ModuleNotFoundError):
            if importlib.util.find_spec(module) is not None:
                continue
        pytest.skip(f"{module} is not installed: pip install 'vidi-run[dev]'")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def make_bucket(url: str, name: str = "") -> str:
    """Make a bucket; returns its name."""
    name = name or f"bucket-{next(_BUCKETS)}"
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", method="PUT")):
        return name


def drop_bucket(url: str, name: str) -> None:
    """Take an empty bucket away."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", method="DELETE")).close()


def read_bucket(address: str, endings: tuple[str, ...] = ("",)) -> dict[str, bytes]:
    """What is below a prefix and not vidi's own, by name, as far as it ends so."""
    import obstore

    store = obstore.store.from_url(address, client_options={"allow_http": True})
    names = [each["path"] for each in obstore.list(store).collect()]
    return {
        name: bytes(obstore.get(store, name).bytes())
        for name in names
        if name.endswith(endings) and not name.startswith(".vidi/")
    }


def _wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("moto's server did not come up")
