"""Every exchange that was recorded of the real services, played to the installed command.

One run for all courses that let the others go on, one for each that stops its provider; what each
came to is read from the manifest, from the server that played, and from the disk.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from support.commands import run_installed
from support.recorded import asides, fal_bills, fal_courses, replicate_courses
from support.servers.replay import Replay, make_file, make_noise

TOGETHER = (
    *fal_bills.BILLS,
    *fal_courses.DONE, *fal_courses.FAILED, *fal_courses.LATE, *fal_courses.SUBMITS,
    *replicate_courses.SUCCEEDED, *replicate_courses.FAILED, *replicate_courses.SUBMITS,
    *replicate_courses.FORBIDDEN, *asides.TOGETHER,
)  # fmt: skip
ALONE = (*fal_courses.STOPPING, *replicate_courses.STOPPING, *asides.ALONE)

CODES = {"succeeded": 0, "failed": 1, "in_doubt": 6}
RECORDED = Path(__file__).with_name("recorded.txt").read_text(encoding="utf-8").split()
"""The names of all exchanges that were recorded."""
LARGE = make_noise()


class Played:
    """A run of some courses."""

    def __init__(self, folder, answer, replay, courses):
        self.folder = folder / "outputs/job"
        self.answer = answer
        manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        self.manifest = manifest
        self.rows = {row["id"]: row for row in manifest["inferences"]}
        self.posts = {course.name: replay.posts(course.name) for course in courses}
        self.unforeseen = list(replay.unforeseen)


@pytest.fixture(scope="module")
def replay():
    with Replay().serving() as replay:
        yield replay


def play(replay, folder, courses):
    """Run a job of these courses."""
    replay.show(courses)
    job = {"version": 1, "name": "job", "budget": 1000,
           "inferences": [course.entry() for course in courses]}  # fmt: skip
    (folder / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
    for course in courses:
        if course.template:
            path = folder / "templates" / course.template_path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(course.template), encoding="utf-8")
    (folder / "in").mkdir()
    for name in ("cat.jpg", "clip.mp3"):
        (folder / "in" / name).write_bytes(make_file(name).body)
    (folder / "in/large.png").write_bytes(LARGE)
    environment = {
        **replay.environment(),
        "FAL_KEY": f"{asides.KEY_ID}:secret-half",
        "VIDI_LEDGER": str(folder / "ledger.sqlite3"),
        "VIDI_RECONCILE_SECONDS": "0",
    }
    answer = run_installed(
        "vidi-run", "job.yaml", "-j", "32", "--no-report", "--json", cwd=folder,
        timeout=120, **environment,
    )  # fmt: skip
    assert (folder / "outputs/job/manifest.json").exists(), answer.stdout + answer.stderr
    return Played(folder, answer, replay, courses)


@pytest.fixture(scope="module")
def together(replay, tmp_path_factory):
    return play(replay, tmp_path_factory.mktemp("together"), TOGETHER)


def check(course, played):
    """What the course came to."""
    ending, row = course.ending, played.rows[course.name]
    told = row["error"]["message"] if row["error"] else ""
    told += "; ".join(asset.get("warning", "") for asset in row["assets"])
    usd = row["cost_usd"]["actual"]
    seen = (row["status"], None if usd is None else f"{Decimal(str(usd)):.6f}",
            row["cost_usd"]["basis"], played.posts[course.name])  # fmt: skip
    assert seen == (ending.status, ending.usd, ending.basis, ending.posts), (told, row)
    assert ending.says in told
    names = tuple(Path(asset["path"]).name for asset in row["assets"])
    assert names == ending.files
    for asset in row["assets"]:
        assert (played.folder / asset["path"]).stat().st_size == asset["bytes"]


@pytest.mark.parametrize("course", TOGETHER, ids=lambda course: course.name)
def test_a_course_comes_to_its_end(course, together):
    check(course, together)


@pytest.mark.parametrize("course", ALONE, ids=lambda course: course.name)
def test_a_course_on_its_own(course, replay, tmp_path):
    played = play(replay, tmp_path, [course])
    code = CODES[course.ending.status] if course.exit_code is None else course.exit_code
    assert played.answer.exit_code == code, played.answer.stderr
    check(course, played)


@pytest.mark.parametrize("course", fal_bills.SHIPPED, ids=lambda course: course.name)
def test_the_estimate_contains_the_bill(course, together):
    costs = together.rows[course.name]["cost_usd"]
    assert costs["estimated_low"] <= costs["actual"] <= costs["estimated_high"]


def test_everything_that_the_command_asked_was_foreseen(together):
    assert together.unforeseen == []


def test_the_key_that_an_answer_named_is_shown_nowhere(together):
    written = "".join(
        path.read_text(encoding="utf-8")
        for path in together.folder.rglob("*")
        if path.suffix in {".json", ".jsonl"}
    )
    assert asides.KEY_ID not in written + together.answer.stdout + together.answer.stderr


@pytest.mark.parametrize("query", asides.CATALOGUE)
def test_a_list_of_models_without_schemas_checks_nothing(query, replay, tmp_path):
    replay.show([])
    replay.models = asides.LISTED
    answer = run_installed(
        "vidi", "models", "check", "fal/fal-ai/nano-banana-2/edit", "--live", cwd=tmp_path,
        **replay.environment(),
    )  # fmt: skip
    assert (query in RECORDED, answer.exit_code) == (True, 1), answer.stderr


def test_every_exchange_that_was_recorded_is_played():
    played = [name for course in (*TOGETHER, *ALONE) for name in course.recorded]
    assert sorted([*played, *asides.CATALOGUE]) == sorted(RECORDED)
    names = [course.name for course in (*TOGETHER, *ALONE)]
    assert len(names) == len(set(names))
