from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import pytest

from vidi.inference.tracking.journal.events import InferenceState
from vidi.inference.tracking.journal.replay import replay

MOMENT = "2026-11-23T10:00:00.000000+00:00"
ERROR = {"code": "failed", "message": "no", "hint": ""}


def event(kind: str, run: str = "r1", **fields) -> dict:
    return {"ts": MOMENT, "run": run, "event": kind, "id": "a", **fields}


def intent(attempt: int = 1, fingerprint: str = "f", high: str | None = "0.2") -> dict:
    return event(
        "intent",
        attempt=attempt,
        model="fal/x",
        fingerprint=fingerprint,
        params={"prompt": "x"},
        reserved_usd=Decimal("0.2"),
        estimate_usd={"low": Decimal("0.1"), "high": high},
    )


def asset(path: str = "a.png", sha: str = "1" * 64) -> dict:
    return event("asset", path=path, sha256=sha, bytes=3, content_type="image/png", duration_s=1.5)


SUBMITTED = event("submitted", request_id="q", urls={"get": "u"})
COMPLETED = event("completed", output="u", billable_units=2)
SETTLED = event("settled", status="succeeded", actual_usd=Decimal("0.1"), basis="metered")


def state_after(*events: dict) -> InferenceState:
    return replay(events).states["a"]


@pytest.mark.parametrize(
    ("events", "status", "attached", "doubtful"),
    [
        ([intent()], "intended", False, True),
        ([intent(), SUBMITTED], "submitted", True, False),
        ([intent(), event("refused", error=ERROR)], "refused", False, False),
        ([intent(), event("in_doubt", error=ERROR)], "in_doubt", False, True),
        ([intent(), SUBMITTED, event("unfinished", error=ERROR)], "unfinished", True, False),
        ([intent(), SUBMITTED, COMPLETED], "completed", True, False),
        ([intent(), SUBMITTED, COMPLETED, asset()], "completed", True, False),
        ([intent(), SUBMITTED, COMPLETED, asset(), SETTLED], "succeeded", False, False),
    ],
)
def test_every_point_of_an_attempt_has_its_status(events, status, attached, doubtful):
    state = state_after(*events)
    assert (state.status, state.attached, state.doubtful) == (status, attached, doubtful)


def test_a_finished_attempt_holds_everything():
    state = state_after(intent(), SUBMITTED, COMPLETED, asset(), SETTLED)
    assert state.actual == state.spent == Decimal("0.1")
    assert state.reserved == 0
    assert state.billable_units == 2
    assert [(made.path, made.duration_s) for made in state.assets] == [("a.png", Decimal("1.5"))]
    assert state.submitted_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_second_attempt_adds_to_what_was_spent():
    failed = event("settled", status="failed", actual_usd="0.05", basis="estimated", error=ERROR)
    state = state_after(intent(), SUBMITTED, failed, intent(2), SUBMITTED, COMPLETED, SETTLED)
    assert (state.attempts, state.spent, state.error) == (2, Decimal("0.15"), None)


def test_a_later_run_starts_its_own_account_but_keeps_what_is_ours():
    again = {**intent(fingerprint="g"), "run": "r2"}
    state = state_after(intent(), SUBMITTED, COMPLETED, asset(), SETTLED, again)
    assert (state.spent, state.assets, state.run) == (0, (), "r2")
    assert state.owned == ("a.png",)


def test_an_asset_written_again_replaces_its_record():
    state = state_after(intent(), SUBMITTED, COMPLETED, asset(), asset(sha="2" * 64))
    assert [made.sha256 for made in state.assets] == ["2" * 64]


def test_an_unpriced_intent_has_no_upper_end():
    assert state_after(intent(high=None)).estimated_high is None


def test_events_of_unknown_kinds_and_of_no_inference_change_nothing():
    numbers = count()
    events = [{"ts": MOMENT, "run": "r", "event": f"kind{next(numbers)}"}, event("novelty")]
    assert replay(events).states == {"a": InferenceState(id="a")}


