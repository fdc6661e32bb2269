import asyncio
import os
import signal

import pytest

from vidi.runs.execution.signals import received_signals
from vidi.runs.execution.stopping import LEAVE, Stop, listening_to_signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_asks_once_more_and_has_its_exit_code(number, code):
    stop, levels = Stop(), []
    stop.on_press(levels.append)
    with received_signals.hearing(), listening_to_signals(stop):
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait_for(1), 5)
    assert (stop.requested, stop.exit_code, levels) == (True, code, [1])


async def test_the_first_signal_decides_the_exit_code_and_three_are_the_most():
    stop = Stop()
    for code in (143, 130, 130, 130):
        stop.press(code)
    await stop.wait_for(LEAVE)
    assert (stop.level, stop.exit_code) == (LEAVE, 143)


async def test_nothing_is_asked_at_first():
    stop = Stop()
    assert (stop.requested, stop.exit_code) == (False, 0)
