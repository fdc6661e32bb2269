"""The ways in which one inference can go; `test_fault_matrix.py` has those of every fault."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import pytest
from PIL import Image

from support.engines import BANANA, SCHNELL
from support.servers.altered_sandbox import serve_altered
from support.servers.sandbox import serve_sandbox
from vidi.inference import CostTracker, InferenceEngine
from vidi.inference.settings import Settings

REPLICATE = """\
version: 1
name: job
budget: 0.50
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""
FAL = """\
version: 1
name: job
budget: 0.50
inferences:
  - id: tree
    model: fal/fal-ai/nano-banana
    params: {prompt: a tree}
    output: tree.png
"""
JOBS = {"replicate": REPLICATE, "fal": FAL}
PRICES = {"replicate": (0.003, 0.003), "fal": (0.039, 0.0398)}
BILLS = {"replicate": 0.003, "fal": 0.0398}
"""One unit of fal's base price, as recorded."""


class Ended:
    """What a run left: its one inference, its events, and what reached the provider."""

    def __init__(self, here, answer, served):
        self.exit_code = answer.exit_code
        self.stderr = answer.stderr
        self.row = here.manifest("outputs/job")["inferences"][0]
        log = (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")
        self.events = [json.loads(line)["event"] for line in log.splitlines()]
        self.submits = served.submits
        self.billed = served.sandbox.billing.total
        self.manifest = here.manifest("outputs/job")


@pytest.fixture
def run(here):
    """Run the one-inference job of a provider against a sandbox with faults."""

    def run(provider, *faults, job=None, options=(), latency=0.0):
        here.write("job.yaml", job or JOBS[provider])
        with serve_sandbox(faults, latency) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            answer = here("vidi-run", "job.yaml", *options)
            return Ended(here, answer, served)

    return run


def open_engine(served):
    settings = Settings.from_environment(served.environment)
    return InferenceEngine(settings=settings, costs=CostTracker.in_memory())


providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@providers
def test_all_goes_well(run, provider):
    ended = run(provider)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)
    assert ended.row["cost_usd"]["actual"] == BILLS[provider]
    assert ended.billed == Decimal(str(BILLS[provider]))


