"""The files that `foreach` reads, good and bad."""

import pytest

from vidi.errors import JobFileError
from vidi.jobs.data.sources import read_rows
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.files import ProjectFiles


def items(name, folder):
    return [row.item for row in read_rows(name, ProjectFiles(folder))]


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
    ("d.txt", "\ufeffone\r\n\n two \n#3", ["one", " two ", "#3"]),
    ("d.tsv", "a\tb\n1\tx, y\n", [{"a": "1", "b": "x, y"}]),
    ("d.tsv", "a;b\n1;2\n", [{"a": "1", "b": "2"}]),
    ("d.csv", "# from the shop\n\n# 2026\na,b\n#1,2\n", [{"a": "#1", "b": "2"}]),
    ("d.csv", "sep=|\na|b\n1|2\n", [{"a": "1", "b": "2"}]),
    ("d.csv", "a,b,,\n1,2,,\n,,,\n", [{"a": "1", "b": "2"}]),
    (
        "d.csv",
        "prompt\na cat, black\na dog; brown\n",
        [{"prompt": "a cat, black"}, {"prompt": "a dog; brown"}],
    ),
    ("d.csv", "title;price, EUR\nx;1,5\n", [{"title": "x", "price, EUR": "1,5"}]),
    ("d.csv", '"a\nb","c"\r\n1,2\r\n', [{"a\nb": "1", "c": "2"}]),
]


@pytest.mark.parametrize(("name", "text", "rows"), GOOD)
def test_good(tmp_path, name, text, rows):
    (tmp_path / name).write_bytes(text.encode())
    assert items(name, tmp_path) == rows


