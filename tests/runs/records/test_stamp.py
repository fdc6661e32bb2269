"""A folder in which nothing is left to do: seen at a glance, until anything at all has changed."""

import json
import shutil
from pathlib import Path

import pytest

from support.servers.sandbox import serve_sandbox
from vidi.inference.models.registry import shipped_templates

JOB = """\
version: 1
name: job
budget: 1
vars: {style: flat}
inferences:
  - id: "{{ item.sku }}"
    foreach: data.csv
    model: fal/fal-ai/flux/dev/image-to-image
    params: {prompt: "{{ item.title }}, {{ style }}", image_url: in.png}
    output: "{{ id }}.png"
"""
WARNED = """\
version: 1
name: job
inferences:
  - id: a
    model: fal/fal-ai/aura-sr
    params: {image_url: in.png, upscaling_factor: 4}
    output: a.png
    assume_cost: 0.01
"""
FOLDER = Path("outputs/sandbox/job")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f0001040100ef8f6a1c0000000049454e44ae426082"
)


@pytest.fixture
def finished(here):
    """A folder with everything made, and a run after that which found nothing to do."""
    here.write("job.yaml", JOB)
    here.write("data.csv", "sku,title\na,a tree\nb,a bush\n")
    (here.folder / "in.png").write_bytes(PIXEL)
    before = None
    for _ in range(9):  # one may come too soon after another to be sure
        answer = here("vidi-run", "job.yaml", "--sandbox")
        assert answer.exit_code == 0, answer.stderr
        if read_log(here) == before:
            break
        before = read_log(here)
    return here


def read_log(here):
    return (here.folder / FOLDER / "log.jsonl").read_text(encoding="utf-8")


def test_a_glance_is_enough_and_leaves_everything_as_it_is(finished):
    log, manifest = read_log(finished), finished.manifest(FOLDER)
    answer = finished("vidi-run", "job.yaml", "--sandbox")
    assert (answer.exit_code, read_log(finished), finished.manifest(FOLDER)) == (0, log, manifest)
    assert answer.stdout == f"{FOLDER / 'manifest.json'}\n"
    assert answer.stderr == (
        "succeeded: 2 unchanged, 2 with warnings\n"
        "spent $0.00 (sandbox: nothing was paid), budget $1.00, saved $0.06\n"
        "open outputs/sandbox/job/report.html\n"
    )


def touch(path):
    text = path.read_bytes()
    path.unlink()
    path.write_bytes(text)


def add_template(path):
    source = shipped_templates() / "fal/fal-ai-flux-dev-image-to-image.json"
    path.parent.mkdir(parents=True)
    shutil.copy(source, path)


CHANGES = {
    "job.yaml": touch,
    "data.csv": touch,
    "in.png": touch,
    "templates/fal/fal-ai-flux-dev-image-to-image.json": add_template,
    str(FOLDER / "a.png"): touch,
    str(FOLDER / "log.jsonl"): touch,
    str(FOLDER / "manifest.json"): Path.unlink,
    str(FOLDER / "report.html"): Path.unlink,
    str(FOLDER / ".vidi/sealed.json"): lambda path: path.write_text('{"asked": 1, "files": {}}'),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_has_changed_leads_back_to_the_whole_way(finished, name):
    log = read_log(finished)
    CHANGES[name](finished.folder / name)
    assert finished("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert read_log(finished).count("run_started") == log.count("run_started") + 1
    assert (finished.folder / FOLDER / "manifest.json").exists()
    assert (finished.folder / FOLDER / "report.html").exists()


@pytest.mark.parametrize("option", ["--var=style=flat", "--json", "--budget=0.5", "--no-report"])
def test_another_question_gets_an_answer_of_its_own(finished, option):
    log = read_log(finished)
    assert finished("vidi-run", "job.yaml", "--sandbox", option).exit_code == 0
    assert read_log(finished).count("run_started") == log.count("run_started") + 1


@pytest.mark.parametrize(
    ("name", "content", "made"),
    [
        ("data.csv", "sku,title\na,a tree\nb,a bush\nc,a fern\n", 1),
        ("data.csv", "sku,title\na,a wood\nb,a bush\n", 1),
        ("job.yaml", JOB.replace("flat", "deep"), 2),
    ],
)
def test_what_a_change_asks_for_is_made(finished, name, content, made):
    finished.write(name, content)
    answer = finished("vidi-run", "job.yaml", "--sandbox")
    assert f"{made} succeeded" in answer.stderr


def test_an_asset_that_is_gone_is_fetched_or_made_again(finished):
    (finished.folder / FOLDER / "a.png").unlink()
    assert finished("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert (finished.folder / FOLDER / "a.png").exists()


def test_a_run_that_made_something_is_not_the_last_word(finished):
    finished.write("job.yaml", JOB.replace("flat", "deep"))
    for expected in ("2 succeeded", "2 unchanged", "2 unchanged"):
        assert expected in finished("vidi-run", "job.yaml", "--sandbox").stderr


def test_a_warning_is_given_every_time(finished):
    finished.write("job.yaml", WARNED)
    for _ in range(4):
        answer = finished("vidi-run", "job.yaml", "--sandbox")
        assert (answer.exit_code, answer.stderr.count("warning:")) == (0, 1)


def test_a_template_that_names_the_data_is_followed_every_time(finished):
    finished.write("job.yaml", JOB.replace("data.csv", '"{{ style }}.csv"'))
    finished.write("flat.csv", "sku,title\na,a tree\n")
    before = read_log(finished).count("run_started")
    for number in (1, 2, 3):
        finished("vidi-run", "job.yaml", "--sandbox")
        assert read_log(finished).count("run_started") == before + number


def test_a_new_ledger_is_brought_up_to_the_journal(finished, monkeypatch):
    costs = []
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        for ledger in ("one", "one", "one", "two"):
            monkeypatch.setenv("VIDI_LEDGER", str(finished.folder / ledger))
            assert finished("vidi-run", "job.yaml").exit_code == 0
            costs.append(json.loads(finished("vidi", "costs", "--json").stdout)["total_usd"])
    assert costs == [costs[0]] * 4
    assert costs[0] > 0
