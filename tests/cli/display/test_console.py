"""How problems and errors are printed."""

import json

import pytest

from vidi.cli.display.console import Console
from vidi.cli.display.escaping.workflow_commands import render_annotation
from vidi.cli.display.problems import name_some, render_problem
from vidi.errors import JobFileError, Place, Problem, UsageError

PROBLEM = Problem(
    code="unknown-param",
    message="unknown parameter 'promt'",
    place=Place("jobs/a.yaml", 4, 14),
    hint="Did you mean 'prompt'?",
    ids=("a", "b", "c", "d", "e"),
    excerpt="    params: {promt: x}",
)


def test_a_problem_shows_its_line_a_caret_its_ids_and_the_edit():
    assert render_problem(PROBLEM) == (
        "jobs/a.yaml:4:14: unknown parameter 'promt'\n"
        "    4 |     params: {promt: x}\n"
        "      |              ^\n"
        "      hits: a, b, c and 2 more\n"
        "      hint: Did you mean 'prompt'?"
    )


def test_a_problem_of_a_whole_file_has_no_line():
    problem = Problem("x", "the file is empty", Place("a.yaml"))
    assert render_problem(problem) == "a.yaml: the file is empty"


def test_a_warning_says_that_it_is_one():
    problem = Problem("x", "odd", Place("a.yaml", 1, 1), severity="warning", excerpt="a: 1")
    assert render_problem(problem) == "a.yaml:1:1: warning: odd\n    1 | a: 1\n      | ^"


@pytest.mark.parametrize(
    ("excerpt", "column", "pad"),
    [("木木x", 3, "    ^"), ("\tx", 2, "\t^"), ("e\u0301x", 3, " ^"), ("x", 0, "^")],
)
def test_the_caret_stands_under_the_place_whatever_stands_before_it(excerpt, column, pad):
    problem = Problem("x", "m", Place("a", 1, column), excerpt=excerpt)
    assert render_problem(problem).splitlines()[2] == "      | " + pad


def test_an_annotation_is_a_github_workflow_command():
    problem = Problem("x", "50% of\nit", Place("a,b:c.yaml", 2, 3), hint="Mend it.")
    assert render_annotation(problem) == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=3::50%25 of%0Ait (Mend it.)"
    )


def test_annotations_are_printed_where_github_reads_them(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    Console().report_error(JobFileError([PROBLEM]))
    assert "::error file=jobs/a.yaml,line=4,col=14::unknown" in capsys.readouterr().err


def test_an_error_has_its_place_and_its_hint(capsys):
    code = Console().report_error(UsageError("no", hint="Do.", place=Place("a", 1, 2)))
    assert (code, capsys.readouterr().err) == (2, "a:1:2: no\n  hint: Do.\n")


def test_json_is_one_object_also_on_failure(capsys):
    Console(json_wanted=True).report_error(JobFileError([PROBLEM]))
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["errors"][0]["line"] == 4
    Console(json_wanted=True).report_error(UsageError("no"))
    assert json.loads(capsys.readouterr().out)["errors"] == [
        {"job_file": None, "path": None, "line": None, "column": None, "id": None, "ids": [],
         "code": "usage", "message": "no", "hint": "", "count": 1, "used_at": None}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "said"), [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more")]
)
def test_some_names(names, said):
    assert name_some(names) == said
