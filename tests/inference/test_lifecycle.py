"""Every way in which one inference can go, through the command against a sandbox on a socket."""

import json
from decimal import Decimal

import pytest

from servers import serve_sandbox

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
PRICES = {"replicate": 0.003, "fal": 0.039}


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


providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@providers
def test_all_goes_well(run, provider):
    ended = run(provider)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)
    assert ended.row["cost_usd"]["actual"] == PRICES[provider]
    assert ended.billed == Decimal(str(PRICES[provider]))


@providers
@pytest.mark.parametrize("fault", ["429", "429-body", "429-detail"])
def test_refused_for_now_waits_and_is_sent_again(run, provider, fault):
    ended = run(provider, {"on": "submit", "fault": fault, "retry_after": 1})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 2)
    assert ended.events.count("intent") == 1


@providers
@pytest.mark.parametrize("fault", ["400", "404", "413", "422"])
def test_refused_for_good_is_not_paid_and_not_sent_again(run, provider, fault):
    ended = run(provider, {"on": "submit", "fault": fault, "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 1)
    assert ended.row["cost_usd"] == {
        "estimated_low": PRICES[provider],
        "estimated_high": PRICES[provider],
        "actual": 0,
        "basis": "none",
    }
    assert ended.row["error"]["code"] == "rejected"


@pytest.mark.parametrize(
    ("provider", "fault"),
    [("replicate", "401"), ("replicate", "402"), ("fal", "401"), ("fal", "403-locked")],
)
def test_refused_for_all_stops_the_run(run, provider, fault):
    ended = run(provider, {"on": "submit", "fault": fault, "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (4, "failed", 1)
    assert ended.row["error"]["code"] == "credentials"
    assert ended.row["cost_usd"]["actual"] == 0


@providers
@pytest.mark.parametrize(
    "fault",
    ["reset", "500", "502-nginx", "503", "504", "redirect"],
)
def test_anything_else_is_in_doubt_and_never_sent_again(run, provider, fault):
    ended = run(provider, {"on": "submit", "fault": fault, "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (6, "in_doubt", 1)
    assert ended.events[-2:] == ["in_doubt", "run_finished"]
    assert ended.manifest["cost_usd"]["in_doubt"] == PRICES[provider]


@providers
@pytest.mark.parametrize("fault", ["reset-after", "503-after", "garbage-2xx", "missing-id"])
def test_what_the_provider_lists_is_adopted_and_never_sent_again(run, provider, fault):
    ended = run(provider, {"on": "submit", "fault": fault, "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)
    assert ended.events.count("submitted") == 1
    assert ended.manifest["cost_usd"]["actual"] == PRICES[provider]


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


@providers
@pytest.mark.parametrize("fault", ["reset", "429", "500", "502-nginx", "503", "504", "garbage-2xx"])
def test_no_look_that_fails_ends_an_inference(run, provider, fault):
    ended = run(provider, {"on": "poll", "fault": fault, "times": 3, "retry_after": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)


@providers
def test_an_unknown_status_is_told_and_looked_past(run, provider):
    ended = run(provider, {"on": "poll", "fault": "unknown-status", "times": 2})
    assert (ended.exit_code, ended.row["status"]) == (0, "succeeded")
    assert ended.events.count("unknown_status") == 1
    assert "unknown status" in ended.stderr


def test_a_result_that_cannot_be_had_at_once_is_fetched_again(run):
    ended = run("fal", {"on": "result", "fault": "result-5xx", "times": 2})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)


@providers
def test_a_failure_at_the_provider_is_a_failure(run, provider):
    ended = run(provider, {"on": "result", "fault": "failed", "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 1)
    assert ended.row["error"]["message"]


@providers
def test_a_transient_failure_is_bought_again_within_the_attempts(run, provider):
    ended = run(provider, {"on": "result", "fault": "failed-transient", "times": 1})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 2)
    assert ended.row["attempts"] == 2


@providers
def test_a_transient_failure_is_not_bought_more_often_than_allowed(run, provider):
    job = JOBS[provider] + "    retry: {attempts: 2}\n"
    ended = run(provider, {"on": "result", "fault": "failed-transient", "times": 0}, job=job)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 2)


@providers
def test_a_transient_failure_is_not_bought_again_over_the_budget(run, provider):
    job = JOBS[provider].replace("budget: 0.50", f"budget: {PRICES[provider]}")
    ended = run(provider, {"on": "result", "fault": "failed-transient", "times": 0}, job=job)
    spent = ended.manifest["cost_usd"]["actual"]
    assert spent <= PRICES[provider]
    assert (ended.exit_code, ended.row["status"]) == (1, "failed")


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


@providers
def test_still_running_at_the_deadline_is_unfinished_and_fetched_by_the_next_run(run, provider):
    job = JOBS[provider] + "    timeout: 1\n"
    ended = run(provider, {"on": "result", "fault": "stuck", "times": 0}, job=job)
    assert (ended.exit_code, ended.row["status"], ended.submits) == (5, "unfinished", 1)


@providers
@pytest.mark.parametrize("fault", ["reset", "500", "503", "429", "truncated", "slow"])
def test_a_download_that_breaks_is_tried_again(run, provider, fault):
    ended = run(provider, {"on": "download", "fault": fault, "times": 2, "seconds": 0.2})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (0, "succeeded", 1)


@providers
@pytest.mark.parametrize("fault", ["html", "empty", "wrong-type", "corrupt", "gone"])
def test_what_is_not_the_asset_is_never_on_disk(run, here, provider, fault):
    ended = run(provider, {"on": "download", "fault": fault, "times": 0})
    assert (ended.exit_code, ended.row["status"], ended.submits) == (1, "failed", 1)
    assert ended.row["error"]["code"] == "download"
    assert ended.row["cost_usd"]["actual"] == PRICES[provider]
    left = {path.name for path in (here.folder / "outputs/job").iterdir()}
    assert left == {".vidi", "log.jsonl", "manifest.json", "report.html"}


@providers
def test_what_was_paid_for_and_not_fetched_is_fetched_by_the_next_run(here, provider):
    here.write("job.yaml", JOBS[provider])
    with serve_sandbox([{"on": "download", "fault": "html"}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml").exit_code == 1
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1
    row = here.manifest("outputs/job")["inferences"][0]
    assert (row["status"], row["cost_usd"]["actual"]) == ("succeeded", 0)