BAD = [
    (
        "d.csv",
        "a,b\n1\n1,2,3\n",
        [
            "d.csv:2:1: 1 value in this row, 2 columns in the header",
            "d.csv:3:1: 3 values in this row, 2 columns in the header",
        ],
    ),
    (
        "d.csv",
        "a,a,\n1,2,3\n",
        [
            "d.csv:1:2: the column 'a' is there twice",
            "d.csv:2:1: 3 values in this row, 2 columns in the header",
        ],
    ),
    ("d.csv", "a,,b\n1,2,3\n", ["d.csv:1:2: a column has no name"]),
    ("d.csv", 'a\n"x\n', ["d.csv:2:1: a quote is opened here and never closed"]),
    ("d.csv", 'a,b\n"x"y,2\n', ["d.csv:2:1: not CSV: ',' expected after '\"'"]),
    (
        "d.csv",
        "a;b\n1;2\n3,4\n",
        ["d.csv:3:1: the header is separated by semicolons, this row by commas"],
    ),
    (
        "d.csv",
        "a;b\tc;d\n1;2\t2;3\n3,4,5\n",
        ["d.csv:3:1: the header is separated by semicolons and tabs, this row by commas"],
    ),
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
        read_rows(name, ProjectFiles(tmp_path))
    assert [f"{each.place}: {each.message}" for each in caught.value.problems] == says


@pytest.mark.parametrize(
    ("name", "text"), [("d.csv", "a,b\n" + "1\n" * 5000), ("d.jsonl", "{\n" * 5000)]
)
def test_every_bad_row_counts(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(JobFileError) as caught:
        read_rows(name, ProjectFiles(tmp_path))
    assert len(caught.value.problems) == 5000


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        (
            "d.pdf",
            "'foreach' cannot read 'd.pdf'",
            "Use one of .csv, .json, .jsonl, .ndjson, .tsv, .txt, .xlsx, .yaml, .yml, "
            "or `folder/*`.",
        ),
        (
            "d.xls",
            "'foreach' cannot read 'd.xls': it is an old Excel workbook",
            "Save it as Excel Workbook (.xlsx), or as CSV UTF-8.",
        ),
        ("shots/*", "shots/* has no rows", ""),
        (
            "../*",
            "'../*' is outside the project directory",
            "Copy it into the project, or allow it with --allow-outside.",
        ),
        (
            "products.csv#one",
            "products.csv has no sheet 'one': a CSV file is one table",
            "Write products.csv, or save the sheet as a file of its own.",
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
        read_rows(name, ProjectFiles(tmp_path))
    assert (caught.value.message, caught.value.hint) == (says, hint)


def test_bad_rows_have_their_place_and_the_ids(tmp_path):
    from vidi.jobs.job import read_job

    (tmp_path / "d.csv").write_text("a,b\n1\n")
    path = tmp_path / "a.yaml"
    path.write_text(
        "version: 1\ninferences:\n- {id: x, foreach: d.csv, model: m, params: {}, output: x}\n"
    )
    (problem,) = read_job(path, project=tmp_path).inferences()
    assert (str(problem.place), problem.excerpt, problem.ids) == ("d.csv:2:1", "1", ("x",))


@pytest.mark.parametrize("name", ["d.json", "d.yaml"])
def test_a_list_inside_a_file(tmp_path, name):
    (tmp_path / name).write_text('{"a": {"b": [1, 2]}, "c": 3, "list": []}')
    assert items(f"{name}#a.b", tmp_path) == [1, 2]
    for part, says, hint in [
        ("a.x", f"{name} has no 'x'", "What is there: b."),
        ("lst", f"{name} has no 'lst'", "Did you mean 'list'?"),
        ("c", f"{name}#c must be a list", ""),
    ]:
        with pytest.raises(MistakeError) as caught:
            read_rows(f"{name}#{part}", ProjectFiles(tmp_path))
        assert (caught.value.message, caught.value.hint) == (says, hint)
    with pytest.raises(JobFileError) as refused:
        read_rows(name, ProjectFiles(tmp_path))
    assert refused.value.problems[0].hint == f"Name the list in it: {name}#list"


def test_a_file_may_have_a_number_sign_in_its_name(tmp_path):
    (tmp_path / "d#1.csv").write_text("a\n1\n")
    assert items("d#1.csv", tmp_path) == [{"a": "1"}]


def test_folders_come_by_name(tmp_path):
    for name in ("b", "a", ".hidden", "c d"):
        (tmp_path / "shots" / name).mkdir(parents=True)
    (tmp_path / "shots" / "file.txt").write_text("x")
    assert items("shots/*", tmp_path) == [
        {"name": name, "path": f"shots/{name}"} for name in ("a", "b", "c d")
    ]


def test_what_json_writes_of_an_emoji_is_read(tmp_path):
    import json

    rows = [{"prompt": "a \U0001f600\U0001f468\u200d\U0001f469 \\ud83d"}]
    (tmp_path / "d.json").write_text(json.dumps(rows))
    (tmp_path / "d.jsonl").write_text(json.dumps(rows[0]))
    (tmp_path / "d.yaml").write_text(json.dumps(rows))
    assert [items(f"d.{each}", tmp_path) for each in ("json", "jsonl", "yaml")] == [rows] * 3


@pytest.mark.parametrize("indent", [None, 2])
def test_an_item_of_a_list_has_its_place(tmp_path, indent):
    import json

    whole = {"x": {"b": 0}, "a": {'q"': [], "b": [{"n": 1}, [2], "three", 4]}}
    text = json.dumps(whole, indent=indent)
    for name in ("d.json", "d.yaml"):
        (tmp_path / name).write_text(text)
        rows = list(read_rows(f"{name}#a.b", ProjectFiles(tmp_path)))
        lines = text.splitlines()
        starts = [lines[row.place.line - 1][row.place.column - 1] for row in rows]
        assert starts == ["{", "[", '"', "4"]
    assert [row.item for row in rows] == whole["a"]["b"]


def test_a_protected_workbook_says_so(tmp_path):
    (tmp_path / "d.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"x" * 100)
    with pytest.raises(JobFileError) as caught:
        read_rows("d.xlsx", ProjectFiles(tmp_path))
    assert "protected by a password" in caught.value.problems[0].message
