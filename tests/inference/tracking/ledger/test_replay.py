from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from support.ledgers import NOON, a_cap, a_charge, same, select, usage, usd
from vidi.errors import RefusedError
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import reserve_charge, settle_charge
from vidi.inference.tracking.ledger.reading import Span, read_costs, read_history
from vidi.inference.tracking.ledger.replay import RunRecord, read_record, replay_journal

HERE = RunRecord("run-1", "jobs/a.yaml", "/data/outputs/a", NOON)
NEXT = RunRecord("run-2", "jobs/a.yaml", "/data/outputs/a", NOON + timedelta(hours=1))
COPY = RunRecord("run-1", "jobs/a.yaml", "/data/copies/a", NOON)


def replay(ledger, *journal, records=(HERE, NEXT)):
    ledger.do(replay_journal(records, journal, NOON))


def test_an_empty_ledger_takes_over_a_whole_journal_and_again_changes_nothing(ledger):
    journal = [
        a_charge("a", "0.05", actual="0.04"),
        a_charge("b", "0.05", actual="0", attempt=1),
        a_charge("b", "0.05", actual="0.05", attempt=2),
        a_charge("c", "0.02"),
        a_charge("d", "0.03"),
    ]
    for _ in range(3):
        replay(ledger, *journal)
        assert usage(ledger) == same("0.09", "0.05")


def test_what_was_settled_while_the_ledger_did_not_listen_is_settled_once(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    for _ in range(2):
        replay(ledger, a_charge("a", "0.05", actual="0.03"))
    assert usage(ledger) == same("0.03", "0")


def test_what_is_in_doubt_stays_reserved(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    replay(ledger, a_charge("a", "0.05"))
    assert usage(ledger) == same("0", "0.05")


def test_a_kill_between_the_reservation_and_the_intent_gives_the_money_back(ledger):
    replay(ledger, records=[HERE])
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    replay(ledger)
    assert usage(ledger) == same("0", "0")


def test_a_copy_of_a_folder_gives_back_nothing_that_the_original_has_under_way(ledger):
    replay(ledger, records=[HERE])
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    replay(ledger, records=[COPY])
    assert usage(ledger) == same("0", "0.05")


def test_what_a_folder_was_emptied_of_stays_reserved(ledger):
    replay(ledger, records=[HERE])
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    replay(ledger, records=[NEXT])
    assert usage(ledger) == same("0", "0.05")


def test_the_journal_has_the_last_word_about_an_amount(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    ledger.do(settle_charge(a_charge("a").key, usd("0.05"), NOON))
    replay(ledger, a_charge("a", "0.05", actual="0.01"))
    assert usage(ledger) == same("0.01", "0")


def test_what_the_ledger_has_settled_is_not_opened_by_a_journal_that_lost_its_tail(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    ledger.do(settle_charge(a_charge("a").key, usd("0.04"), NOON))
    replay(ledger, a_charge("a", "0.05"))
    assert usage(ledger) == same("0.04", "0")


def test_facts_are_entered_over_any_cap_and_then_nothing_more_is_granted(ledger):
    replay(ledger, a_charge("a", "3", actual="3"))
    with pytest.raises(RefusedError) as caught:
        ledger.do(reserve_charge(a_charge("b", "0.01"), [a_cap("day", "1")]))
    assert "and $0.00 is left of the day's budget of $1.00: $3.00 spent" in caught.value.message


def test_each_charge_is_entered_in_its_own_periods(ledger):
    yesterday = NOON - timedelta(days=1)  # a Sunday: another week too
    replay(ledger, a_charge("a", actual="0.05"), a_charge("b", at=yesterday, actual="0.02"))
    assert usage(ledger) == same("0.05", "0")
    assert usage(ledger, "week", yesterday) == same("0.02", "0")
    assert usage(ledger, "month") == same("0.07", "0")


def test_the_runs_of_a_journal_are_listed(ledger):
    replay(ledger, a_charge("a", actual="0.05"), a_charge("a", run="run-2"))
    runs = [(run.run, run.inferences, run.cost, run.in_doubt) for run in ledger.do(read_history(9))]
    assert runs == [("run-2", 1, usd("0"), usd("0.05")), ("run-1", 1, usd("0.05"), usd("0"))]


def test_a_thousand_runs_are_replayed(ledger):
    journal = [
        a_charge("a", "0.001", run=f"run-{number}", actual="0.001") for number in range(1001)
    ]
    for _ in range(2):
        replay(ledger, *journal)
    assert usage(ledger) == same("1.001", "0")
    (row,) = ledger.do(read_costs("provider", Span()))
    assert (row.name, row.attempts, row.actual) == ("fal", 1001, usd("1.001"))


def test_another_folders_runs_are_none_of_its_business(ledger):
    elsewhere = RunRecord("run-9", "jobs/b.yaml", "/data/outputs/b", NOON)
    replay(ledger, records=[elsewhere])
    ledger.do(reserve_charge(a_charge("a", "0.05", run="run-9"), []))
    replay(ledger)
    assert usage(ledger) == same("0", "0.05")


def test_copies_that_are_replayed_at_once_enter_everything_once(address):
    open_ledger(address).close()
    journal = [a_charge(str(number), "0.01", actual="0.01") for number in range(20)]

    def replay_copy(number):
        opened = open_ledger(address)
        replay(opened, *journal, records=[RunRecord("run-1", "a.yaml", f"/{number}", NOON)])
        opened.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(replay_copy, range(12)))
    ledger = open_ledger(address)
    assert usage(ledger) == same("0.20", "0")
    ledger.close()


def test_an_amount_is_settled_at_the_journals_time_not_at_the_replays(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.05"), []))
    later = NOON + timedelta(hours=3)
    replay(ledger, replace(a_charge("a", "0.05", actual="0.03"), settled_at=later))
    replay(ledger, replace(a_charge("b", "0.05", actual="0.03"), settled_at=later))
    times = select(ledger, "SELECT settled_at FROM vidi_charges")
    assert [at for (at,) in times] == ["2026-11-23T15:00:00.000000+00:00"] * 2


def test_a_run_of_a_journal_is_entered_with_its_tags(ledger):
    header = {"run": "run-1", "job_file": "a.yaml", "ts": NOON.isoformat(), "tags": {"web": ["a"]}}
    record = read_record(header, "/data/outputs/a")
    assert record == RunRecord("run-1", "a.yaml", "/data/outputs/a", NOON, {"web": ["a"]})
    assert read_record({**header, "tags": {}}, "/x").tags == {}
    replay(ledger, a_charge("a", actual="0.05"), a_charge("b", actual="0.02"), records=[record])
    rows = ledger.do(read_costs("tag", Span()))
    assert ("web", usd("0.05")) in [(row.name, row.actual) for row in rows]
