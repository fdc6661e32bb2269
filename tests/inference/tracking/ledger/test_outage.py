"""A PostgreSQL server that is away for a while, or says nothing: nobody waits for it in vain."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from support.commands import start_installed
from support.ledgers import a_charge, same, usage
from support.servers.cable import Cable
from support.servers.intervening import JOB, serve_world
from vidi.errors import StorageError
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import reserve_charge

SHORT_S = 0.3


@pytest.fixture
def cable(postgres_database):
    return Cable(make_url(postgres_database).port)


@pytest.fixture
def address(postgres_database, cable):
    return str(make_url(postgres_database).set(port=cable.port))


@pytest.fixture
def world(here, address):
    here._monkeypatch.setenv("VIDI_LEDGER", address)
    with serve_world(here) as served:
        yield served


@pytest.mark.parametrize(("moment", "seconds"), [("submit", 3.6), ("look", 0.5), ("download", 0.5)])
def test_a_server_that_restarts_is_waited_for(world, cable, address, moment, seconds):
    """The two inferences go one after the other: the second has nothing set aside yet."""
    cut_at = []

    def cut():
        cut_at.append(time.monotonic())
        cable.cut(seconds)

    world.at(moment, cut)
    answer = world.run("-q")
    assert answer.exit_code == 0, answer.stderr
    assert time.monotonic() - cut_at[0] >= seconds
    told = [
        f"the ledger {address} does not answer: nothing is bought until it does, for 60 s at most",
        f"the ledger {address} answers again",
    ]
    assert answer.stderr.splitlines() == (told if seconds > 2 else [])
    world.check_that_all_is_well()


def test_what_was_granted_when_the_word_of_it_was_lost_is_granted_once(cable, address):
    with contextlib.closing(open_ledger(address)) as ledger:
        ledger.outlast(10, print)
        work = reserve_charge(a_charge(), [])

        def carry_out_and_lose(transaction):
            made = work.carry_out(transaction)
            if not transaction.repeated:
                transaction.change("COMMIT", {})
                cable.cut(0.2)
            return made

        granted = ledger.do(type(work)("writes", carry_out_and_lose))
        assert granted["day"] == same("0", "0.05")
        assert usage(ledger) == same("0", "0.05")


async def test_a_server_that_stands_still_is_broken_off_and_no_loop_waits(cable, address):
    ledger = open_ledger(address, patience_s=SHORT_S)
    cable.freeze()
    asked, ticks = asyncio.create_task(ledger.ask(reserve_charge(a_charge(), []))), 0
    while not asked.done():
        await asyncio.sleep(0.01)
        ticks += 1
    with pytest.raises(StorageError, match="cannot be used"):
        await asked
    assert ticks > 20
    began = time.monotonic()
    await asyncio.to_thread(ledger.close)
    assert time.monotonic() - began < 5


def test_a_server_that_takes_and_never_answers_is_told():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(StorageError, match="timeout expired"):
            open_ledger(f"postgresql://me@127.0.0.1:{port}/money", patience_s=SHORT_S)
        assert time.monotonic() - began < 10


def test_ctrl_c_ends_a_run_whose_ledger_lets_nobody_in(here):
    here.write("job.yaml", JOB)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        here._monkeypatch.setenv("VIDI_LEDGER", f"postgresql://me@127.0.0.1:{port}/money")
        run = start_installed(
            "vidi-run", "job.yaml", cwd=Path.cwd(), env=os.environ, stderr=subprocess.PIPE
        )
        line, _ = silent.accept()
        with line:  # it waits to be let in
            time.sleep(SHORT_S)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert "Traceback" not in said


@pytest.mark.parametrize("presses", [1, 3])
def test_ctrl_c_ends_a_run_whose_ledger_stands_still(world, cable, presses):
    world.at("submit", cable.freeze)
    run = start_installed(
        "vidi-run",
        "job.yaml",
        "--no-report",
        "--no-progress",
        cwd=Path.cwd(),
        env=os.environ,
        stderr=subprocess.PIPE,
    )
    while world.served.submits < 1:
        time.sleep(0.05)
    time.sleep(1.5)
    pressed_at = time.monotonic()
    for _ in range(presses):
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert time.monotonic() - pressed_at < 25
    assert world.served.submits == 1
    assert "Traceback" not in said
