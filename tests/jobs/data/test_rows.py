"""The files that `foreach` reads, good and bad."""

import pytest

from vidi.errors import JobFileError
from vidi.jobs.data.rows import read_rows
from vidi.jobs.mistakes import MistakeError

GOOD = [
    (
        "d.csv",
        'a,b\n001,"x, y"\n\n2,"two\nlines"\n',
        [{"a": "001", "b": "x, y"}, {"a": "2", "b": "two\nlines"}],
    ),
    ("d.CSV", "\ufeffa \r\n1\r\n", [{"a": "1"}]),
    ("d.json", '[{"a": 1.5}, "x", null]', [{"a": 1.5}, "x", None]),
    ("d.jsonl", '{"a": 1}\n\n[2]\r\n', [{"a": 1}, [2]]),
    ("d.ndjson", '"x"', ["x"]),
    ("d.yaml", "- {a: 16:9}\n- no\n", [{"a": "16:9"}, "no"]),
    ("d.yml", "[1]", [1]),
]


@pytest.mark.parametrize(("name", "text", "rows"), GOOD)
def test_good(tmp_path, name, text, rows):
    (tmp_path / name).write_bytes(text.encode())
    assert read_rows(name, tmp_path) == rows


BAD = [
    (
        "d.csv",
        "a,b\n1\n1,2,3\n",
        [
            "d.csv:2:1: 1 values in this row, 2 columns in the header",
            "d.csv:3:1: 3 values in this row, 2 columns in the header",
        ],
    ),
    (
        "d.csv",
        "a,a,\n1,2,3\n",
        ["d.csv:1:1: the column 'a' is there twice", "d.csv:1:1: a column has no name"],
    ),
    ("d.csv", 'a\n"x\n', ["d.csv:2:1: not CSV: unexpected end of data"]),
    ("d.json", "{}", ["d.json:1:1: the file must hold a list"]),
    ("d.json", "[\n1,,2]", ["d.json:2:3: not JSON: Expecting value"]),
    ("d.json", "[NaN]", ["d.json:1:1: not JSON: NaN is not a JSON number"]),
    (
        "d.jsonl",
        '1\n{"a"\n{\n',
        [
            "d.jsonl:2:5: not JSON: Expecting ':' delimiter",
            "d.jsonl:3:2: not JSON: Expecting property name enclosed in double quotes",
        ],
    ),
    ("d.yaml", "a: 1", ["d.yaml:1:1: the file must hold a list"]),
    ("d.yaml", "- {a: 1, a: 2}", ["d.yaml:1:10: duplicate key 'a'; it is already on line 1"]),
    ("d.yaml", "[", ["d.yaml:1:2: did not find expected node content"]),
]


@pytest.mark.parametrize(("name", "text", "says"), BAD)
def test_bad(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(JobFileError) as caught:
        read_rows(name, tmp_path)
    assert [f"{each.place}: {each.message}" for each in caught.value.problems] == says


@pytest.mark.parametrize(
    ("name", "text"), [("d.csv", "a\n" + "1,2\n" * 500), ("d.jsonl", "{\n" * 500)]
)
def test_a_file_of_mistakes_ends(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(JobFileError) as caught:
        read_rows(name, tmp_path)
    assert len(caught.value.problems) == 100


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        (
            "d.xlsx",
            "'foreach' cannot read 'd.xlsx'",
            "Use one of .csv, .json, .jsonl, .ndjson, .yaml, .yml.",
        ),
        (
            "prodcts.csv",
            "cannot read prodcts.csv: No such file or directory",
            "Did you mean 'products.csv' in the same folder?",
        ),
        (
            "z.json",
            "cannot read z.json: No such file or directory",
            "Paths are relative to the project directory.",
        ),
        (
            "no/z.json",
            "cannot read no/z.json: No such file or directory",
            "Paths are relative to the project directory.",
        ),
        ("empty.csv", "empty.csv has no rows", ""),
        ("products.csv", "products.csv has no rows", ""),
    ],
)
def test_no_rows(tmp_path, name, says, hint):
    (tmp_path / "products.csv").write_text("a,b\n")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(MistakeError) as caught:
        read_rows(name, tmp_path)
    assert (caught.value.message, caught.value.hint) == (says, hint)


def test_bad_rows_have_their_place_and_the_ids(tmp_path):
    from vidi.jobs.job import read_job

    (tmp_path / "d.csv").write_text("a\n1,2\n")
    path = tmp_path / "a.yaml"
    path.write_text(
        "version: 1\ninferences:\n- {id: x, foreach: d.csv, model: m, params: {}, output: x}\n"
    )
    (problem,) = read_job(path, project=tmp_path).inferences()
    assert (str(problem.place), problem.excerpt, problem.ids) == ("d.csv:2:1", "1,2", ("x",))
