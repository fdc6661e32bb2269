"""The manifest of a run that lasts is written beside it, by a thread, and never after the last."""

import asyncio
import threading

import pytest

from vidi.errors import StorageError
from vidi.runs.execution import manifest_keeping
from vidi.runs.execution.manifest_keeping import MOST_ENTRIES, keep_manifest


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(manifest_keeping, "FIRST_S", 0.0)
    monkeypatch.setattr(manifest_keeping, "EVERY_S", 0.0)
    monkeypatch.setattr(manifest_keeping, "TIMES", 0)


async def end(keeper: asyncio.Task):
    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper


async def test_it_is_noted_on_the_loop_written_off_it_and_whole_when_the_run_ends():
    here, begun, go_on = threading.current_thread(), asyncio.Event(), threading.Event()
    loop, written = asyncio.get_running_loop(), []

    def snapshot():
        assert threading.current_thread() is here

        def write():
            assert threading.current_thread() is not here
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)
            written.append("whole")

        return write

    keeper = asyncio.create_task(keep_manifest(1, snapshot))
    await begun.wait()
    loop.call_later(0.05, go_on.set)
    await end(keeper)
    assert written == ["whole"]


async def test_a_full_disk_is_tried_again():
    tried = []

    def write():
        tried.append(1)
        raise StorageError("no room")

    keeper = asyncio.create_task(keep_manifest(1, lambda: write))
    while len(tried) < 2:
        await asyncio.sleep(0)
    await end(keeper)


async def test_a_large_one_is_written_at_the_end_only():
    await keep_manifest(MOST_ENTRIES + 1, lambda: pytest.fail("written"))
