"""What a project may name: regular files inside it, unless who runs it says otherwise."""

import os

import pytest

from support.commands import run_installed

HEAD = "version: 1\nbudget: 1\n"
ENTRY = (
    "- {{id: a, model: replicate/black-forest-labs/flux-kontext-pro, "
    "params: {{prompt: x, input_image: {image}}}, output: a.png{more}}}\n"
)


@pytest.fixture
def project(tmp_path):
    from PIL import Image

    folder = tmp_path / "project"
    folder.mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "out.png")
    Image.new("RGB", (64, 64)).save(folder / "in.png")
    (tmp_path / "out.csv").write_text("a\n1\n")
    (tmp_path / "out.txt").write_text("secret")
    (tmp_path / "vars.yaml").write_text("x: 1\n")
    (folder / "link.png").symlink_to("../out.png")
    (folder / "link.csv").symlink_to("../out.csv")
    (folder / "link").symlink_to("..")
    return folder


def write(project, image="in.png", more="", head=""):
    text = f"{HEAD}{head}inferences:\n" + ENTRY.format(image=image, more=more)
    (project / "a.yaml").write_text(text)
    return "a.yaml"


OUTSIDE = {
    "image": {"image": "../out.png"},
    "image by link": {"image": "link.png"},
    "image by a linked folder": {"image": "link/out.png"},
    "foreach": {"more": ", foreach: ../out.csv"},
    "foreach by link": {"more": ", foreach: link.csv"},
    "foreach of folders": {"more": ", foreach: link/*"},
    "file": {"more": ", vars: {v: \"{{ file('../out.txt') }}\"}"},
    "output_dir": {"head": "output_dir: ../made\n"},
    "output_dir by link": {"head": "output_dir: link/made\n"},
}


@pytest.mark.parametrize("job", OUTSIDE.values(), ids=OUTSIDE)
def test_outside_is_refused_unless_it_is_allowed(here, project, monkeypatch, job):
    monkeypatch.chdir(project)
    name = write(project, **job)
    refused = here("vidi-run", name, "--estimate")
    assert refused.exit_code == 2
    assert "outside the project directory" in refused.stderr
    assert "--allow-outside" in refused.stderr
    allowed = here("vidi-run", name, "--estimate", "--allow-outside")
    assert "outside" not in allowed.stderr


def test_job_files_and_variables_from_outside(here, project, monkeypatch):
    name = write(project)
    assert here("vidi-run", project / name, "--estimate", "-C", project).exit_code == 0
    monkeypatch.chdir(project)
    (project.parent / "b.yaml").write_text((project / name).read_text())
    for arguments in (["../b.yaml"], [name, "--vars-file", "../vars.yaml"]):
        refused = here("vidi-run", *arguments, "--estimate")
        assert (refused.exit_code, "outside the project directory" in refused.stderr) == (2, True)
        assert "outside" not in here("vidi-run", *arguments, "--estimate", "--allow-outside").stderr


@pytest.mark.parametrize(
    "job",
    [{"image": "pipe"}, {"more": ", foreach: pipe.csv"},
     {"more": ", vars: {v: \"{{ file('pipe') }}\"}"}],
)  # fmt: skip
def test_a_pipe_is_no_file_and_nobody_waits_for_it(project, job):
    os.mkfifo(project / "pipe")
    os.mkfifo(project / "pipe.csv")
    answer = run_installed(
        "vidi-run", write(project, **job), "--estimate", "--allow-outside", cwd=project, timeout=30
    )
    assert answer.exit_code == 2
    assert "regular file" in answer.stderr or "it is a pipe or a device" in answer.stderr


def test_a_job_file_that_is_a_pipe_is_refused_at_once(project):
    os.mkfifo(project / "pipe.yaml")
    answer = run_installed("vidi-run", "pipe.yaml", "--estimate", cwd=project, timeout=30)
    assert (answer.exit_code, "it is a pipe" in answer.stderr) == (2, True)


def test_an_excerpt_is_short_and_holds_no_secret(here):
    here.write("a.yaml", "version: 1\nFAL_KEY: abc123456:def " + "x" * 500 + "\n")
    answer = here("vidi-run", "a.yaml", "--estimate")
    assert "abc123456" not in answer.stderr
    assert max(map(len, answer.stderr.splitlines())) < 220
