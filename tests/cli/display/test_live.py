"""What a person at a terminal sees: the installed commands in a pseudo-terminal."""

import os
import pty
import re
import select
import time

import pytest

from support.commands import start_installed
from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: one
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


class Terminal:
    """A command in a pseudo-terminal of its own."""

    def __init__(self, cwd, *arguments, **environment):
        self.seen = ""
        self._screen, inside = pty.openpty()
        screen = {"COLUMNS": "110", "LINES": "30", "TERM": "xterm"}
        self._child = start_installed(
            "vidi-run",
            *arguments,
            cwd=cwd,
            env={**os.environ, **screen, **environment},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)

    def read_until(self, pattern, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            assert time.monotonic() < deadline, self.seen
            self._read()

    def type(self, text):
        os.write(self._screen, text.encode())

    def wait(self):
        while self._read():
            pass
        os.close(self._screen)
        return self._child.wait(20)

    def _read(self):
        if not select.select([self._screen], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._screen, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


@pytest.fixture
def job(tmp_path):
    (tmp_path / "one.yaml").write_text(JOB, encoding="utf-8")
    return tmp_path


def test_a_run_shows_a_line_an_inference_a_bar_and_the_money(job):
    with serve_sandbox(latency=0.6) as served:
        terminal = Terminal(job, "one.yaml", "-y", **served.environment)
        terminal.read_until("processing|submitted")
        assert terminal.wait() == 0
    for shown in ("tree", "flux-schnell", "0/1", "reserved", r"\[1/1\] ✓ tree: succeeded in"):
        assert re.search(shown, terminal.seen), shown


@pytest.mark.parametrize(("answer", "code", "submits"), [("n\n", 130, 0), ("y\n", 0, 1)])
def test_without_a_budget_a_person_is_asked(job, answer, code, submits):
    with serve_sandbox() as served:
        terminal = Terminal(job, "one.yaml", **served.environment)
        terminal.read_until(r"No budget is set. Spend up to \$0.003\? \[y/N\]: ")
        terminal.type(answer)
        assert terminal.wait() == code
        assert served.submits == submits


@pytest.mark.parametrize("options", [["--budget", "1"], ["-y"], ["--sandbox"]])
def test_nobody_is_asked_where_the_answer_is_known(job, options):
    with serve_sandbox() as served:
        terminal = Terminal(job, "one.yaml", *options, **served.environment)
        assert terminal.wait() == 0


@pytest.mark.parametrize(("option", "ci"), [("--no-input", ""), ("--report", "true")])
def test_where_nobody_may_be_asked_it_is_refused(job, option, ci):
    with serve_sandbox() as served:
        environment = {**served.environment, "CI": ci}
        terminal = Terminal(job, "one.yaml", option, **environment)
        assert terminal.wait() == 3
        assert served.submits == 0


def test_an_estimate_is_a_table_with_borders(job):
    terminal = Terminal(job, "one.yaml", "--estimate")
    assert terminal.wait() == 0
    assert "━━━" in terminal.seen
    assert "verdict   would run" in terminal.seen


def test_no_color_is_honoured(job):
    terminal = Terminal(job, "none.yaml", NO_COLOR="1")
    assert terminal.wait() == 2
    assert "\x1b[3" not in terminal.seen
