"""How a run waits for its inferences: by the provider's own word, by few looks, never for ever."""

import json

import pytest

from support.servers.altered_sandbox import serve_altered
from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": "{model: replicate/prunaai/z-image-turbo, params: {width: 64, height: 64, ",
    "fal": "{model: fal/fal-ai/flux/schnell, params: {image_size: {width: 64, height: 64}, ",
}
JOB = """\
version: 1
name: job
budget: 1
defaults: %s prompt: a tree}}
inferences:
  - {id: "tree-{{ n }}", matrix: {n: %s}, output: "{{ id }}.png"}
"""


@pytest.fixture
def run(here):
    """Run so many inferences at once; returns what the sandbox has seen."""

    def run(provider, count, *faults, latency):
        here.write("job.yaml", JOB % (MODELS[provider], list(range(count))))
        with serve_sandbox(faults, latency) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            assert here("vidi-run", "job.yaml", "-j", count).exit_code == 0
        return served

    return run


def test_fal_is_waited_for_by_its_event_stream(run):
    served = run("fal", 1, latency=0.3)
    looked = served.count("GET", "/stream"), served.count("GET", "/status")
    asked = served.count("GET", "/pricing")  # once a run, not of an inference
    assert (looked, asked, served.requests - asked) == ((1, 0), 1, 4)


SILENT = {"on": "poll", "fault": "timeout", "nth": 1}
MISSING = {"on": "poll", "fault": "404", "nth": 1}


def test_beside_a_silent_event_stream_vidi_looks_for_itself(run):
    served = run("fal", 1, SILENT, latency=1.5)
    assert (served.count("GET", "/stream"), served.count("GET", "/status")) == (1, 1)


def test_an_event_stream_that_is_not_served_is_not_asked_again(run):
    served = run("fal", 1, MISSING, latency=0.6)
    assert served.count("GET", "/stream") == 1
    assert served.count("GET", "/status") > 1


@pytest.mark.parametrize(("provider", "most"), [("replicate", 3 * 12 + 25), ("fal", 4 * 12 + 1)])
def test_many_of_a_model_that_was_never_seen_need_few_requests(run, provider, most):
    """At Replicate one of them is looked at every 50 ms for a second; at fal, prices are asked."""
    assert run(provider, 12, latency=1.0).requests <= most


SAID = {
    "metrics": {"predict_time", "total_time"},
    "times": {"predict_time"},
}
"""Which metrics an answer has: real ones up to 2024, and some later, lack `total_time`."""


@pytest.mark.parametrize("said", SAID)
def test_all_but_the_first_are_looked_at_once(here, said):
    looks, count = [], 6

    def alter(exchange):
        if exchange.method == "GET" and "/predictions/" in exchange.path:
            looks.append(exchange.path)
        if not exchange.is_result:
            return exchange
        metrics = json.loads(exchange.body)["metrics"]
        return exchange.with_fields(metrics={key: metrics[key] for key in SAID[said]})

    here.write("job.yaml", JOB % (MODELS["replicate"], list(range(count))))
    with serve_altered(here, alter) as served:
        served.sandbox.latency = 0.5
        assert here("vidi-run", "job.yaml").exit_code == 0
    first = looks[0]
    assert len([path for path in looks if path != first]) <= count  # 1 more than there are
