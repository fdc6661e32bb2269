"""Templates of strangers: bounded in time and in memory."""

import time

import pytest

from vidi.errors import Problem
from vidi.jobs.expansion.bounds import ONE_MACHINE, JobBounds
from vidi.jobs.job import read_job

SLOW = "{% for a in range(90000) %}{{ ('x' * 1000000) | replace('y', 'z') | length }}{% endfor %}"


def problems(folder, entry, head="", bounds=ONE_MACHINE):
    path = folder / "a.yaml"
    path.write_text(f"version: 1\n{head}inferences:\n- {{{entry}, model: m, output: x}}\n")
    job = read_job(path, project=folder, bounds=bounds)
    assert job.problems == ()
    began = time.monotonic()
    found = [each for each in job.inferences() if isinstance(each, Problem)]
    return found, time.monotonic() - began


@pytest.mark.parametrize(
    "entry",
    [
        f'id: a, params: {{p: "{SLOW}"}}',
        f'id: a, vars: {{v: "{SLOW}"}}, params: {{p: "{{{{ v }}}}"}}',
        f'id: "a{{{{ n }}}}", matrix: {{n: "{SLOW}"}}, params: {{}}',
    ],
)
def test_the_templates_of_an_entry_have_two_seconds(tmp_path, entry):
    found, seconds = problems(tmp_path, entry)
    assert any(
        "templates took longer than the 2 s of an inference" in each.message for each in found
    )
    assert seconds < 10


def test_the_templates_of_a_job_have_their_time_together(tmp_path):
    entry = f'id: "a{{{{ n }}}}", matrix: {{n: "{{{{ range(50) }}}}"}}, params: {{p: "{SLOW}"}}'
    found, seconds = problems(tmp_path, entry, bounds=JobBounds(render_s=3.0))
    assert any("the 3 s of a job file" in each.message for each in found)
    assert seconds < 10


def test_many_big_variables_are_too_big_together(tmp_path):
    variables = ", ".join(f"v{n}: \"{{{{ 'x' * 1000000 }}}}\"" for n in range(40))
    found, _ = problems(tmp_path, f"id: a, vars: {{{variables}}}, params: {{}}")
    assert found[0].message == "the variables hold more than 16,777,216 characters"
