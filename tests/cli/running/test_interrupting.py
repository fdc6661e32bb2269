"""Ctrl-C once, twice and three times, pressed at the installed command."""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from support.commands import run_installed, start_installed
from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: job
budget: 1.00
concurrency: 2
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
  - id: card
    model: fal/fal-ai/flux/dev
    params: {prompt: a card, image_size: square}
    output: card.jpg
  - id: later
    model: fal/fal-ai/flux/dev
    params: {prompt: later, image_size: square}
    output: later.jpg
"""


class Running:
    """A run that can be pressed."""

    def __init__(self, folder, served):
        self.served = served
        self.folder = folder
        self._process = start_installed(
            "vidi-run",
            "job.yaml",
            "--no-report",
            cwd=folder,
            env={**os.environ, **served.environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        self.said = ""

    def press(self, number=signal.SIGINT):
        """Press once, and read on until the run has answered."""
        self._process.send_signal(number)
        while True:
            line = self._process.stderr.readline()
            assert line, self.said
            self.said += line
            if line.startswith(("stopping", "cancelling", "leaving")):
                return line

    def wait(self):
        self.said += self._process.communicate(timeout=30)[1]
        return self._process.returncode

    @property
    def rows(self):
        manifest = json.loads((self.folder / "outputs/job/manifest.json").read_text())
        return {row["id"]: row["status"] for row in manifest["inferences"]}

    @property
    def events(self):
        lines = (self.folder / "outputs/job/log.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def running(tmp_path):
    """Start a run of which two inferences are under way, and wait until they are."""
    (tmp_path / "job.yaml").write_text(JOB)

    @contextlib.contextmanager
    def running(latency, *faults):
        with serve_sandbox(faults, latency) as served:
            run = Running(tmp_path, served)
            log = tmp_path / "outputs/job/log.jsonl"
            wait_until(lambda: log.exists() and log.read_text().count('"submitted"') == 2)
            yield run

    return running


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_once_drains_and_begins_nothing_new(running):
    with running(2.0) as run:
        assert run.press() == (
            "stopping: nothing new begins, what runs is fetched. Ctrl-C again cancels it "
            "remotely. Still billed: tree, card.\n"
        )
        assert run.wait() == 130
        assert run.served.submits == 2
    assert run.rows == {"tree": "succeeded", "card": "succeeded", "later": "skipped"}


def test_twice_cancels_at_the_providers(running):
    with running(60.0) as run:
        run.press()
        assert run.press().endswith("Still billed: tree, card.\n")
        assert run.wait() == 130
        assert run.served.submits == 2
        stages = {work.stage(time.time()) for work in run.served.sandbox.works.values()}
    assert stages == {"canceled"}
    assert "tree: cancelled\n" in run.said
    assert "card: cancelled\n" in run.said
    assert run.rows == {"tree": "failed", "card": "failed", "later": "skipped"}
    assert [each["agreed"] for each in run.events if each["event"] == "cancel"] == [True, True]


def test_what_cannot_be_cancelled_is_told_and_still_billed(running):
    with running(60.0, {"on": "cancel", "fault": "500", "times": 0}) as run:
        run.press()
        run.press()
        wait_until(
            lambda: run.served.count("POST", "/cancel") and run.served.count("PUT", "/cancel")
        )
        time.sleep(0.3)
        assert run.press() == "leaving. Still billed: tree, card.\n"
        assert run.wait() == 130
    assert run.said.count("not cancelled: ") == 2
    assert run.rows == {"tree": "unfinished", "card": "unfinished", "later": "skipped"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_three_times_leaves_at_once_and_the_next_run_picks_it_up(running, number, code):
    with running(4.0, {"on": "cancel", "fault": "timeout", "times": 0}) as run:
        run.press(number)
        run.press(number)
        assert run.press(number) == "leaving. Still billed: tree, card.\n"
        assert run.wait() == code
        assert run.rows == {"tree": "unfinished", "card": "unfinished", "later": "skipped"}
        again = run_installed("vidi-run", "job.yaml", cwd=run.folder, **run.served.environment)
        assert again.exit_code == 0, again.stderr
        assert run.served.submits == 3
    assert set(run.rows.values()) == {"succeeded"}


def test_what_is_being_sent_when_it_leaves_is_reconciled_by_the_next_run(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB)
    slow = {"on": "submit", "fault": "slow", "seconds": 20, "times": 2}
    with serve_sandbox([slow]) as served:
        run = Running(tmp_path, served)
        wait_until(lambda: len(served.sandbox.works) == 2)
        for _ in range(3):
            last = run.press()
        assert last == "leaving. Still billed: tree, card.\n"
        assert run.wait() == 130
        assert run.rows == {"tree": "in_doubt", "card": "in_doubt", "later": "skipped"}
        again = run_installed("vidi-run", "job.yaml", cwd=tmp_path, **served.environment)
        assert again.exit_code == 0, again.stderr
        assert served.submits == 3
    assert set(run.rows.values()) == {"succeeded"}


PRESSED_AT_IMPORT = """\
import os, signal, sys


class Pressing:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["TEST_PRESS_AT"]:
            os.kill(os.getpid(), signal.SIGINT)


sys.meta_path.insert(0, Pressing())
"""


@pytest.mark.parametrize(("wanted", "sdk"), [("tree", "replicate"), ("card", "fal_client")])
def test_once_while_an_sdk_is_being_loaded_buys_nothing(tmp_path, wanted, sdk):
    (tmp_path / "sitecustomize.py").write_text(PRESSED_AT_IMPORT)
    (tmp_path / "job.yaml").write_text(JOB)
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    with serve_sandbox() as served:
        settings = {**served.environment, "PYTHONPATH": paths, "TEST_PRESS_AT": sdk}
        options = ("job.yaml", "--select", wanted, "--no-report")
        answer = run_installed("vidi-run", *options, cwd=tmp_path, **settings)
        assert (answer.exit_code, served.submits) == (130, 0), answer.stderr
    manifest = json.loads((tmp_path / "outputs/job/manifest.json").read_text())
    assert {row["status"] for row in manifest["inferences"]} == {"skipped"}
