"""`limits` in a job file: read, refused with its place, and kept to."""

from itertools import pairwise

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: job
budget: 1.00
concurrency: 4
limits: LIMITS
inferences:
  - id: "card-{{ n }}"
    matrix: {n: [1, 2, 3]}
    model: fal/fal-ai/flux/schnell
    params: {prompt: "card {{ n }}", image_size: square}
    output: "{{ id }}.png"
"""
SHAPE = "Write `limits: {replicate: {concurrency: 4, creates_per_minute: 60}}`."


@pytest.mark.parametrize(
    ("limits", "column", "message", "hint"),
    [
        ("3", 9, "'limits' must be a mapping, not 3", None),
        ("{fal: 3}", 15, "the limits of 'fal' must be a mapping, not 3", SHAPE),
        ("{fla: {concurrency: 1}}", 10, "there is no provider 'fla'", "Did you mean 'fal'?"),
        ("{zzzz: {concurrency: 1}}", 10, "there is no provider 'zzzz'",
         "Providers: replicate, fal."),
        ("{fal: {concurency: 1}}", 16, "unknown key 'concurency' in 'limits'",
         "Did you mean 'concurrency'?"),
        ("{fal: {rate: 1}}", 16, "unknown key 'rate' in 'limits'", SHAPE),
        ("{fal: {concurrency: 0}}", 29,
         "'concurrency' must be a whole number from 1 to 256, not 0", SHAPE),
        ("{fal: {concurrency: 257}}", 29,
         "'concurrency' must be a whole number from 1 to 256, not 257", SHAPE),
        ("{fal: {concurrency: true}}", 29,
         "'concurrency' must be a whole number from 1 to 256, not true", SHAPE),
        ("{fal: {creates_per_minute: 1.5}}", 36,
         "'creates_per_minute' must be a whole number from 1 to 100000, not 1.5", SHAPE),
    ],
)  # fmt: skip
def test_every_mistake_has_its_place_and_its_mend(here, limits, column, message, hint):
    here.write("job.yaml", JOB.replace("LIMITS", limits))
    answer = here("vidi-run", "job.yaml", "--estimate", "--json")
    assert answer.exit_code == 2
    (error,) = answer.json["errors"]
    place = (error["line"], error["column"])
    assert (place, error["message"], error["hint"] or None) == ((5, column), message, hint)


def test_all_mistakes_of_it_come_at_once(here):
    limits = "{fal: {concurrency: 0, rate: 1}, replicate: 2, fla: {}}"
    here.write("job.yaml", JOB.replace("LIMITS", limits))
    assert len(here("vidi-run", "job.yaml", "--estimate", "--json").json["errors"]) == 4


def spans_of(here, folder):
    """When each inference was at the provider, in order: ISO times."""
    rows = here.manifest(folder)["inferences"]
    return sorted((row["submitted_at"], row["completed_at"]) for row in rows)


def overlap(spans):
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


@pytest.mark.parametrize(("limits", "together"), [("{fal: {concurrency: 1}}", False), ("{}", True)])
@pytest.mark.parametrize("costs", ["on", "off"])
def test_no_more_are_under_way_than_it_says(here, limits, together, costs):
    here._monkeypatch.setenv("VIDI_COSTS", costs)
    here.write("job.yaml", JOB.replace("LIMITS", limits))
    with serve_sandbox(latency=0.2) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml", "--no-report").exit_code == 0
    assert overlap(spans_of(here, "outputs/job")) is together


@pytest.mark.parametrize(("project", "together"), [(1, False), (3, True)])
def test_the_lower_of_the_files_and_the_projects_holds(here, project, together):
    here.write("vidi.toml", f"limits.fal.concurrency = {project}\n")
    here.write("job.yaml", JOB.replace("LIMITS", "{fal: {concurrency: 3}}"))
    with serve_sandbox(latency=0.2) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml", "--no-report").exit_code == 0
    assert overlap(spans_of(here, "outputs/job")) is together


def test_the_sandbox_keeps_to_it_too(here):
    here.write("job.yaml", JOB.replace("LIMITS", "{fal: {concurrency: 1}}"))
    assert here("vidi-run", "job.yaml", "--sandbox", "--no-report").exit_code == 0
    assert not overlap(spans_of(here, "outputs/sandbox/job"))
