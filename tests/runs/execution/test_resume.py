"""The same command again takes up what is there, through the command against a sandbox."""

import contextlib
import json
import re
from datetime import datetime

import pytest

from support.journals import rewrite
from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell", 0.003),
    "fal": ("fal/fal-ai/flux/dev", 0.025),
}
STUCK = {"on": "result", "fault": "stuck"}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, prompt="a tree", more=""):
    # A square costs the same at both: one image, one megapixel.
    size = "image_size: square" if provider == "fal" else "aspect_ratio: '1:1'"
    return f"""\
version: 1
name: job
budget: 0.20
inferences:
  - id: tree
    model: {MODELS[provider][0]}
    params: {{prompt: {prompt}, {size}}}
    output: tree.webp
{more}"""


@pytest.fixture
def sandbox(here):
    @contextlib.contextmanager
    def sandbox(*faults, latency=0.0):
        with serve_sandbox(faults, latency) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            yield served

    return sandbox


def row(here):
    return here.manifest("outputs/job")["inferences"][0]


def plan(here, *options):
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", *options).json
    return answer["jobs"][0]["inferences"][0]


@pytest.fixture
def unfinished(here, sandbox):
    """A run that reached its deadline, and the provider that finishes the inference after all."""

    @contextlib.contextmanager
    def unfinished(provider):
        here.write("job.yaml", job(provider, more="    timeout: 1\n"))
        with sandbox(STUCK) as served:
            assert here("vidi-run", "job.yaml").exit_code == 5
            (work,) = served.sandbox.works.values()
            work.fate, work.deadline_at = None, float("inf")
            served.sandbox.billing.charge(work)
            yield served

    return unfinished


@providers
def test_what_was_submitted_is_attached_to_and_fetched_for_nothing(here, unfinished, provider):
    with unfinished(provider) as served:
        line = plan(here)
        assert (line["reason"], line["estimate_usd"]["high"]) == ("submitted before: fetch it", 0)
        assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0
        assert served.submits == 1
    assert row(here)["cost_usd"]["actual"] == MODELS[provider][1]


@providers
def test_a_changed_entry_is_bought_after_what_was_paid_for_is_brought_home(
    here, unfinished, provider
):
    price = MODELS[provider][1]
    with unfinished(provider) as served:
        here.write("job.yaml", job(provider, prompt="a bush"))
        line = plan(here)
        assert line["reason"] == (
            "params changed: prompt; what was submitted before is fetched first"
        )
        assert line["estimate_usd"]["high"] == price
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
        assert float(served.sandbox.billing.total) == pytest.approx(2 * price)
    kept = list((here.folder / "outputs/job/.vidi/replaced").glob("tree-????????.webp"))
    assert len(kept) == 1
    assert row(here)["cost_usd"]["actual"] == 2 * price
    assert [asset["path"] for asset in row(here)["assets"]] == ["tree.webp"]
    assert row(here)["params"]["prompt"] == "a bush"


@providers
def test_an_entry_that_keeps_what_it_has_is_content_with_what_was_submitted(
    here, unfinished, provider
):
    with unfinished(provider) as served:
        here.write("job.yaml", job(provider, prompt="a bush", more="    keep: true\n"))
        assert plan(here)["reason"] == "submitted before: fetch it"
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1
    assert (row(here)["status"], row(here)["params"]["prompt"]) == ("succeeded", "a tree")
    assert (here.folder / "outputs/job/tree.webp").is_file()


@providers
def test_a_changed_entry_whose_earlier_one_failed_is_bought_all_the_same(here, sandbox, provider):
    here.write("job.yaml", job(provider, more="    timeout: 1\n"))
    with sandbox(STUCK) as served:
        assert here("vidi-run", "job.yaml").exit_code == 5
        (work,) = served.sandbox.works.values()
        work.canceled_at, work.latency = work.created_at, 1e9
        work.fate, work.deadline_at = None, float("inf")
        here.write("job.yaml", job(provider, prompt="a bush"))
        answer = here("vidi-run", "job.yaml")
        assert answer.exit_code == 0
        assert "tree: what was bought before is lost: " in answer.stderr


