"""`vidi reconcile --costs`: what was booked at its estimate, put right by the provider's list."""

import contextlib
import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support.servers.altered_sandbox import LOST, NEVER_ARRIVED, run, serve_altered, write_job

UNITS = "x-fal-billable-units"
FLAGGED = {"on": "result", "fault": "moderated"}


def without_units(exchange):
    if UNITS not in exchange.headers:
        return exchange
    return replace(exchange, headers={k: v for k, v in exchange.headers.items() if k != UNITS})


def paid(here):
    return here("vidi", "costs", "--json").json["total_usd"]


def test_a_failure_without_units_costs_nothing_after_all(here):
    write_job(here, "fal", "a")
    with serve_altered(here, without_units, FLAGGED):
        assert run(here).exit_code == 1
        booked = paid(here)
        assert booked > 0, "its estimate, as nothing proves less"
        told = here("vidi", "reconcile", "job.yaml", "--costs", "--json").json
        (bill,) = told["costs"]
        assert (bill["id"], bill["was_usd"], bill["actual_usd"]) == ("a", booked, 0)
        assert bill["basis"] == "none"
        assert paid(here) == 0
        again = here("vidi", "reconcile", "job.yaml", "--costs")
        assert (again.exit_code, again.stdout) == (0, "nothing is booked at its estimate\n")


def test_every_attempt_is_put_right_and_a_sum_is_no_surer_than_its_weakest_part(here):
    def cost():
        (row,) = here.manifest("outputs/job")["inferences"]
        return row["cost_usd"]

    def learnt():
        with contextlib.closing(sqlite3.connect(os.environ["VIDI_LEDGER"])) as ledger:
            rows = ledger.execute("SELECT basis, actual FROM vidi_bills ORDER BY attempt")
            return [(basis, actual > 0) for basis, actual in rows]

    def of_failures(exchange):
        return without_units(exchange) if exchange.status >= 400 else exchange

    write_job(here, "fal", "a")
    path = here.folder / "job.yaml"
    retrying = path.read_text().replace("defaults: {", "defaults: {retry: {on: failed}, ")
    path.write_text(retrying)
    with serve_altered(here, of_failures, {"on": "result", "fault": "unread-input", "times": 2}):
        assert run(here).exit_code == 0
        before = cost()
        assert (before["basis"], before["paid_basis"]) == ("estimated", "estimated")
        assert learnt() == [("estimated", True), ("estimated", True), ("metered", True)]
        told = here("vidi", "reconcile", "job.yaml", "--costs", "--json").json["costs"]
        assert [(bill["id"], bill["actual_usd"]) for bill in told] == [("a", 0), ("a", 0)]
        assert len({bill["request_id"] for bill in told}) == 2
        assert learnt() == [("none", False), ("none", False), ("metered", True)]
        assert run(here).exit_code == 0
        after = cost()
        assert (after["paid_basis"], after["paid"]) == ("metered", paid(here))
        assert after["paid"] == pytest.approx(before["paid"] - sum(b["was_usd"] for b in told))


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_where_nobody_can_say_the_estimate_stands(here, status):
    refusing = []

    def alter(exchange):
        if refusing and "/fal-rest/requests" in exchange.path:
            return replace(exchange, status=status, body=b"{}")
        return without_units(exchange)

    write_job(here, "fal", "a")
    with serve_altered(here, alter, FLAGGED):
        run(here)
        booked = paid(here)
        refusing.append(True)
        told = here("vidi", "reconcile", "job.yaml", "--costs")
        assert told.exit_code == 0
        assert "stays an estimate: " in told.stdout
        assert paid(here) == booked


def test_bills_and_doubts_are_settled_one_after_the_other(here):
    write_job(here, "fal", "a")
    with serve_altered(here, without_units, FLAGGED):
        run(here)
        answer = here("vidi", "reconcile", "job.yaml", "--costs", "--paid", "a=b")
        assert answer.exit_code == 2


def test_the_own_list_alone_is_enough_to_adopt(here):
    def alter(exchange):
        return replace(exchange, status=401) if "by-endpoint" in exchange.path else exchange

    write_job(here, "fal", "a")
    with serve_altered(here, alter, LOST) as served:
        assert (run(here).exit_code, served.submits) == (0, 1)


def test_a_request_of_another_time_cannot_be_said_to_be_it(here):
    hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    request = f"{hour_ago >> 16:08x}-{hour_ago & 0xFFFF:04x}-7000-8000-000000000001"
    write_job(here, "fal", "a")
    with serve_altered(here, lambda exchange: exchange, NEVER_ARRIVED):
        assert run(here).exit_code == 6
        answer = here("vidi", "reconcile", "job.yaml", "--paid", f"a={request}")
    assert answer.exit_code == 2
    assert f"{request} cannot be taken for a: it was queued at " in answer.stderr
    assert "Nothing was changed." in answer.stderr
