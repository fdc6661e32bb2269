"""`vidi diff`, through the command: what differs, from where it is read, and how it is told."""

import hashlib
import subprocess
from pathlib import Path

import jsonschema_rs
import pytest

from vidi.cli.display.answer_schema import answer_schema

CHECKOUT = Path(__file__).parents[4]
MODEL = "replicate/black-forest-labs/flux-schnell"
JOB = """\
version: 1
name: a
budget: 0.50
vars: {style: flat, api_token: sesame-open-12345}
defaults:
  model: replicate/black-forest-labs/flux-schnell
inferences:
  - id: forest
    params: {prompt: "a black forest, {{ style }}"}
    output: forest.webp
  - id: tree
    params: {prompt: "a tree {{ api_token }}"}
    output: tree.webp
  - id: gone
    params: {prompt: gone}
    output: gone.webp
  - id: kept
    params: {prompt: kept}
    output: kept.webp
  - id: "row-{{ item.sku }}"
    foreach: data/rows.csv
    params: {prompt: "{{ item.title }}, {{ file('style.txt') }}"}
    output: "{{ id }}.webp"
"""
MOVE = """\
version: 1
budget: null
inferences:
  - id: move
    model: fal/fal-ai/kling-video/v2.1/standard/image-to-video
    params: {prompt: it moves, image_url: a.png}
    output: m.mp4
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0"
    "000003010100c9fe92ef0000000049454e44ae426082"
)


def git(folder, *arguments):
    config = ("-c", "user.email=a@example.com", "-c", "user.name=a", "-c", "core.autocrlf=false")
    done = subprocess.run(["git", *config, *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "state")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(here):
    """A repository with one commit of a job file and what it reads."""
    git(here.folder, "init", "-q", "-b", "main")
    here.write("jobs/a.yaml", JOB)
    here.write("data/rows.csv", "sku,title\n1,one\n2,two\n")
    here.write("style.txt", "in oil")
    commit(here.folder)
    return here


def edit(here, name, *pairs):
    text = (here.folder / name).read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    here.write(name, text)


def compare(here, *arguments):
    answer = here("vidi", "diff", *arguments, "--json")
    jsonschema_rs.validator_for(answer_schema()).validate(answer.json)
    return answer


def kinds(answer):
    return {each["id"]: each["change"] for each in answer.json["changes"]}


def test_every_kind_of_change_of_a_revision_and_the_working_tree(project):
    edit(
        project,
        "jobs/a.yaml",
        ("black forest", "red forest"),
        ("id: tree", "id: oak"),
        (
            "id: gone\n    params: {prompt: gone}",
            "id: new\n    params: {prompt: x, num_outputs: 2}",
        ),
    )
    project.write("data/rows.csv", "sku,title\n1,one\n2,zwei\n3,three\n")
    answer = compare(project, "HEAD")
    assert answer.exit_code == 0, answer.stderr
    assert kinds(answer) == {
        "forest": "changed",
        "oak": "renamed",
        "new": "added",
        "kept": "unchanged",
        "row-1": "unchanged",
        "row-2": "changed",
        "row-3": "added",
        "gone": "removed",
    }
    changes = {each["id"]: each for each in answer.json["changes"]}
    assert changes["forest"]["params"] == {
        "prompt": {"from": "a black forest, flat", "to": "a red forest, flat"}
    }
    assert changes["oak"]["was"] == "tree"
    assert changes["new"]["after_usd"] == {"low": 0.006, "expected": 0.006, "high": 0.006}
    assert changes["gone"]["action"] is None
    assert answer.json["difference_usd"]["high"] == 0.006
    assert answer.json["by_model"][MODEL]["before_usd"]["high"] == 0.018
    assert answer.json["jobs"][0]["file"] == "kept"
    assert "sesame" not in answer.stdout


def test_what_it_reads_is_of_the_revision_too(project):
    project.write("style.txt", "in ink")
    assert set(kinds(compare(project, "HEAD")).items()) >= {
        ("row-1", "changed"),
        ("kept", "unchanged"),
    }
    commit(project.folder)
    project.write("vars.yaml", "style: deep")
    told = compare(project, "HEAD", "--vars-file", "vars.yaml")
    assert {each["change"] for each in told.json["changes"]} == {"unchanged"}
    project.write("vars.yaml", "style: 7")
    commit(project.folder)
    project.write("vars.yaml", "style: 8")
    told = compare(project, "HEAD", "--vars-file", "vars.yaml").json["changes"][0]
    assert told["params"]["prompt"] == {"from": "a black forest, 7", "to": "a black forest, 8"}


def test_an_input_file_is_compared_by_its_content_and_named(project):
    project.write("jobs/b.yaml", MOVE)
    (project.folder / "a.png").write_bytes(PNG)
    commit(project.folder)
    (project.folder / "a.png").write_bytes(PNG + b"\0")
    (change,) = [each for each in compare(project, "HEAD").json["changes"] if each["id"] == "move"]
    difference = change["params"]["image_url"]
    assert change["change"] == "changed"
    assert difference["from"]["file"] == difference["to"]["file"] == "a.png"
    assert difference["from"]["sha256"] != difference["to"]["sha256"]
    text = project("vidi", "diff", "HEAD").stdout
    assert f"image_url: a.png ({len(PNG)} B, sha256 " in text


@pytest.mark.parametrize("with_git", [True, False])
def test_job_files_and_folders_that_come_and_go(project, with_git):
    (project.folder / "before").mkdir()
    for name in ("a.yaml", "b.yaml"):
        project.write(f"before/{name}", JOB.replace("name: a\n", ""))
    first = commit(project.folder)
    (project.folder / "before").rename(project.folder / "after")
    (project.folder / "after/b.yaml").rename(project.folder / "after/c.yaml")
    if with_git:
        second = commit(project.folder)
        answer = compare(project, first, second)
        files = {each["job_file"]: each["file"] for each in answer.json["jobs"]}
        assert files == {
            "after/a.yaml": "added",
            "after/c.yaml": "added",
            "before/a.yaml": "removed",
            "before/b.yaml": "removed",
            "jobs/a.yaml": "kept",
        }
        assert answer.json["difference_usd"]["high"] == 0
    else:
        git(project.folder, "checkout", "-q", first, "--", "before")
        answer = compare(project, "before", "after")
        files = [(each["job_file"], each["file"], each["was"]) for each in answer.json["jobs"]]
        assert files == [
            ("after/a.yaml", "kept", "before/a.yaml"),
            ("before/b.yaml", "removed", None),
            ("after/c.yaml", "added", None),
        ]
        pair = compare(project, "before/a.yaml", "after/c.yaml").json
        assert [(each["job_file"], each["was"]) for each in pair["jobs"]] == [
            ("after/c.yaml", "before/a.yaml")
        ]


def test_a_revision_may_be_held_against_one_file_or_name_one(project):
    edit(project, "jobs/a.yaml", ("black forest", "red forest"))
    project.write("jobs/b.yaml", JOB.replace("name: a", "name: b"))
    first = git(project.folder, "rev-parse", "HEAD")
    for arguments in ((first, "jobs/a.yaml"), ("main:jobs/a.yaml",), ("main...", "jobs/a.yaml")):
        answer = compare(project, *arguments)
        assert [each["job_file"] for each in answer.json["jobs"]] == ["jobs/a.yaml"], arguments
        assert kinds(answer)["forest"] == "changed"
    assert len(compare(project, "HEAD", "jobs").json["jobs"]) == 2
    backwards = compare(project, "jobs/a.yaml", "HEAD").json["changes"][0]
    assert backwards["params"]["prompt"]["to"] == "a black forest, flat"


def test_what_a_run_would_buy_is_held_against_the_outputs_that_are_there(project):
    assert project("vidi-run", "jobs/a.yaml", "--sandbox").exit_code == 0
    edit(project, "jobs/a.yaml", ("black forest", "red forest"), ("id: tree", "id: oak"))
    answer = compare(project, "HEAD", "--sandbox")
    actions = {each["id"]: each["action"] for each in answer.json["changes"]}
    assert actions["forest"] == "run"
    assert (actions["oak"], actions["kept"]) == ("move", "unchanged")
    assert answer.json["estimate_usd"]["high"] == 0.003
    commit(project.folder)
    assert kinds(compare(project, "HEAD", "--sandbox"))["forest"] == "unchanged"
    text = project("vidi", "diff", "HEAD", "--sandbox").stdout
    assert "A run now buys 1 of 6 inferences for up to $0.003; 1 move, 4 unchanged." in text


def test_differences_are_an_exit_code_where_it_is_asked_for(project):
    assert project("vidi", "diff", "HEAD", "--exit-code").exit_code == 0
    edit(project, "jobs/a.yaml", ("black forest", "red forest"))
    assert project("vidi", "diff", "HEAD").exit_code == 0
    answer = compare(project, "HEAD", "--exit-code")
    assert (answer.exit_code, answer.json["exit_code"], answer.json["ok"]) == (1, 1, False)


def test_mistakes_of_head_are_exit_2_and_those_of_base_count_it_as_absent(project):
    edit(project, "jobs/a.yaml", ("prompt: gone", "promt: gone"), ("prompt: kept", "seed: x"))
    answer = compare(project, "HEAD", "--exit-code")
    assert answer.exit_code == 2
    assert {each["code"] for each in answer.json["errors"]} >= {"unknown-param", "missing-param"}
    assert answer.json["difference_usd"]["high"] is None
    commit(project.folder)
    edit(project, "jobs/a.yaml", ("promt: gone", "prompt: gone"), ("seed: x", "prompt: kept"))
    mended = compare(project, "HEAD")
    assert mended.exit_code == 0
    assert set(kinds(mended).values()) == {"added"}
    (warning,) = mended.json["warnings"]
    assert warning["code"] == "broken-base"
    assert "jobs/a.yaml:" in warning["message"]
    assert str(project.folder) not in warning["message"]


def test_a_dearer_price_row_is_told_as_that(project):
    name = "templates/replicate/black-forest-labs_flux-schnell.json"
    shipped = (CHECKOUT / name).read_text("utf-8")
    project.write(name, shipped)
    commit(project.folder)
    assert '"usd_per_image": 0.003' in shipped
    project.write(name, shipped.replace('"usd_per_image": 0.003', '"usd_per_image": 0.004'))
    answer = compare(project, "HEAD")
    assert set(kinds(answer).values()) == {"repriced"}
    assert answer.json["difference_usd"]["high"] == 0.006
    assert " $ forest" in project("vidi", "diff", "HEAD").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "neither a job file or folder, nor a git revision"),
        (("jobs/b.yaml", "HEAD"), "Did you mean 'a.yaml'"),
        (("--", "-x"), "no job file, folder or revision"),
        (("--", "--output=x", "HEAD"), "no job file, folder or revision"),
        (("HEAD", "--", "-q"), "no job file, folder or revision"),
        (("jobs/a.yaml",), "is compared with nothing"),
        (("jobs/a.yaml", "jobs"), "are a file and a folder"),
        (("HEAD:nothing.yaml",), "there is no job file nothing.yaml"),
        (("HEAD", "--json", "--markdown"), "choose one"),
        (("main..main",), "Write the two revisions apart"),
        (("HEAD", "-C", "nowhere"), "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_compared_is_said(project, arguments, said):
    answer = project("vidi", "diff", *arguments)
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_without_git_a_revision_is_no_name(here, tmp_path):
    here._monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    here.write("a.yaml", JOB)
    assert here("vidi", "diff", "HEAD").exit_code == 2
    here._monkeypatch.setenv("PATH", str(tmp_path))
    answer = here("vidi", "diff", "HEAD")
    assert answer.exit_code == 2
    assert "git is not installed" in answer.stderr


def test_nothing_is_written_anywhere(project):
    edit(project, "jobs/a.yaml", ("black forest", "red forest"))
    before = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
    for option in ("--json", "--markdown", "-q"):
        assert project("vidi", "diff", "HEAD", option).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")} == before


def test_a_project_below_the_top_and_what_is_beside_it(project):
    project.write("sub/jobs/b.yaml", JOB.replace("style.txt", "../style.txt").replace("data/", ""))
    project.write("sub/rows.csv", "sku,title\n1,one\n")
    commit(project.folder)
    project.write("style.txt", "in ink")
    assert compare(project, "HEAD", "-C", "sub").exit_code == 2
    answer = compare(project, "HEAD", "-C", "sub", "--allow-outside")
    assert [each["job_file"] for each in answer.json["jobs"]] == ["sub/jobs/b.yaml"]
    assert kinds(answer)["row-1"] == "changed"
    prompt = answer.json["changes"][4]["params"]["prompt"]
    assert prompt == {"from": "one, in oil", "to": "one, in ink"}


@pytest.mark.parametrize("kept", [True, False])
def test_a_file_that_git_lfs_holds_is_what_it_stands_for(project, kept):
    digest = hashlib.sha256(PNG).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(PNG)}\n"
    project.write("jobs/b.yaml", MOVE)
    project.write("a.png", pointer)
    commit(project.folder)
    (project.folder / "a.png").write_bytes(PNG + b"\0")
    if kept:
        stored = project.folder / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest
        stored.parent.mkdir(parents=True)
        stored.write_bytes(PNG)
    answer = compare(project, "HEAD", "jobs/b.yaml")
    (change,) = answer.json["changes"]
    if kept:
        assert change["params"]["image_url"]["from"]["sha256"] == digest
    else:
        assert change["change"] == "changed"
        told = {each["code"]: each["message"] for each in answer.json["warnings"]}
        assert told["left-out"].endswith(": a.png")
