"""Shards dispatched by Procrastinate: each of its traps, and that it decides nothing."""

import asyncio
import contextlib
import threading
import time

import psycopg
import pytest

from support.fleets import enter
from vidi.inference.tracking.fleet.rows import Row
from vidi.inference.tracking.fleet.schema import make_fleet_tables
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.runs.fleet.engine.jobs import (
    TAKEN_OVER,
    bring_back,
    dispatch,
    find_undispatched,
    make_app,
    make_job_tables,
)

JOBS = "SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1"


def work(fleet, *more):
    return fleet.here("vidi", "work", "--idle-exit", "0s", *more)


def plan(fleet, count):
    fleet.write_job(count)
    planned = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    assert planned.exit_code == 0, planned.stderr


def test_each_shard_is_one_job_in_the_queue_of_its_account(fleet):
    plan(fleet, 25)
    rows = fleet.select("SELECT queue_name, args->>'shard' FROM procrastinate_jobs ORDER BY id")
    assert [shard for _, shard in rows] == ["1", "2", "3"]
    assert fleet.select("SELECT DISTINCT queue FROM vidi_rows") == [(rows[0][0],)]
    assert work(fleet).exit_code == 0
    assert (fleet.statuses(), fleet.served.submits) == ({"succeeded": 25}, 25)
    assert fleet.select("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_a_queue_that_was_wiped_or_doubled_changes_nothing(fleet):
    plan(fleet, 12)
    fleet.change("TRUNCATE procrastinate_jobs CASCADE")
    assert work(fleet).exit_code == 0
    assert fleet.served.submits == 12
    assert work(fleet).exit_code == 0, "nothing is left"
    fleet.write_job(14)
    fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    fleet.change(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
        " SELECT queue_name, task_name, args FROM procrastinate_jobs"
    )
    assert work(fleet).exit_code == 0
    assert fleet.served.submits == 14


@pytest.mark.parametrize(
    "trouble",
    [
        "DELETE FROM procrastinate_workers",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND query LIKE '%%procrastinate%%'",
    ],
    ids=["taken for dead by another", "connections lost"],
)
def test_a_worker_that_its_queue_ends_is_begun_anew(fleet, trouble):
    """The shard goes on in its own thread, and the next ones come all the same."""
    plan(fleet, 35)

    def strike():
        with psycopg.connect(fleet.database, autocommit=True) as connection:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                done = connection.execute(
                    "SELECT count(*) FROM vidi_rows WHERE status = 'succeeded'"
                ).fetchone()
                if done and done[0] >= 5:
                    connection.execute(trouble)
                    return
                time.sleep(0.02)

    striking = threading.Thread(target=strike)
    striking.start()
    worked = work(fleet)
    striking.join()
    assert worked.exit_code == 0, worked.stderr
    assert (fleet.statuses(), fleet.served.submits) == ({"succeeded": 35}, 35)


@pytest.fixture
def queued(postgres_database):
    """A database with one shard and its job."""
    with contextlib.closing(open_ledger(postgres_database)) as ledger:
        ledger.do(make_fleet_tables())
        ledger.do(make_job_tables())
        ledger.do(make_job_tables())
        enter(ledger, "j", [Row("a", 1, 1, "q", "a.png", "a.png", "f", "{}", 1, 1)])
        yield ledger, postgres_database


async def test_two_sweeps_and_a_second_job_lose_nothing(queued):
    """What a dead worker had is tried before others; where another job waits, it goes."""
    ledger, address = queued
    app = make_app(address)
    async with app.open_async():
        shards = [tuple(row) for row in ledger.do(find_undispatched())]
        assert shards == [("j", 1, "q")]
        assert (await dispatch(app, shards), await dispatch(app, shards)) == (1, 0)
        assert ledger.do(find_undispatched()) == []
        await die_with_a_job(app, address)
        both = await asyncio.gather(bring_back(app), bring_back(app))
        assert sum(both) >= 1
        assert select(address, "SELECT priority FROM procrastinate_jobs") == [(TAKEN_OVER,)]
        await die_with_a_job(app, address)
        await dispatch(app, shards)
        assert select(address, JOBS) == [("doing", 1), ("todo", 1)]
        assert await bring_back(app) == 0
        assert select(address, JOBS) == [("todo", 1)]


async def die_with_a_job(app, address):
    worker = await app.job_manager.register_worker()
    assert await app.job_manager.fetch_job(queues=["q"], worker_id=worker) is not None
    change(address, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 min'")


def select(address, query):
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(query).fetchall()


def change(address, statement):
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)
