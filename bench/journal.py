"""What the journal costs: an fsynced event beside a bare write and fsync, and how much it writes.

Both sides of the first write the same lines into files of one folder, by turns. Bytes are counted
in memory (/dev/shm) where there is such a folder, as they are no seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))

from figure import Figure

from vidi.inference.tracking.journal.journal import FileJournal

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")
AT_ONCE = 64
SETTINGS = {
    "smallest": (100, (10, 20)),
    "ordinary": (2000, (100, 1000, 10_000)),
    "full": (2000, (1000, 10_000, 100_000)),
}
"""Events, and the inferences whose bytes are counted."""
TURN = 100
"""Events of one side before it is the other's turn."""
PARAMS = {
    "prompt": "a forest at dawn",
    "aspect_ratio": "16:9",
    "output_format": "webp",
}
MODEL = "replicate/black-forest-labs/flux-schnell"
URL = "https://api.replicate.com/v1/predictions/k4bq1z7v5drm80cw3xgt"


def describe(number: int) -> list[tuple[str, dict[str, Any]]]:
    """The events of one inference, as a run writes them."""
    price = {"low": 0.003, "high": 0.003}
    line = {"what": "image", "quantity": 1, "rate": 0.003, "usd": 0.003, "as_of": "2026-11-22"}
    intent = {"attempt": 1, "model": MODEL, "fingerprint": "f" * 64, "params": PARAMS, "sent": {}}
    money = {"inputs": {}, "reserved_usd": 0.003, "estimate_usd": price, "breakdown": [line]}
    file = {"path": f"{number}.webp", "sha256": "a" * 64, "bytes": 48_213, "warning": ""}
    facts = {"content_type": "image/webp", "width": 1344, "height": 768, "duration_s": None}
    urls = {"get": URL, "cancel": f"{URL}/cancel"}
    output = [f"https://replicate.delivery/xezq/{number:040}/out-0.webp"]
    return [
        ("intent", intent | money),
        ("submitted", {"request_id": f"id{number}", "urls": urls}),
        ("completed", {"output": output, "metrics": {"predict_time": 1.2}, "billable_units": None}),
        ("asset", file | facts | {"replaced": None, "mtime_ns": 1_790_000_000_000_000_000}),
        ("settled", {"status": "succeeded", "actual_usd": 0.003, "basis": "metered"}),
    ]


async def time_events(folder: Path, count: int) -> tuple[float, float]:
    """Seconds that so many fsynced events took in the journal, and as bare writes."""
    log = folder / "log.jsonl"
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ours = plain = 0.0
    with FileJournal(log, run="bench") as journal:
        for start in range(0, count, TURN):
            before = log.stat().st_size if start else 0
            began = time.perf_counter()
            for number in range(start, start + TURN):
                await journal.append("intent", f"a{number}", **describe(number)[0][1])
            ours += time.perf_counter() - began
            with log.open("rb") as file:
                file.seek(before)
                lines = file.readlines()
            began = time.perf_counter()
            for line in lines:
                os.write(bare, line)
                os.fsync(bare)
            plain += time.perf_counter() - began
    os.close(bare)
    return ours, plain


async def time_at_once(folder: Path, count: int) -> float:
    """Seconds that so many fsynced events took, as many at once as a busy run has."""
    began = time.perf_counter()
    with FileJournal(folder / "at-once.jsonl", run="bench") as journal:
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            intents = (
                journal.append("intent", f"a{number}", **describe(number)[0][1])
                for number in numbers
            )
            await asyncio.gather(*intents)
    return time.perf_counter() - began


async def count_bytes(folder: Path, count: int) -> int:
    """How many bytes the journal of so many inferences has."""
    log = folder / f"{count}.jsonl"
    with FileJournal(log, run="bench") as journal:
        for number in range(count):
            for event, fields in describe(number):
                await journal.append(event, f"a{number}", **fields)
    return log.stat().st_size


def measure(size: str) -> Iterator[Figure]:
    """An event alone, 64 of them at once, and the bytes of ever more inferences."""
    count, sizes = SETTINGS[size]
    with tempfile.TemporaryDirectory() as name:
        ours, plain = asyncio.run(time_events(Path(name), count))
        at_once = asyncio.run(time_at_once(Path(name), count))
    bare = "a bare write and fsync"
    ours, plain, at_once = (1000 * seconds / count for seconds in (ours, plain, at_once))
    yield Figure("an event of the journal", ours, "ms", bare, plain)
    yield Figure("an event of the journal, 64 at once", at_once, "ms", bare, plain, 0.2)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        each = [asyncio.run(count_bytes(Path(name), many)) / many for many in sizes]
    grown = f"of {sizes[0]:,}"
    for many, written in zip(sizes[1:], each[1:], strict=True):
        yield Figure(f"journal an inference, of {many:,}", written, "bytes", grown, each[0], 1.05)
