"""Every state of a prediction, and what it is read as."""

from __future__ import annotations

import math

import pytest

from vidi.inference.providers.provider import Failed, Running, Succeeded
from vidi.inference.providers.replicate.answers import (
    TRANSIENT,
    format_cancel_after,
    read_prediction,
)

METRICS = {"predict_time": 1.5, "image_output_count": 1}
GONE = "it succeeded, but Replicate removes outputs after an hour: the result is gone"
EMPTY = "it succeeded without any output; Replicate bills it all the same"
CANCELED = "canceled by the user or at its deadline"
ABORTED = "its deadline passed before it started; not billed"


CREATED = "2023-08-16T18:57:08.360785Z"


@pytest.mark.parametrize(
    ("total", "created", "completed", "took_s"),
    [
        (2.2, CREATED, "2023-08-16T18:57:12.17042Z", 2.2),
        (None, CREATED, "2023-08-16T18:57:12.17042Z", 3.809635),
        (None, "2024-08-27T04:11:26.6Z", "2024-08-27T04:11:38.588127861Z", 11.988127),
        (None, "2025-01-16T09:00:00.1Z", "2025-01-16T08:59:59.1Z", -1.0),
        ("soon", CREATED, CREATED, 0.0),
        (None, CREATED, None, None),
        (None, None, CREATED, None),
        (None, "today", CREATED, None),
        (None, 3, 4, None),
    ],
)
def test_how_long_it_took_by_its_own_clock(total, created, completed, took_s):
    times = {"created_at": created, "completed_at": completed, "metrics": {"total_time": total}}
    assert read_prediction({"status": "succeeded", "output": "x", **times}).took_s == took_s


@pytest.mark.parametrize(
    ("prediction", "poll"),
    [
        ({"status": "starting"}, Running("starting")),
        ({"status": "processing", "output": ["partial"]}, Running("processing")),
        ({"status": "succeeded", "output": "x", "logs": None}, Succeeded("x")),
        ({"status": "succeeded", "output": 0, "logs": "l"}, Succeeded(0, logs="l")),
        ({"status": "succeeded", "output": False}, Succeeded(False)),
        (
            {"status": "succeeded", "output": ["x"], "metrics": METRICS},
            Succeeded(["x"], metrics=METRICS),
        ),
        (
            {"status": "succeeded", "output": ["x"], "data_removed": True},
            Succeeded(["x"]),
        ),
        (
            {"status": "succeeded", "output": None, "data_removed": True, "metrics": METRICS},
            Failed("failed", GONE, error_type="data_removed", metrics=METRICS),
        ),
        (
            {"status": "succeeded", "output": None, "metrics": METRICS},
            Failed("failed", EMPTY, error_type="no_output", metrics=METRICS),
        ),
        ({"status": "succeeded", "output": []}, Failed("failed", EMPTY, error_type="no_output")),
        ({"status": "succeeded"}, Failed("failed", EMPTY, error_type="no_output")),
        ({"status": "canceled"}, Failed("canceled", CANCELED)),
        ({"status": "aborted"}, Failed("aborted", ABORTED, free=True)),
        ({"status": "resting"}, Running("resting", known=False)),
        ({"status": None}, Running("None", known=False)),
        ({}, Running("None", known=False)),
    ],
    ids=str,
)
def test_every_status(prediction, poll):
    assert read_prediction(prediction) == poll


@pytest.mark.parametrize(
    ("error", "kind", "code", "transient"),
    [
        ("Out of memory (E1001)", "failed", "E1001", False),
        ("unknown error (E1000)", "failed", "E1000", True),
        ("Prediction interrupted; please retry (code: PA)", "failed", "PA", True),
        ("The input was flagged as sensitive. (E005)", "moderated", "E005", False),
        ("NSFW content detected", "moderated", "", False),
        ("blocked by content policy", "moderated", "", False),
        ("tensor size mismatch", "failed", "", False),
        ("ModelRateLimitError: high demand. (E003)", "failed", "E003", True),
        ("Service is temporarily unavailable (E004)", "failed", "E004", True),
        ("Director: unexpected error handling prediction (E6716)", "failed", "E6716", True),
        ("Director: unexpected error handling prediction (E1001)", "failed", "E1001", True),
        ("Director: unexpected error handling prediction", "failed", "", True),
        *((f"it went wrong ({code})", "failed", code, True) for code in sorted(TRANSIENT - {"PA"})),
        ("flagged as sensitive (E003)", "moderated", "E003", False),
    ],
)
def test_every_kind_of_error(error, kind, code, transient):
    poll = read_prediction({"status": "failed", "error": error, "metrics": METRICS})
    assert poll == Failed(kind, error, error_type=code, transient=transient, metrics=METRICS)


@pytest.mark.parametrize(
    ("error", "message"),
    [(None, "Replicate gave no reason"), ({"a": 1}, '{"a": 1}'), ("a\n  b", "a b")],
)
def test_an_error_of_any_shape_is_told(error, message):
    assert read_prediction({"status": "failed", "error": error}) == Failed("failed", message)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_came_before_the_end_is_kept(status):
    assert read_prediction({"status": status, "output": ["x"]}).output == ["x"]


def test_a_long_error_is_cut():
    poll = read_prediction({"status": "failed", "error": "x" * 10_000})
    assert poll.message == "x" * 599 + "…"


@pytest.mark.parametrize(
    ("deadline_s", "sent"),
    [(0.1, "5s"), (5, "5s"), (5.1, "6s"), (59.01, "60s"), (600, "600s"), (math.inf, None)],
)
def test_the_deadline_is_sent_in_whole_seconds(deadline_s, sent):
    assert format_cancel_after(deadline_s) == sent
