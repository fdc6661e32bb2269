"""What a killed download leaves half written is gone after the next run, and nothing else is."""

import os
import time

import pytest

from support.commands import run_installed, start_installed
from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: job
budget: 1.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: trees/tree.webp
"""
SLOW = {"on": "download", "fault": "slow", "seconds": 3}


class Killed:
    """A run that was killed in a download."""

    def __init__(self, folder, served):
        self.folder = folder / "outputs/job"
        self._served = served
        command = ("vidi-run", "job.yaml", "-q")
        environment = {**os.environ, **served.environment}
        with start_installed(*command, cwd=folder, env=environment) as process:
            deadline = time.monotonic() + 20
            while "trees" not in self.leftovers and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()

    @property
    def leftovers(self):
        found = self.folder.rglob(".vidi-tmp-*")
        return {path.relative_to(self.folder).parent.as_posix() for path in found}

    def go_on(self):
        project = self.folder.parents[1]
        answer = run_installed("vidi-run", "job.yaml", cwd=project, **self._served.environment)
        assert (answer.exit_code, self._served.submits) == (0, 1), answer.stderr
        assert (self.folder / "trees/tree.webp").is_file()


@pytest.fixture
def killed(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB)
    with serve_sandbox([SLOW]) as served:
        killed = Killed(tmp_path, served)
        assert "trees" in killed.leftovers
        yield killed


def test_the_next_run_removes_it(killed):
    killed.go_on()
    assert killed.leftovers == set()


def test_so_it_does_where_the_kill_cut_off_the_note_of_who_holds_the_folder(killed):
    (killed.folder / ".vidi/holder.json").write_text("")
    killed.go_on()
    assert killed.leftovers == set()


def test_what_another_run_is_writing_in_a_folder_below_is_left_alone(killed):
    (killed.folder / "other/.vidi").mkdir(parents=True)
    (killed.folder / "other/.vidi-tmp-0123456789abcdef").touch()
    killed.go_on()
    assert killed.leftovers == {"other"}