def test_every_receipt_is_remembered_through_later_attempts():
    second = event("submitted", request_id="r", urls={}, adopted=True)
    state = state_after(intent(), SUBMITTED, COMPLETED, SETTLED, intent(2), second)
    assert state.receipts == ("q", "r")
    assert state.request_id == "r"


@pytest.mark.parametrize(
    ("submitted", "completed", "took_s"),
    [
        (SUBMITTED, {**COMPLETED, "ts": "2026-11-23T10:00:02.500000+00:00"}, 2.5),
        ({**SUBMITTED, "adopted": True}, COMPLETED, None),
        (SUBMITTED, {**COMPLETED, "run": "r2"}, None),
    ],
    ids=["seen by one run", "adopted", "fetched by a later run"],
)
def test_a_duration_is_known_where_one_run_saw_both_ends(submitted, completed, took_s):
    assert state_after(intent(), submitted, completed).took_s == took_s


def test_the_first_doubt_says_since_when():
    doubt = event("in_doubt", error=ERROR)
    later = {**doubt, "ts": "2026-11-24T10:00:00.000000+00:00"}
    assert state_after(intent(), doubt, later).doubted_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert state_after(intent(), doubt, later, intent(2)).doubted_at is None


@pytest.mark.parametrize(("fields", "sent"), [({}, {}), ({"sent": {"a": "u"}}, {"a": "u"})])
def test_an_intent_says_what_was_sent_for_files(fields, sent):
    assert state_after({**intent(), **fields}).sent == sent


def test_of_an_inference_that_was_never_bought_nothing_is_known():
    state = InferenceState(id="a")
    amounts = (state.reserved, state.estimated_low, state.estimated_high, state.spent)
    assert (state.status, state.attempts, amounts) == ("new", 0, (0, 0, 0, 0))


def test_an_intent_sets_aside_and_nothing_is_spent_yet():
    state = state_after(intent())
    assert (state.estimated_low, state.estimated_high) == (Decimal("0.1"), Decimal("0.2"))
    assert (state.reserved, state.actual, state.spent) == (Decimal("0.2"), None, 0)
    assert state.charges[-1].open


def test_what_is_refused_costs_nothing_and_holds_nothing_back():
    state = state_after(intent(), event("refused", error=ERROR))
    assert (state.reserved, state.actual, state.basis) == (0, 0, "none")
    assert [charge.actual for charge in state.charges] == [0]


def test_a_refusal_after_the_end_of_an_attempt_leaves_its_cost_alone():
    state = state_after(intent(), SUBMITTED, COMPLETED, SETTLED, event("refused", error=ERROR))
    assert [charge.actual for charge in state.charges] == [Decimal("0.1")]


@pytest.mark.parametrize("status", ["intended", "submitted", "completed", "unfinished", "in_doubt"])
def test_it_may_still_be_billed_until_it_is_settled(status):
    assert InferenceState(id="a", status=status, request_id="q").unsettled


@pytest.mark.parametrize("status", ["new", "succeeded", "failed", "moderated", "refused"])
def test_what_has_ended_is_not_billed_any_more(status):
    assert not InferenceState(id="a", status=status, request_id="q").unsettled


def test_what_was_not_measured_is_not_known():
    made = event("asset", path="a", sha256="1", bytes=3, content_type="x/y")
    state = state_after(intent(), SUBMITTED, event("completed", output=None), made)
    assert (state.billable_units, state.assets[0].duration_s, state.assets[0].mtime_ns) == (
        None,
        None,
        0,
    )


def test_a_failure_without_a_result_has_ended_when_it_was_settled():
    late = "2026-11-23T10:00:07.000000+00:00"
    failed = event("settled", status="failed", actual_usd="0", basis="none", error=ERROR)
    state = state_after(intent(), SUBMITTED, {**failed, "ts": late})
    assert state.completed_at == datetime(2026, 11, 23, 10, 0, 7, tzinfo=UTC)


def test_a_result_has_ended_when_it_came_not_when_it_was_settled():
    late = "2026-11-23T10:00:07.000000+00:00"
    state = state_after(intent(), SUBMITTED, COMPLETED, {**SETTLED, "ts": late})
    assert state.completed_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
