"""What a filter refused is not bought again, however often the same job runs."""

import pytest

from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": "replicate/black-forest-labs/flux-schnell",
    "fal": "fal/fal-ai/flux/dev",
}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, prompt="x", more="", key="a"):
    entry = f"{{id: {key}, model: {MODELS[provider]}, params: {{prompt: {prompt}}}, output: a.png}}"
    return f"version: 1\nname: job\nbudget: 1\n{more}inferences:\n  - {entry}\n"


@pytest.fixture
def refused(here):
    """A sandbox whose filter refuses the first inference, in a run that has ended."""

    def refused(provider):
        here.write("job.yaml", job(provider))
        assert here("vidi-run", "job.yaml").exit_code == 1

    with serve_sandbox([{"on": "result", "fault": "moderated"}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        refused.served = served
        yield refused


def row(here):
    return here.manifest("outputs/job")["inferences"][0]


@providers
def test_three_runs_buy_it_once_and_all_of_them_fail(here, refused, provider):
    refused(provider)
    first = row(here)
    for options in ((), ("--frozen",), ("-j", "4")):
        answer = here("vidi-run", "job.yaml", *options)
        assert (answer.exit_code, refused.served.submits) == (1, 1)
        assert "1 moderated" in answer.stderr
        assert row(here) == first
    plan = here("vidi-run", "job.yaml", "--estimate", "--json").json
    (line,) = plan["jobs"][0]["inferences"]
    assert (line["action"], line["estimate_usd"]["high"]) == ("skip", 0)
    assert line["reason"].startswith("moderated before")


@providers
def test_it_is_bought_when_its_params_change_or_when_asked(here, refused, provider):
    refused(provider)
    assert here("vidi-run", "job.yaml", "--rebuy", "a").exit_code == 0
    assert refused.served.submits == 2
    here.write("job.yaml", job(provider, "y"))
    assert here("vidi-run", "job.yaml").exit_code == 0
    assert refused.served.submits == 3


@providers
def test_going_back_to_it_or_calling_it_otherwise_does_not_buy_it(here, refused, provider):
    refused(provider)
    here.write("job.yaml", job(provider, "y"))
    assert here("vidi-run", "job.yaml").exit_code == 0
    here.write("job.yaml", job(provider))
    assert here("vidi-run", "job.yaml").exit_code == 1
    here.write("job.yaml", job(provider, key="b"))
    assert here("vidi-run", "job.yaml").exit_code == 1
    assert refused.served.submits == 2
    assert row(here)["status"] == "moderated"


@providers
def test_who_accepts_it_succeeds(here, refused, provider):
    here.write("job.yaml", job(provider, more="accept: [moderated]\n"))
    for _ in range(2):
        answer = here("vidi-run", "job.yaml")
        assert (answer.exit_code, refused.served.submits) == (0, 1)
        assert row(here)["status"] == "moderated"
    here.write("job.yaml", job(provider))
    assert here("vidi-run", "job.yaml", "--accept", "moderated").exit_code == 0
    assert here("vidi-run", "job.yaml").exit_code == 1
    assert refused.served.submits == 1


def test_nothing_else_may_be_accepted(here):
    for written in ("[failed]", "moderated", "[1]"):
        here.write("job.yaml", job("fal", more=f"accept: {written}\n"))
        answer = here("vidi-run", "job.yaml", "--estimate", "--json")
        assert answer.exit_code == 2
        assert answer.json["errors"][0]["hint"] == "Write `accept: [moderated]`, or leave it out."
    assert here("vidi-run", "job.yaml", "--accept", "failed").exit_code == 2