@providers
def test_refused_for_good_is_not_paid_and_not_sent_again(run, provider):
    ended = run(provider, {"on": "submit", "fault": "400", "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 1)
    assert ended.row["cost_usd"] == {
        "estimated_low": PRICES[provider][0],
        "estimated_high": PRICES[provider][1],
        "actual": 0,
        "basis": "none",
        "paid": 0,
        "paid_basis": None,
    }
    assert ended.row["error"]["code"] == "rejected"


@providers
def test_in_doubt_stays_in_doubt_when_the_command_is_repeated(run, provider):
    run(provider, {"on": "submit", "fault": "reset"})
    again = run(provider)
    assert (again.exit_code, again.row["status"], again.submits) == (6, "in_doubt", 0)
    assert again.row["reason"] == "in doubt: the provider is asked first"


def test_a_provider_that_cannot_be_reached_has_not_been_paid(here):
    here.write("job.yaml", REPLICATE)
    here._monkeypatch.setenv("REPLICATE_API_TOKEN", "key")
    here._monkeypatch.setenv("VIDI_REPLICATE_URL", "http://127.0.0.1:9")  # discard: nobody listens
    assert here("vidi-run", "job.yaml").exit_code == 1
    row = here.manifest("outputs/job")["inferences"][0]
    assert (row["status"], row["error"]["code"]) == ("failed", "not-sent")
    assert row["cost_usd"]["actual"] == 0
    log = (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")
    assert log.count('"event":"refused"') == 5, "it was tried so often"


@providers
def test_an_unknown_status_is_told_and_looked_past(run, provider):
    ended = run(provider, {"on": "poll", "fault": "unknown-status", "times": 2})
    assert (ended.exit_code, ended.row["status"]) == (0, "succeeded")
    assert ended.events.count("unknown_status") == 1
    assert "unknown status" in ended.stderr


@providers
def test_a_transient_failure_is_not_bought_more_often_than_allowed(run, provider):
    job = JOBS[provider] + "    retry: {attempts: 2}\n"
    ended = run(provider, {"on": "result", "fault": "failed-transient", "times": 0}, job=job)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 2)


BY_TIME = """\
version: 1
name: job
budget: %s
inferences:
  - id: tree
    model: replicate/ai-forever/kandinsky-2.2
    params: {prompt: a tree}
    output: tree.png
    timeout: 10
"""


def test_a_transient_failure_that_was_billed_is_not_bought_again_over_the_budget(here, run):
    here.write("job.yaml", BY_TIME % "1.00")
    estimate = here("vidi-run", "job.yaml", "--estimate", "--json").json["estimate_usd"]["high"]
    fault = {"on": "result", "fault": "failed-transient", "times": 0}
    ended = run("replicate", fault, job=BY_TIME % estimate)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 1)
    assert 0 < ended.row["cost_usd"]["actual"] == float(ended.billed) < estimate
    assert ended.row["error"] == {
        "code": "failed",
        "message": "An unknown error occurred. Please retry. (E1000) (not bought again: this needs "
        "up to $0.014 and $0.0126 of the budget is left)",
        "hint": "Raise `budget` in the job file or --budget.",
    }


@providers
def test_what_the_filter_refuses_is_moderated(run, provider):
    ended = run(provider, {"on": "result", "fault": "moderated", "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "moderated", 1)
    assert ended.row["cost_usd"]["basis"] == "metered"
    assert Decimal(str(ended.row["cost_usd"]["actual"])) == ended.billed


def test_aborted_before_it_began_is_free(run):
    ended = run("replicate", {"on": "result", "fault": "aborted", "times": 0})
    assert (ended.row["status"], ended.row["cost_usd"]["basis"]) == ("failed", "none")
    assert ended.row["cost_usd"]["actual"] == 0


SDXL = "replicate/stability-ai/sdxl"


def test_a_deadline_goes_along_where_it_was_given_or_bounds_the_price(here):
    asked = []

    def look(exchange):
        if exchange.is_receipt:
            asked.append(exchange.asked.get("cancel-after"))
        return exchange

    with serve_altered(here, look) as served, open_engine(served) as engine:
        engine.infer(SCHNELL, prompt="a tree")
        engine.infer(SCHNELL, prompt="a tree", timeout=70.2)
        engine.infer(SDXL, prompt="billed by the second")
    assert asked == [None, "71s", f"{engine.get_model_info(SDXL).timeout_s}s"]


def test_a_file_is_uploaded_once_however_often_it_is_given(here):
    for name, colour in (("a", "red"), ("b", "blue")):
        (here.folder / name).mkdir()
        Image.new("RGB", (64, 64), colour).save(here.folder / f"{name}/same.png")
    events = []
    with serve_altered(here, lambda exchange: exchange) as served, open_engine(served) as engine:
        engine.infer(
            "fal/fal-ai/nano-banana/edit",
            prompt="a tree",
            image_urls=["a/same.png", "a/same.png", "b/same.png"],
            on_event=events.append,
        )
        (work,) = served.sandbox.works.values()
    names = [event.detail["file"] for event in events if event.name == "uploading"]
    assert names == ["a/same.png", "b/same.png"]
    first, again, second = work.input["image_urls"]
    assert first == again != second


def test_who_was_told_to_come_later_does_and_so_does_everybody_else(here):
    """A provider's word holds for all that is sent to it, however short the back-off would be."""
    later = {"on": "submit", "fault": "429", "retry_after": 1.5}
    with (
        serve_altered(here, lambda exchange: exchange, later) as served,
        open_engine(served) as engine,
        ThreadPoolExecutor(2) as threads,
    ):
        refused = Event()
        begun = time.monotonic()
        first = threads.submit(engine.infer, BANANA, prompt="a", on_event=lambda _: refused.set())
        assert refused.wait(20)
        while not served.submits:
            time.sleep(0.01)
        time.sleep(0.1)
        engine.infer(BANANA, prompt="b")
        waited = time.monotonic() - begun
        assert first.result()
    assert (served.submits, waited > 1.5) == (3, True)
