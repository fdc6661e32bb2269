"""Several job files in one command: what stops one of them holds for all of them."""

import contextlib

import pytest

from support.servers.altered_sandbox import MODELS
from support.servers.sandbox import serve_sandbox

FAILED = {"on": "result", "fault": "failed", "times": 0}
COUNT = 3
"""Inferences of each provider in each file."""


def write_jobs(here, *names, providers=("replicate", "fal")):
    """Job files with inferences of both providers, the first provider's first."""
    for name in names:
        rows = [
            f"  - {{id: {provider}-{number}, model: {MODELS[provider]},"
            f" params: {{prompt: p{number}}}, output: {provider}-{number}.webp}}"
            for provider in providers
            for number in range(COUNT)
        ]
        text = "\n".join(["version: 1", "budget: 5", "inferences:", *rows])
        here.write(f"{name}.yaml", text + "\n")


def statuses(here, name):
    return {row["id"]: row["status"] for row in here.manifest(f"outputs/{name}")["inferences"]}


@contextlib.contextmanager
def lead_to_sandbox(here, *faults):
    """Serve a sandbox that stands for the real providers."""
    with serve_sandbox(faults) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield served


@pytest.mark.parametrize("refused", ["replicate", "fal"])
def test_a_refused_key_stops_its_provider_in_all_files_and_no_other(here, refused):
    write_jobs(here, "a", "b")
    with lead_to_sandbox(here, {"on": "submit", "fault": "401", "provider": refused}) as served:
        answer = here("vidi-run", "a.yaml", "b.yaml")
    assert answer.exit_code == 4
    for name, first in (("a", "failed"), ("b", "skipped")):
        found = statuses(here, name)
        ours = [status for key, status in found.items() if key.startswith(refused)]
        assert ours == [first, *["skipped"] * (COUNT - 1)]
        others = {status for key, status in found.items() if not key.startswith(refused)}
        assert others == {"succeeded"}
    assert served.submits == 1 + 2 * COUNT, "one was refused, and nothing more was sent there"


@pytest.mark.parametrize(("option", "most"), [(("--fail-fast",), 1), (("--max-failures", 4), 4)])
def test_failures_are_counted_over_all_files(here, option, most):
    write_jobs(here, "a", "b", "c", providers=("fal",))
    with lead_to_sandbox(here, FAILED) as served:
        answer = here("vidi-run", "a.yaml", "b.yaml", "c.yaml", *option)
    assert answer.exit_code == 1
    found = [status for name in "abc" for status in statuses(here, name).values()]
    assert found == ["failed"] * most + ["skipped"] * (3 * COUNT - most)
    assert served.submits == most


def test_what_is_accepted_is_no_failure_that_is_counted(here):
    write_jobs(here, "a", "b", providers=("fal",))
    refused = {"on": "result", "fault": "moderated", "times": 0}
    with lead_to_sandbox(here, refused) as served:
        answer = here(
            "vidi-run", "a.yaml", "b.yaml", "--max-failures", "1", "--accept", "moderated"
        )
    assert (answer.exit_code, served.submits) == (0, 2 * COUNT)
