"""A request that its provider no longer knows: told as such, and settled by the user."""

import contextlib
import json
from datetime import datetime, timedelta

import pytest

from support.journals import rewrite
from support.servers.sandbox import serve_sandbox

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/nano-banana"}
PRICES = {"replicate": 0.003, "fal": 0.0398}
STUCK = {"on": "result", "fault": "stuck"}
LOG = "outputs/job/log.jsonl"
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@pytest.fixture
def lost(here):
    """Serve a sandbox that no longer knows what went on in it an hour ago; gives its id."""

    @contextlib.contextmanager
    def lost(provider, *, forgotten=True):
        here.write(
            "job.yaml",
            "version: 1\nname: job\nbudget: 1.00\ninferences:\n  - id: tree\n"
            f"    model: {MODELS[provider]}\n    params: {{prompt: a tree}}\n"
            "    output: tree.png\n    timeout: 1\n",
        )
        with serve_sandbox([STUCK]) as served:
            lead_to(here, served)
            assert here("vidi-run", "job.yaml").exit_code == 5
            make_older(here.folder / LOG)
            (request_id,) = served.sandbox.works
            if forgotten:
                served.sandbox.works.clear()
            yield served, request_id

    return lost


def lead_to(here, served):
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)


def make_older(log):
    def shift(text):
        events = [json.loads(line) for line in text.splitlines()]
        for event in events:
            event["ts"] = (datetime.fromisoformat(event["ts"]) - timedelta(hours=1)).isoformat()
        return "".join(f"{json.dumps(event)}\n" for event in events)

    rewrite(log, shift)


def row_of(here):
    (row,) = here.manifest("outputs/job")["inferences"]
    return row


@providers
def test_it_is_told_and_nothing_is_bought(here, lost, provider):
    with lost(provider) as (served, request_id):
        for _ in range(2):
            answer = here("vidi-run", "job.yaml")
            assert (answer.exit_code, served.submits) == (5, 1)
            assert f"{provider} does not know request {request_id}" in answer.stderr
    assert row_of(here)["error"] == {
        "code": "lost",
        "message": f"{provider} does not know request {request_id}",
        "hint": "Look at the provider's own list of requests. `vidi reconcile JOB_FILE "
        "--not-paid tree` says that it was never billed; `--rebuy tree` books it as paid "
        "and buys it again.",
    }


@providers
def test_what_the_user_says_was_not_billed_is_bought_once_more(here, lost, provider):
    with lost(provider) as (served, _):
        assert here("vidi-run", "job.yaml").exit_code == 5
        words = ("--not-paid", "tree", "--json")
        told = here("vidi", "reconcile", "job.yaml", *words).json
        assert [each["verdict"] for each in told["inferences"]] == ["not_paid"]
        assert here("vidi", "costs", "--json").json["in_doubt_usd"] == 0
        assert (here("vidi-run", "job.yaml").exit_code, served.submits) == (0, 2)
    assert here("vidi", "costs", "--json").json["total_usd"] == PRICES[provider]


@providers
def test_who_buys_it_again_pays_for_both(here, lost, provider):
    with lost(provider) as (served, _):
        codes = [here("vidi-run", "job.yaml", "--rebuy", "tree").exit_code for _ in range(2)]
        assert (codes, served.submits) == ([5, 0], 2), "told first, and then bought"
    costs = here("vidi", "costs", "--json").json
    assert (costs["total_usd"], costs["in_doubt_usd"]) == (2 * PRICES[provider], 0)


@providers
def test_one_that_is_only_running_is_not_the_users_to_settle(here, lost, provider):
    with lost(provider, forgotten=False):
        answer = here("vidi", "reconcile", "job.yaml", "--not-paid", "tree")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "tree is not in doubt\n  hint: Nothing in this folder is in doubt.\n",
    )


@providers
def test_one_that_is_too_young_to_be_seen_is_waited_for(here, provider):
    here.write(
        "job.yaml",
        "version: 1\nname: job\nbudget: 1.00\ninferences:\n  - id: tree\n"
        f"    model: {MODELS[provider]}\n    params: {{prompt: a tree}}\n    output: tree.png\n",
    )
    with serve_sandbox([{"on": "poll", "fault": "404", "times": 5}]) as served:
        lead_to(here, served)
        assert (here("vidi-run", "job.yaml").exit_code, served.submits) == (0, 1)
