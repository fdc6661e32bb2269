"""What the journal says of a purchase, whole: before it is sent, and whatever came of it."""

import json
import socket
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Event
from time import sleep

import pytest

from support.servers.altered_sandbox import serve_altered
from support.servers.sandbox import unreadable_lists
from vidi.errors import FailedError
from vidi.inference import CostTracker, InferenceEngine, ModelRegistry
from vidi.inference.settings import Settings

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/nano-banana"}
JOB = """\
version: 1
name: job
budget: 1
inferences:
  - {id: tree, model: MODEL, params: {prompt: a tree}, output: tree.png}
"""
PRICES = {"replicate": (0.003, 0.003), "fal": (0.039, 0.0398)}
UNPRICED = "replicate/openai/gpt-5.2"
LOST = {"on": "submit", "fault": "reset-after"}
NOTED = {"ts", "run", "seq", "sum"}
"""What each line has, whatever it says."""
providers = pytest.mark.parametrize("provider", MODELS)


@pytest.fixture
def buy(here):
    """Run a job of one inference against a sandbox with faults; gives the lines of its journal."""

    def buy(job, *faults, code=0, alter=lambda exchange: exchange):
        here.write("job.yaml", job)
        with serve_altered(here, alter, *faults):
            answer = here("vidi-run", "job.yaml", "--no-report")
        assert answer.exit_code == code, answer.stderr
        log = (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in log.splitlines()]
        return [
            {key: value for key, value in line.items() if key not in NOTED}
            for line in lines
            if line.get("id") == "tree"
        ]

    return buy


def job_of(provider, more=""):
    return JOB.replace("MODEL", MODELS[provider]).replace("tree.png}", f"tree.png{more}}}")


@providers
def test_an_intent_says_all_that_a_later_run_needs(buy, provider):
    intent, submitted, *rest = buy(job_of(provider))
    model = ModelRegistry().get_template(MODELS[provider])
    low, high = PRICES[provider]
    (line,) = intent.pop("breakdown")
    assert (line["usd"], line["unit"]) == ({"low": low, "high": high}, "image")
    assert len(intent.pop("fingerprint")) == 64
    assert intent == {
        "event": "intent", "id": "tree", "attempt": 1, "model": model.id, "number": 1,
        "params": {"prompt": "a tree"}, "sent": {}, "inputs": {}, "reserved_usd": high,
        "estimate_usd": {"low": low, "high": high},
        "priced_as_of": max(row["from"] for row in model.pricing["rows"]),
    }  # fmt: skip
    assert submitted.keys() == {"event", "id", "request_id", "urls"}
    assert [event["event"] for event in rest] == ["completed", "asset", "settled"]
    assert rest[-1] == {
        "event": "settled", "id": "tree", "actual_usd": high, "status": "succeeded",
        "basis": "metered",
    }  # fmt: skip


def test_a_price_of_the_users_own_is_noted_beside_the_rule_that_has_none(buy):
    intent, *_ = buy(
        JOB.replace("MODEL", UNPRICED).replace("tree.png", "tree.txt, assume_cost: 0.25")
    )
    assert (intent["reserved_usd"], intent["rule_usd"]) == (0.25, None)
    assert intent["estimate_usd"] == {"low": 0.25, "high": 0.25}


REFUSED = {"event": "refused", "id": "tree"}


@providers
def test_a_refusal_is_noted_and_costs_nothing(buy, provider):
    _, refused = buy(job_of(provider), {"on": "submit", "fault": "400"}, code=1)
    error = refused.pop("error")
    assert refused == REFUSED
    assert (error["code"], error.keys()) == ("rejected", {"code", "message", "hint"})
    assert error["message"]


def test_a_refusal_after_the_work_is_paid(buy):
    """fal's 422 of a runner may have been billed: all that was set aside is booked."""

    def alter(exchange):
        headers = {**exchange.headers, "x-fal-served-from": "a runner"}
        return replace(exchange, headers=headers) if exchange.status == 422 else exchange

    _, settled = buy(job_of("fal"), {"on": "submit", "fault": "422"}, code=1, alter=alter)
    error = settled.pop("error")
    assert (error["code"], settled) == ("rejected", {
        "event": "settled", "id": "tree", "actual_usd": 0.0398, "status": "failed",
        "basis": "estimated",
    })  # fmt: skip


