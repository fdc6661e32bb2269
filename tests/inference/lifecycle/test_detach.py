"""`--detach`: submitted within the budget, left running, and collected by the next run."""

import pytest

from support.servers.sandbox import serve_sandbox

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
providers = pytest.mark.parametrize("provider", MODELS)


def write_job(here, provider, count, budget="1.00"):
    here.write(
        "job.yaml",
        f"version: 1\nname: job\nbudget: {budget}\ninferences:\n"
        f'  - id: "a{{{{ n }}}}"\n    matrix: {{n: {list(range(count))}}}\n'
        f'    model: {MODELS[provider]}\n    params: {{prompt: "tree {{{{ n }}}}"}}\n'
        '    output: "{{ id }}"\n',
    )


def lead_to(here, served):
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)


def statuses(here):
    return [row["status"] for row in here.manifest("outputs/job")["inferences"]]


@providers
def test_what_is_submitted_is_left_and_collected_by_the_next_run(here, provider):
    write_job(here, provider, 3)
    with serve_sandbox(latency=60.0) as served:
        lead_to(here, served)
        answer = here("vidi-run", "job.yaml", "--detach", "--no-report")
        assert (answer.exit_code, served.submits) == (5, 3)
        assert statuses(here) == ["unfinished"] * 3
        assert here.manifest("outputs/job")["cost_usd"]["in_doubt"] > 0
        assert "left running (request " in answer.stderr
        assert served.count("GET", "/status") + served.count("GET", "/predictions/{id}") == 0
        again = here("vidi-run", "job.yaml", "--detach", "--no-report")
        assert (again.exit_code, served.submits) == (5, 3), "still running, and not bought again"
        for work in served.sandbox.works.values():
            work.latency = 0.0
        assert here("vidi-run", "job.yaml", "--no-report").exit_code == 0
        assert (statuses(here), served.submits) == (["succeeded"] * 3, 3)
        assert here("vidi", "costs", "--json").json["total_usd"] == float(
            served.sandbox.billing.total
        )


@providers
def test_what_has_ended_meanwhile_is_collected_by_a_detached_run_too(here, provider):
    write_job(here, provider, 1)
    with serve_sandbox() as served:
        lead_to(here, served)
        assert here("vidi-run", "job.yaml", "--detach", "--no-report").exit_code == 5
        assert here("vidi-run", "job.yaml", "--detach", "--no-report").exit_code == 0
        assert (statuses(here), served.submits) == (["succeeded"], 1)


def test_what_runs_holds_its_part_of_the_budget(here):
    write_job(here, "replicate", 3, budget="0.009")
    with serve_sandbox(latency=60.0) as served:
        lead_to(here, served)
        assert here("vidi-run", "job.yaml", "--detach", "--no-report").exit_code == 5
        write_job(here, "replicate", 4, budget="0.009")
        answer = here("vidi-run", "job.yaml", "--detach", "--no-report")
        assert served.submits == 3, "three reservations are the whole budget"
        assert answer.exit_code in {3, 5}


def test_nothing_is_left_in_a_sandbox_that_ends_with_the_command(here):
    write_job(here, "fal", 1)
    answer = here("vidi-run", "job.yaml", "--sandbox", "--detach")
    assert answer.exit_code == 2
    assert "--detach leaves nothing running" in answer.stderr
