"""The shell of our own workflows: a release, the registry, its pull request; with a gh of ours."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from support.actions.runner import Runner

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
GH = """\
#!/bin/sh
echo "$*" >> "$CALLS"
case "$1 $2" in
  "release view"|"pr edit") [ -f "$CALLS.known" ] ;;
  *) : > "$CALLS.known" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    """A clone that can be pushed from, and a gh that notes what it is asked for."""
    folder = tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(tmp_path, "init", "-q", "-b", "main", "clone")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    (folder / "templates").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH)
    (tmp_path / "bin/gh").chmod(0o755)
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
    }

    def run(name, job, kept, **github):
        """Carry out the steps of a job whose script holds one of these words."""
        workflow = yaml.load((WORKFLOWS / name).read_text("utf-8"), yaml.BaseLoader)
        steps = [
            step
            for step in workflow["jobs"][job]["steps"]
            if any(word in step.get("run", "") for word in kept)
        ]
        machine = Runner(folder, tmp_path / f"machine-{len(list(tmp_path.iterdir()))}", environment,
                         github=github)  # fmt: skip
        (machine.temp / "summary.md").write_text("# what has changed")
        done = machine.run_job({**workflow["jobs"][job], "steps": steps})
        return done, machine.log

    run.folder = folder
    run.calls = lambda: Path(environment["CALLS"]).read_text().splitlines()
    return run


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True,
                          text=True).stdout  # fmt: skip


def test_the_pull_request_of_a_refresh_is_opened_and_then_renewed(checkout):
    for number in (1, 2):
        (checkout.folder / "templates/a.json").write_text(f'{{"number": {number}}}')
        done, log = checkout("registry.yml", "refresh", ["gh pr"])
        assert done, log
        pushed = git(checkout.folder, "show", "origin/registry-refresh:templates/a.json")
        assert str(number) in pushed
    assert [call.split()[:2] for call in checkout.calls()] == [
        ["pr", "edit"], ["pr", "create"], ["pr", "edit"],
    ]  # fmt: skip
    assert checkout("registry.yml", "refresh", ["gh pr"])[0]
    assert len(checkout.calls()) == 3, "nothing has changed, nobody is asked"


def test_the_registry_is_put_where_it_is_fetched_from(checkout):
    for _ in range(2):
        done, log = checkout("registry.yml", "publish", ["gh release"])
        assert done, log
    assert [call.split()[:2] for call in checkout.calls()] == [
        ["release", "view"], ["release", "create"], ["release", "upload"],
        ["release", "view"], ["release", "upload"],
    ]  # fmt: skip


@pytest.mark.parametrize(("tag", "fits"), [("v1.2.3", True), ("1.2.3", True), ("v1.2.4", False),
                                           ("$(touch owned)", False)])  # fmt: skip
def test_a_release_ends_where_its_tag_is_another_version(checkout, tag, fits):
    (checkout.folder / "dist").mkdir()
    (checkout.folder / "dist/vidi_run-1.2.3.tar.gz").touch()
    event = {"release": {"tag_name": tag}}
    done, log = checkout("release.yml", "build", ["$TAG", "${TAG"], event=event,
                         event_name="release")  # fmt: skip
    assert done == fits, log
    assert not (checkout.folder / "owned").exists()
