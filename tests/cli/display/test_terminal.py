"""What stands on a screen of 24 rows and 80 columns while a run goes on, and after it."""

import re

import pyte
import pytest

from support.servers.sandbox import serve_sandbox
from support.terminal import at_a_terminal

MODEL = "replicate/black-forest-labs/flux-schnell"
JOB = f"""\
version: 1
name: many
budget: 5
inferences:
  - id: "entry-{{{{ n }}}}"
    matrix: {{n: "{{{{ range(1, 27) | list }}}}"}}
    model: {MODEL}
    params: {{prompt: "a tree {{{{ n }}}}"}}
    output: "{{{{ id }}}}.webp"
"""
SPINNERS = re.compile("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")
YELLOW = re.compile(rb"\x1b\[[0-9;]*33[;m]")


def screens(told, rows=24, columns=80):
    """The screen after each frame, as lines."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    for frame in told.frames:
        stream.feed(frame)
        yield [line.rstrip() for line in screen.display]


@pytest.fixture
def many(tmp_path):
    (tmp_path / "many.yaml").write_text(JOB)
    return tmp_path


@pytest.mark.parametrize("no_color", ["", "1"])
def test_the_bar_and_the_money_are_always_there(many, no_color):
    with serve_sandbox(latency=0.4) as served:
        environment = {**served.environment, "NO_COLOR": no_color}
        told = at_a_terminal("vidi-run", "many.yaml", "-j", "24", cwd=many, **environment)
    assert told.exit_code == 0
    busy = [screen for screen in screens(told) if any(map(SPINNERS.search, screen))]
    assert any("more under way" in line for screen in busy for line in screen)
    for screen in busy:
        assert any("░" in line or "█" in line for line in screen), screen
        assert any(re.search(r"spent \$.* reserved \$.* left \$", line) for line in screen), screen
    assert any("left" in line and "/26" in line for screen in busy for line in screen)
    last = list(screens(told))[-1]
    assert not any(map(SPINNERS.search, last))
    assert "open outputs/many/report.html" in last
    assert not YELLOW.search(told.raw)


def test_after_ctrl_c_nothing_turns_and_the_next_step_is_said(many):
    with serve_sandbox(latency=1.5) as served:
        told = at_a_terminal(
            "vidi-run", "many.yaml", "-j", "4", cwd=many, interrupt_at="processing",
            **served.environment,
        )  # fmt: skip
    assert told.exit_code == 130
    last = list(screens(told))[-1]
    assert not any(map(SPINNERS.search, last))
    assert not any("reserved" in line for line in last)
    assert "the same command goes on from here" in last


LONG = f"""\
version: 1
name: long
budget: 5
inferences:
  - id: "a-rather-long-name-of-entry-{{{{ n }}}}"
    matrix: {{n: [1, 2, 3]}}
    model: fal/fal-ai/kling-video/v2.5-turbo/pro/text-to-video
    params: {{prompt: "a tree"}}
    output: "{{{{ id }}}}.mp4"
  - {{id: short, model: {MODEL}, params: {{prompt: x}}, output: x.webp}}
"""


def test_an_entry_is_one_line_of_eighty_columns(tmp_path):
    (tmp_path / "long.yaml").write_text(LONG)
    told = at_a_terminal("vidi-run", "long.yaml", "--estimate", cwd=tmp_path)
    lines = told.text.replace("\r", "").splitlines()
    for name in [*(f"a-rather-long-name-of-entry-{n}" for n in (1, 2, 3)), "short"]:
        (line,) = [each for each in lines if each.startswith(f"{name} ")]
        assert len(line) <= 80
        assert re.search(r" run .*\$0\.\d+( !)?$", line)
    assert any(re.search(r" fal/\S*…\S*-to-video ", each) for each in lines)
    assert not YELLOW.search(told.raw)


def test_models_and_folders_are_one_line_each_too(tmp_path):
    listed = at_a_terminal(
        "vidi", "models", "search", "kling", "image", "to", "video", cwd=tmp_path
    )
    lines = [each for each in listed.text.replace("\r", "").splitlines() if each.startswith("fal/")]
    assert len(lines) > 5
    assert max(map(len, lines)) <= 80
    (tmp_path / "long.yaml").write_text(LONG)
    told = at_a_terminal("vidi", "status", "long.yaml", cwd=tmp_path)
    shown = [each for each in told.text.replace("\r", "").splitlines() if "rather-long" in each]
    assert len(shown) == 3
    assert max(map(len, shown)) <= 80