@providers
def test_an_unknown_outcome_is_noted_as_such(buy, provider):
    intent, doubt = buy(job_of(provider), LOST, unreadable_lists(provider, 9), code=6)
    assert (intent["event"], doubt["event"]) == ("intent", "in_doubt")
    assert doubt["error"]["code"] == "in-doubt"
    assert doubt["error"]["message"].endswith("Connection reset by peer")


@providers
def test_what_is_sent_already_is_no_rival_of_a_twin_in_doubt(buy, provider):
    twins = (
        job_of(provider)
        + f"  - {{id: twin, model: {MODELS[provider]}, params: "
        + ("{prompt: a tree}, output: twin.png}\n")
    )
    buy(twins, {**LOST, "nth": 2})


@providers
def test_a_request_that_is_cut_off_on_the_wire_is_in_doubt(here, provider):
    """Closing an engine ends what runs, at whichever byte that is: as a third Ctrl-C does."""
    stop = Event()

    def hold(exchange):
        if exchange.is_receipt:
            stop.set()
            sleep(0.3)  # until the engine has gone
        return exchange

    with serve_altered(here, hold) as served, ThreadPoolExecutor(2) as threads:
        engine = open_engine(here, served.environment)
        asked = threads.submit(engine.infer, MODELS[provider], prompt="a tree")
        assert stop.wait(20)
        engine.close()
        assert isinstance(asked.exception(10), CancelledError)
    assert [*events_of(here)] == [("intent", None), ("in_doubt", "in-doubt")]


def test_a_request_that_is_cut_off_before_the_wire_has_cost_nothing(here):
    """Nobody takes the connection, so nothing has left."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as held:
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        environment = {"REPLICATE_API_TOKEN": "key", "VIDI_REPLICATE_URL": address}
        engine = open_engine(here, environment)
        begun = Event()
        with ThreadPoolExecutor(2) as threads:
            asked = threads.submit(engine.infer, MODELS["replicate"], prompt="a tree",
                                   on_event=lambda _: begun.set())  # fmt: skip
            assert begun.wait(20)
            sleep(0.2)
            engine.close()
            assert isinstance(asked.exception(10), CancelledError)
    assert [*events_of(here)] == [("intent", None), ("refused", "not-sent")]


FLUX = "fal/fal-ai/flux/dev"
"""$0.025 a unit of fal's, and so much for each picture of the ordinary size."""
BROKEN = {"status": "failed", "error": "it broke", "output": None}
REFUSED_TYPE = "content_policy_violation"


def ended(metrics, **fields):
    """A prediction that ended so."""
    return lambda exchange: exchange.with_fields(metrics=metrics, **fields)


def billed(units, refused=""):
    """A result of fal's, with so many units; refused for a reason where one is given."""

    def alter(exchange):
        headers = {**exchange.headers, "x-fal-billable-units": units or ""}
        if units is None:
            del headers["x-fal-billable-units"]
        if not refused:
            return replace(exchange, headers=headers)
        body = {"detail": [{"type": refused, "msg": "odd"}]}
        return replace(exchange, status=422, headers=headers).saying(body)

    return alter


ENDS = [
    # provider, result, its cost, how that is known, status, drift: what was expected
    ("replicate", ended({}), 0.003, "estimated", "succeeded", None),
    ("replicate", ended({}, **BROKEN), 0.003, "estimated", "failed", None),
    ("replicate", ended({"predict_time": 2.5}, **BROKEN), 0.003, "estimated", "failed", None),
    ("replicate", ended({}, **BROKEN | {"status": "aborted"}), 0, "none", "failed", None),
    ("replicate", ended({}, **BROKEN | {"error": "NSFW content detected"}),
     0.003, "estimated", "moderated", None),
    ("replicate", ended({"image_output_count": 2}, **BROKEN), 0.006, "metered", "failed",
     (0.003, 0.003)),
    ("replicate", ended({}, **BROKEN), 0.006, "estimated", "failed", None),  # as was just learnt
    ("fal", billed(None), 0.025, "estimated", "succeeded", None),
    ("fal", billed("0"), 0, "metered", "succeeded", (0.025, 0.025)),
    ("fal", billed("1"), 0.025, "metered", "succeeded", None),
    ("fal", billed("0", "value_error"), 0, "none", "failed", None),
    ("fal", billed(None, "value_error"), 0.025, "estimated", "failed", None),
    ("fal", billed("0.5", "value_error"), 0.0125, "metered", "failed", None),
    ("fal", billed("1", REFUSED_TYPE), 0.025, "metered", "moderated", None),
    ("fal", billed("3"), 0.075, "metered", "succeeded", (0.025, 0.025)),
    ("fal", billed(None), 0.025, "estimated", "succeeded", None),
    ("fal", billed("40000000"), 1_000_000, "metered", "succeeded", (0.025, 0.075)),
    # More than a million is a slip of the provider's: what was set aside is booked.
    ("fal", billed("40000001"), 1_000_000, "estimated", "succeeded", None),
]  # fmt: skip


