"""`vidi open`: the page of a run."""

import pytest

JOB = """\
version: 1
name: one
budget: 1
inferences:
  - {id: a, model: replicate/black-forest-labs/flux-schnell, params: {prompt: x}, output: a.webp}
"""


@pytest.fixture
def browser(here, monkeypatch):
    """Something that can be started as a browser, and notes what it was given."""
    script = here.write("browser.sh", f'#!/bin/sh\necho "$1" >> {here.folder}/opened\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    monkeypatch.setattr("webbrowser._tryorder", None)  # read BROWSER again
    monkeypatch.setattr("webbrowser._browsers", {})
    return here.folder / "opened"


@pytest.mark.parametrize(
    "where",
    [(), ("outputs/sandbox/one",), ("one.yaml", "--sandbox"), ("outputs/sandbox/one/report.html",)],
)
def test_the_page_is_opened(here, browser, where):
    here.write("one.yaml", JOB)
    run = here("vidi-run", "one.yaml", "--sandbox")
    assert "open outputs/sandbox/one/report.html" in run.stderr
    answer = here("vidi", "open", *where)
    assert (answer.exit_code, answer.stdout) == (0, "outputs/sandbox/one/report.html\n")
    assert browser.read_text().strip() == (
        here.folder / "outputs/sandbox/one/report.html"
    ).as_uri()  # fmt: skip


def test_what_is_not_there(here):
    assert here("vidi", "open").stderr.startswith("there is no report below outputs/\n")
    here.write("one.yaml", JOB)
    answer = here("vidi", "open", "one.yaml")
    assert answer.exit_code == 2
    assert "`vidi report outputs/one` writes it" in answer.stderr
