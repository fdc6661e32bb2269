import json
from pathlib import Path

import pytest

from vidi.errors import JobFileError, UsageError
from vidi.jobs.expansion.variables import read_variables


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("k=3", 3),
        ("k=16:9", "16:9"),
        ("k=", ""),
        ("k=null", None),
        ("k=true", True),
        ("k=a=b", "a=b"),
        ("k=1.5", 1.5),
        ("k='3'", "'3'"),
        ("k={a: 1}", "{a: 1}"),
        ("k=010", 10),
    ],
)
def test_assignments(assignment, value):
    assert read_variables([assignment], []) == ({"k": value}, [])


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("k", "--var must be NAME=VALUE, not 'k'"),
        ("=3", "'' in '--var' cannot be used in a template"),
        ("a-b=3", "'a-b' in '--var' cannot be used in a template"),
        ("id=3", "'id' in '--var' is a name that vidi gives itself"),
        (f"k={'9' * 500}", "--var k: a number of 500 characters"),
    ],
)
def test_bad_assignments(assignment, says):
    with pytest.raises(UsageError) as caught:
        read_variables([assignment], [])
    assert caught.value.message == says


def test_files_then_assignments(tmp_path):
    one, two = tmp_path / "a.yaml", tmp_path / "b.json"
    one.write_text("a: 16:9\nb: [1]\nc: 1")
    two.write_text('{"c": {"d": 2}, "e": "x"}')
    found, _ = read_variables(["e=5"], [one, two])
    assert found == {"a": "16:9", "b": [1], "c": {"d": 2}, "e": 5}
    assert type(found["b"]) is list


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a", ["1:1: a file of variables must hold a mapping"]),
        (
            "a: 1\nid: 2\nb-c: 3",
            [
                "2:1: 'id' in 'v.yaml' is a name that vidi gives itself",
                "3:1: 'b-c' in 'v.yaml' cannot be used in a template",
            ],
        ),
        ("a: 1\na: 2", ["2:1: duplicate key 'a'; it is already on line 1"]),
    ],
)
def test_bad_files(tmp_path, text, says):
    path = tmp_path / "v.yaml"
    path.write_text(text)
    _, problems = read_variables([], [path])
    assert [f"{each.place.line}:{each.place.column}: {each.message}" for each in problems] == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "1:1: a file of variables must hold a mapping"),
        ('{"id": 1}', "1:1: 'id' in 'v.json' is a name that vidi gives itself"),
        ("{", "1:2: not JSON: Expecting property name enclosed in double quotes"),
    ],
)
def test_bad_json_files(tmp_path, text, says, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("v.json").write_text(text)
    _, (problem,) = read_variables([], [Path("v.json")])
    assert f"{problem.place.line}:{problem.place.column}: {problem.message}" == says


def test_emoji_as_json_writers_escape_them(tmp_path):
    path = tmp_path / "v.json"
    path.write_text(json.dumps({"a": "😀"}))
    assert read_variables([], [path]) == ({"a": "😀"}, [])


def test_a_file_that_is_no_yaml(tmp_path):
    path = tmp_path / "v.yaml"
    path.write_text("a: [")
    with pytest.raises(JobFileError):
        read_variables([], [path])