@providers
def test_a_changed_entry_waits_while_the_earlier_one_is_still_running(here, sandbox, provider):
    here.write("job.yaml", job(provider, more="    timeout: 1\n"))
    with sandbox({**STUCK, "times": 0}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 5
        for work in served.sandbox.works.values():
            work.deadline_at = float("inf")
        here.write("job.yaml", job(provider, prompt="a bush", more="    timeout: 1\n"))
        assert here("vidi-run", "job.yaml", "--exclude", "tree").exit_code == 0
        served.sandbox.faults._rules.clear()
        work = next(iter(served.sandbox.works.values()))
        work.fate = None
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2


@providers
def test_in_doubt_and_changed_buys_nothing_until_the_doubt_is_settled(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox(
        {"on": "submit", "fault": "reset-after"}, {"on": "list", "fault": "500", "times": 0}
    ) as served:
        here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
        assert here("vidi-run", "job.yaml").exit_code == 6
        here.write("job.yaml", job(provider, prompt="a bush"))
        assert plan(here)["reason"] == (
            "in doubt: the provider is asked first; then params changed: prompt"
        )
        served.sandbox.faults._rules.clear()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
        prompts = [work.input["prompt"] for work in served.sandbox.works.values()]
    assert prompts == ["a tree", "a bush"]
    assert len(list((here.folder / "outputs/job/.vidi/replaced").iterdir())) == 1


@providers
def test_rebuy_buys_again_and_keeps_both(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox() as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert here("vidi-run", "job.yaml", "--rebuy", "tree").exit_code == 0
        assert served.submits == 2
    assert row(here)["cost_usd"]["actual"] == MODELS[provider][1]


@providers
def test_rebuy_brings_home_what_is_open_and_buys_it_again_only_when_asked_once_more(
    here, unfinished, provider
):
    with unfinished(provider) as served:
        here.write("job.yaml", job(provider))
        for submits in (1, 2):
            assert here("vidi-run", "job.yaml", "--rebuy", "tree").exit_code == 0
            assert served.submits == submits
            assert row(here)["cost_usd"]["actual"] == MODELS[provider][1]


@providers
def test_the_plan_says_that_what_is_open_is_not_bought_again(here, unfinished, provider):
    with unfinished(provider):
        here.write("job.yaml", job(provider))
        plan = here("vidi-run", "job.yaml", "--rebuy", "tree", "--estimate", "--json").json
    (line,) = plan["jobs"][0]["inferences"]
    assert (line["reason"], line["estimate_usd"]["high"]) == ("submitted before: fetch it", 0)


@providers
def test_an_asset_that_is_missing_is_fetched_again_while_the_provider_has_it(
    here, sandbox, provider
):
    here.write("job.yaml", job(provider))
    with sandbox() as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        (here.folder / "outputs/job/tree.webp").unlink()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1
    assert row(here)["cost_usd"]["actual"] == 0


@providers
def test_an_asset_that_is_gone_everywhere_is_bought_again_and_that_is_told(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox({"on": "download", "fault": "gone", "nth": 2}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        (here.folder / "outputs/job/tree.webp").unlink()
        line = plan(here)
        assert line["reason"] == "asset missing: tree.webp"
        assert line["estimate_usd"]["high"] == MODELS[provider][1]
        answer = here("vidi-run", "job.yaml")
        assert answer.exit_code == 0
        assert served.submits == 2
    kept = " (replicate keeps outputs for 1 h)" if provider == "replicate" else ""
    assert f"{kept}; buying it again\n" in answer.stderr


@providers
def test_the_plan_says_what_the_provider_no_longer_keeps(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox():
        assert here("vidi-run", "job.yaml").exit_code == 0
    (here.folder / "outputs/job/tree.webp").unlink()
    log = here.folder / "outputs/job/log.jsonl"
    rewrite(log, lambda text: re.sub(r'"ts":"\d{4}', '"ts":"2025', text))
    only = ", and replicate kept it for 1 h only" if provider == "replicate" else ""
    assert plan(here)["reason"] == f"asset missing: tree.webp{only}"


@pytest.mark.parametrize(
    ("provider", "fault"), [("replicate", "html"), ("fal", "html"), ("fal", "500")]
)
def test_what_cannot_be_fetched_now_is_not_bought_again(here, sandbox, provider, fault):
    here.write("job.yaml", job(provider))
    with sandbox({"on": "download", "fault": fault, "nth": 2, "times": 20}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        (here.folder / "outputs/job/tree.webp").unlink()
        assert here("vidi-run", "job.yaml").exit_code == 1
        served.sandbox.faults._rules.clear()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


def forget_length(log):
    """Leave a folder as a run leaves it that was killed: nobody noted how long its journal was."""
    (log.parent / ".vidi/holder.json").unlink()


@providers
def test_what_was_bought_from_a_model_that_is_gone_is_not_bought_over(here, unfinished, provider):
    with unfinished(provider) as served:
        log = here.folder / "outputs/job/log.jsonl"
        rewrite(log, lambda text: text.replace(MODELS[provider][0], f"{provider}/nobody/gone"))
        forget_length(log)
        here.write("job.yaml", job(provider, prompt="a bush"))
        answer = here("vidi-run", "job.yaml")
        assert answer.exit_code == 2
        assert f"{provider}/nobody/gone" in answer.stderr
        assert served.submits == 1


def test_a_run_that_was_killed_while_sending_leaves_a_doubt_that_says_why(here, sandbox):
    here.write("job.yaml", job("fal"))
    with sandbox({"on": "submit", "fault": "reset"}):
        assert here("vidi-run", "job.yaml").exit_code == 6
        log = here.folder / "outputs/job/log.jsonl"
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(lines[: [('"intent"' in line) for line in lines].index(True) + 1]))
        forget_length(log)
        assert here("vidi-run", "job.yaml").exit_code == 6
    found = here("vidi", "status", "job.yaml", "--json").json["inferences"][0]
    assert found["status"] == "in_doubt"
    assert found["error"]["message"].endswith("the provider lists nothing like it")


@providers
def test_what_left_the_file_and_may_be_billed_is_named(here, unfinished, provider):
    with unfinished(provider) as served:
        (request_id,) = served.sandbox.works
        here.write(
            "job.yaml",
            job(provider, "a bush").replace("id: tree", "id: bush").replace("tree.w", "b.w"),
        )
        answer = here("vidi-run", "job.yaml", "--estimate")
        assert answer.stderr == (
            f"job.yaml: warning: tree is no longer in this file, but it was submitted as "
            f"{request_id} and may be billed\n"
            "      hint: Put tree back into the file and run it to fetch what it made.\n"
        )
        here.write("job.yaml", job(provider))
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


def test_the_second_run_knows_how_long_a_model_takes(here, sandbox):
    here.write("job.yaml", job("replicate"))
    with sandbox(latency=0.8) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        before = served.count("GET", "/predictions/{id}")
        here.write("job.yaml", job("replicate", prompt="a bush"))
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.count("GET", "/predictions/{id}") - before <= 3 < before
    lines = (here.folder / "outputs/job/log.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"] for line in lines]
    assert kinds.count("completed") == 2


def test_fal_tells_by_itself_when_it_is_done(here, sandbox):
    here.write("job.yaml", job("fal"))
    with sandbox(latency=1.0) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.requests <= 6
        (work,) = served.sandbox.works.values()
    completed = row(here)["completed_at"]
    late = datetime.fromisoformat(completed).timestamp() - work.end()[0]
    assert late < 0.25  # loose: two cores shared with other tests


def test_what_the_filter_flagged_is_kept_and_marked(here, sandbox):
    two = job("fal").replace("prompt: a tree", "prompt: a tree, num_images: 2")
    here.write("job.yaml", two)
    with sandbox({"on": "result", "fault": "partial-moderation"}):
        assert here("vidi-run", "job.yaml").exit_code == 0
    flagged, good = row(here)["assets"]
    assert "the provider's filter flagged it" in flagged["warning"]
    assert "flagged" not in good.get("warning", "")


def test_what_the_filter_left_out_is_told_and_the_rest_kept(here, sandbox):
    three = job("replicate").replace("prompt: a tree", "prompt: a tree, num_outputs: 3")
    here.write("job.yaml", three)
    with sandbox({"on": "result", "fault": "partial-moderation"}):
        assert here("vidi-run", "job.yaml").exit_code == 0
    assets = row(here)["assets"]
    assert [asset["path"] for asset in assets] == ["tree-1.webp", "tree-2.webp"]
    assert {asset["warning"] for asset in assets} == {
        "2 of 3 outputs came: the provider left out the others, as its filter does"
    }
    assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0


@providers
def test_what_can_be_fetched_of_several_is_kept(here, sandbox, provider):
    count = "num_images: 2" if provider == "fal" else "num_outputs: 2"
    here.write("job.yaml", job(provider).replace("prompt: a tree", f"prompt: a tree, {count}"))
    with sandbox({"on": "download", "fault": "gone"}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 1
        assert (here.folder / "outputs/job/tree-2.webp").is_file()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1
    assert len(row(here)["assets"]) == 2