def test_each_end_is_booked_once_with_what_it_cost_and_how_that_is_known(here):
    results = iter([alter for _, alter, *_ in ENDS])

    def alter(exchange):
        return next(results)(exchange) if exchange.is_result else exchange

    models = {**MODELS, "fal": FLUX}
    with serve_altered(here, alter) as served, open_engine(here, served.environment) as engine:
        for provider, *_ in ENDS:
            with suppress(FailedError):
                engine.infer(models[provider], prompt="a tree")
    lines = [*journal_of(here)]
    settled = [event for event in lines if event["event"] == "settled"]
    assert [(each["actual_usd"], each["basis"], each["status"]) for each in settled] == [
        tuple(rest[:3]) for _, _, *rest in ENDS
    ]
    assert [each.get("error", {}).get("code") for each in settled] == [
        None if status == "succeeded" else "failed" for *_, status, _ in ENDS
    ]
    dates = {"replicate": "2026-09-16", "fal": "2026-05-17"}
    rules = {"replicate": 0.003, "fal": 0.025}
    drifts = [
        {key: value for key, value in event.items() if key not in NOTED | {"id", "message"}}
        for event in lines
        if event["event"] == "drift"
    ]
    assert drifts == [
        {
            "event": "drift", "model": models[provider], "actual_usd": usd,
            "estimate_usd": dict(zip(("low", "high"), expected, strict=True)),
            "rule_usd": dict.fromkeys(("low", "high", "scale"), rules[provider]),
            "priced_as_of": dates[provider],
        }
        for provider, _, usd, _, _, expected in ENDS if expected
    ]  # fmt: skip


SDXL = "replicate/stability-ai/sdxl"


def test_a_failure_that_is_billed_by_time_is_booked_by_its_time(here):
    def alter(exchange):
        return ended({"predict_time": 2}, **BROKEN)(exchange) if exchange.is_result else exchange

    with serve_altered(here, alter) as served, open_engine(here, served.environment) as engine:
        rate = engine.estimate_cost(SDXL, {"prompt": "a tree"}).lines[0].rate
        with suppress(FailedError):
            engine.infer(SDXL, prompt="a tree")
    (settled,) = (event for event in journal_of(here) if event["event"] == "settled")
    assert (settled["basis"], settled["actual_usd"]) == ("derived", float(2 * rate))


def test_a_dear_bill_sets_more_aside_for_what_is_under_way_of_its_model_alone(here):
    def alter(exchange):
        return billed("3")(exchange) if exchange.is_result else exchange

    stuck = [{"on": "result", "fault": "stuck", "nth": 2, "times": 2}]
    with (
        serve_altered(here, alter, *stuck) as served,
        open_engine(here, served.environment) as engine,
        ThreadPoolExecutor(2) as threads,
    ):
        engine.infer(MODELS["fal"], prompt="another model's, and settled")
        for model, key in ((FLUX, "waits"), (MODELS["fal"], "other")):
            submitted = Event()
            threads.submit(
                engine.infer, model, prompt="a tree", idempotency_key=key,
                on_event=lambda event, told=submitted: event.name == "submitted" and told.set(),
            )  # fmt: skip
            assert submitted.wait(20)
        engine.infer(FLUX, prompt="dear", idempotency_key="dear")
        engine.close()
    raised = [event for event in journal_of(here) if event["event"] == "raised"]
    assert [(event["id"], event["reserved_usd"]) for event in raised] == [("waits", 0.075)]


def open_engine(here, environment):
    return InferenceEngine(
        settings=Settings.from_environment(environment),
        journal=here.folder / "log.jsonl",
        costs=CostTracker.in_memory(),
    )


def events_of(here):
    """What an engine's journal says of its inference: each event, and its error's code."""
    for event in journal_of(here):
        yield event["event"], event.get("error", {}).get("code")


def journal_of(here):
    """The lines of an engine's journal that are about inferences."""
    for line in (here.folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if "id" in event:
            yield event
