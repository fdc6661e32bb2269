"""`vidi lock` and `vidi-run --locked`: what a project uses of the registry, pinned."""

import json

import pytest

from support.models.templates import LINE, ROW, template

JOB = """\
version: 1
budget: 1
inferences:
  - {id: a, model: fal/acme/painter, params: {prompt: x}, output: a.png}
"""
NEW_ROW = {**ROW, "from": "2020-01-02", "lines": [{**LINE, "rates": [{"usd_per_image": 0.2}]}]}


@pytest.fixture
def project(here):
    here.write("jobs/job.yaml", JOB)
    painter(here)
    return here


def painter(here, **changes):
    here.write("templates/fal/acme-painter.json", json.dumps(template(**changes)))


def lock(here, *options):
    return here("vidi", "lock", *options)


def run(here, *options):
    return here("vidi-run", "jobs/job.yaml", "--locked", *options)


def test_the_models_of_the_jobs_are_pinned(project):
    answer = lock(project)
    assert answer.exit_code == 0
    assert answer.stderr == (
        "fal/acme/painter: not pinned, its example $0.10\npinned 1 model in vidi.lock\n"
    )
    first = (project.folder / "vidi.lock").read_bytes()
    locked = json.loads(first)
    assert locked["schema_version"] == 1
    model = locked["models"]["fal/acme/painter"]
    assert model["rows"] == [ROW]
    assert model["template"].startswith("sha256:")
    assert lock(project).stderr == "pinned 1 model in vidi.lock\n"
    assert (project.folder / "vidi.lock").read_bytes() == first
    assert run(project, "--estimate").exit_code == 0
    assert run(project, "--sandbox").exit_code == 0


CHANGES = {
    "prices": ({"pricing": {"rows": [ROW, NEW_ROW]}},
               "prices: its example $0.10 when it was pinned, $0.20 now"),
    "template": ({"title": "Brush"}, "template: params, dates or sources are others now"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_differs_is_refused_until_it_is_pinned_anew(project, what):
    changes, told = CHANGES[what]
    lock(project)
    before = (project.folder / "vidi.lock").read_bytes()
    painter(project, **changes)
    for options in (["--estimate"], ["-y"], ["--sandbox"]):
        answer = run(project, *options)
        assert answer.exit_code == 3, answer.stderr
        assert f"not as vidi.lock has it: fal/acme/painter: {told}\n" in answer.stderr
    assert "verdict   refused: not as vidi.lock has it\n" in run(project, "--estimate").stdout
    assert project("vidi-run", "jobs/job.yaml", "--estimate").exit_code == 0
    check = lock(project, "--check", "--json")
    assert (check.exit_code, (project.folder / "vidi.lock").read_bytes()) == (3, before)
    (difference,) = check.json["differences"]
    assert difference["what"] == what
    assert difference["before_usd"] == {"low": 0.1, "high": 0.1}
    assert difference["after_usd"]["high"] == (0.2 if what == "prices" else 0.1)
    assert f"fal/acme/painter: {told}\n" in lock(project).stderr
    assert run(project, "--estimate").exit_code == 0
    assert lock(project, "--check").exit_code == 0


def test_how_a_template_is_written_makes_no_difference(project):
    lock(project)
    text = json.dumps(template(), indent=7, sort_keys=True)
    project.write("templates/fal/acme-painter.json", text)
    assert run(project, "--estimate").exit_code == 0


def test_a_model_that_is_not_pinned_is_refused(project):
    lock(project)
    project.write("templates/fal/acme-other.json", json.dumps(template("fal/acme/other")))
    project.write("jobs/job.yaml", JOB.replace("acme/painter", "acme/other"))
    answer = run(project, "--estimate")
    assert answer.exit_code == 3
    assert "fal/acme/other: not pinned, its example $0.10" in answer.stderr
    assert "fal/acme/painter: not used\n" in lock(project).stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "there is no vidi.lock"), ("{", "this lock cannot be read: it is no lock"),
     ('{"schema_version": 9, "models": {}}', "its format 9 is not known")],
)  # fmt: skip
def test_without_a_lock_nothing_is_locked(project, text, told):
    if text is not None:
        project.write("vidi.lock", text)
    answer = run(project, "--estimate")
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_there_must_be_something_to_pin(here):
    (here.folder / "jobs").mkdir()
    answer = lock(here)
    assert (answer.exit_code, answer.stderr.splitlines()[0]) == (2, "there is no job file in jobs")
    assert lock(here, "none.yaml").exit_code == 2
