"""What is printed gives the runner of a workflow no orders but ours."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.actions.commands import Command, read_commands
from vidi.cli.display.escaping.workflow_commands import (
    neutralize,
    neutralize_json,
    render_annotation,
)
from vidi.cli.display.visible import make_visible
from vidi.errors import Place, Problem

NASTY = st.text(st.sampled_from("%:,\r\n#[]= a25ADé木"), max_size=30)
ORDERS = (
    "::add-mask::x",
    " \t::set-output name=spent::0",
    "fine\n::stop-commands::t",
    "a\r::error::b",
    "see ##[set-output name=spent]0",
    "###[warning]x",
    "\u00a0::add-matcher::evil.json",
)


@given(NASTY, NASTY.filter(lambda path: path not in {"", "-"}), NASTY)
def test_an_annotation_says_what_it_should_and_nothing_else(message, path, hint):
    problem = Problem("x", message, Place(path, 3, 4), hint)
    said = message + (f" ({hint})" if hint else "")
    properties = {"file": path, "line": "3", "col": "4"}
    assert read_commands(make_visible(render_annotation(problem))) == [
        Command("error", said, properties)
    ]


@given(st.lists(st.one_of(NASTY, st.sampled_from(ORDERS)), max_size=4).map("".join))
@example("\n".join(ORDERS))
def test_no_other_text_is_a_command(text):
    assert read_commands(neutralize(text)) == []
    assert read_commands(neutralize(make_visible(text))) == []
    quoted = json.dumps({"a": text}, ensure_ascii=False, indent=2)
    assert read_commands(neutralize_json(quoted)) == []
    assert json.loads(neutralize_json(quoted)) == {"a": text}


@pytest.mark.parametrize(
    "text", ["a :: b", "std::vector", "C# [x]", "## [x]", "https://a.b/#[", ""]
)
def test_harmless_text_stays(text):
    assert neutralize(text) == text


def test_a_place_is_named_as_in_the_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (tmp_path / "media").mkdir()
    monkeypatch.chdir(tmp_path / "media")
    told = {
        "jobs/a.yaml": " file=media/jobs/a.yaml",
        "/elsewhere/a.yaml": " file=/elsewhere/a.yaml",
        "-": "",
    }
    for path, where in told.items():
        assert render_annotation(Problem("x", "m", Place(path))) == f"::error{where}::m"


@pytest.mark.parametrize("order", ORDERS)
def test_a_job_file_gives_no_orders(here, order):
    here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
    here.write("job.yaml", json.dumps({"version": 1, "name": f"\n{order}", order: 1,
                                       "inferences": [{"id": order, "model": order}]}))  # fmt: skip
    for options in ((), ("--json",), ("--estimate",)):
        answer = here("vidi-run", "job.yaml", *options)
        found = read_commands(answer.stdout) + read_commands(answer.stderr)
        assert {each.name for each in found} == {"error"}
        assert all(each.properties["file"] == "job.yaml" for each in found)
