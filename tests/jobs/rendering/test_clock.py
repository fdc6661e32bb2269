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


def test_entries_for_which_no_time_is_left_are_not_dropped_without_a_word(tmp_path):
    """None of their own templates is slow: it is the entry before that took the time."""
    plain = "\n- {id: b, params: {p: plain}, model: m, output: y}"
    path = tmp_path / "a.yaml"
    slow = f'- {{id: a, params: {{p: "{SLOW}"}}, model: m, output: x}}'
    path.write_text(f"version: 1\ninferences:\n{slow}{plain}\n")
    job = read_job(path, project=tmp_path, bounds=JobBounds(render_s=0.5))
    _, dropped = [each for each in job.inferences() if isinstance(each, Problem)]
    assert dropped.message == "templates took longer than the 0 s of a job file"
    assert dropped.place.line == 4


def test_thirty_three_thousand_different_templates_are_as_many_as_are_understood(tmp_path):
    """Counted before any is: a list of so many would take minutes, and one of half is honest."""
    texts = ", ".join(f'"{n} {{{{ v }}}}"' for n in range(34_000))
    found, seconds = problems(tmp_path, f"id: a, vars: {{v: 1}}, params: {{p: [{texts}]}}")
    (mistake,) = found
    assert mistake.message == (
        "more than 10,000,000 params and variables in one job file, each template among them "
        "counted as 300"
    )
    assert seconds < 10


def test_many_big_variables_are_too_big_together(tmp_path):
    variables = ", ".join(f"v{n}: \"{{{{ 'x' * 1000000 }}}}\"" for n in range(40))
    found, _ = problems(tmp_path, f"id: a, vars: {{{variables}}}, params: {{}}")
    assert found[0].message == "the variables hold more than 16,777,216 characters"
