"""Tables and lines of JSON that are read a row at a time say what those say that are read whole."""

import resource

import pytest

from vidi.errors import JobFileError, Problem
from vidi.jobs.data.sources import read_rows
from vidi.jobs.expansion.bounds import FLEET
from vidi.jobs.job import read_job
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.files import ProjectFiles

GOOD = {
    "plain.csv": b"a,b\n1,x\n2,y\n",
    "marked.csv": b"\xef\xbb\xbfa,b\r\n1,x\r\n",
    "commented.csv": b"sep=;\n# made by hand\n\na;b\n1;x, y\n;\n2;z\n",
    "quoted.csv": 'a,b\n"1\n2","x ""y"""\n木,ñ\n'.encode(),
    "wide.csv": b"a,b\n1,x,,\n",
    "ansi.csv": b"a,b\n1,caf\xe9\n",
    "utf16.csv": "a,b\n1,é\n".encode("utf-16"),
    "returns.csv": b"a,b\r1,x\r2,y\r",
    "mixed.csv": b'a,b\r\n1,"x\ny"\r\n2,z\r\n',
    "tabs.tsv": b"a\tb\n1\tx\n",
    "lines.jsonl": b'{"a": 1}\n\n[2, "x"]\n"\xe6\x9c\xa8"\n',
    "lines.ndjson": b"1\r\n2",
}
BAD = {
    "narrow.csv": b"a,b\n1\n2,y\n3,z,w\n",
    "other.csv": b"a;b\n1,x\n2;y\n",
    "twice.csv": b"a,a\n1,2\n",
    "open.csv": b'a,b\n1,"x\n2,y\n',
    "inside.csv": b'a,b\n1,x"y"\n"a"b,2\n',
    "broken.jsonl": b'{"a": 1}\n{"a": }\n1 2\n',
    "not-utf8.jsonl": b'"caf\xe9"\n',
    "book.csv": b"PK\x03\x04rest",
}
NOTHING = {"header.csv": b"a,b\n", "empty.csv": b"", "empty.jsonl": b"\n"}


def read(folder, name, content, *, streamed):
    (folder / name).write_bytes(content)
    try:
        rows = read_rows(name, ProjectFiles(folder), streamed=streamed)
        both = [[repr((row, row.origin_of(("a", "b")))) for row in rows] for _ in range(2)]
        assert both[0] == both[1]
        assert len(rows) == len(both[0])
        return both[0], rows.warnings
    except JobFileError as error:
        return error.problems
    except MistakeError as error:
        return error.kind, error.message


@pytest.mark.parametrize("name", [*GOOD, *BAD, *NOTHING])
def test_a_row_at_a_time_gives_what_the_whole_file_gives(tmp_path, name):
    content = {**GOOD, **BAD, **NOTHING}[name]
    streamed = read(tmp_path, name, content, streamed=True)
    assert streamed == read(tmp_path, name, content, streamed=False)
    assert isinstance(streamed[0], Problem) == (name in BAD)


def test_a_file_that_is_none_is_told_as_ever(tmp_path):
    files = ProjectFiles(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    for name in ("missing.csv", "folder.csv", "../out.csv", "a.csv#part"):
        with pytest.raises(MistakeError) as whole:
            read_rows(name, files)
        with pytest.raises(MistakeError) as caught:
            read_rows(name, files, streamed=True)
        assert (caught.value.kind, caught.value.message) == (whole.value.kind, whole.value.message)


HEAD = "version: 1\nbudget: 1\ninferences:\n"
ROWS = (
    HEAD
    + """\
  - id: "{{ row }}"
    foreach: rows.csv
    model: m
    params: {p: "{{ item.t }}"}
    output: "{{ id }}.png"
"""
)
MATRIX = (
    HEAD
    + """\
  - id: "{{ a }}-{{ b }}"
    matrix: {a: "{{ range(400) | list }}", b: "{{ range(400) | list }}"}
    model: m
    params: {}
    output: "{{ id }}.png"
"""
)


def make(folder, text, **options):
    (folder / "job.yaml").write_text(text)
    return read_job(folder / "job.yaml", project=folder, **options).inferences()


def test_the_data_of_a_fleet_may_be_longer_than_those_of_a_machine(tmp_path):
    with (tmp_path / "rows.csv").open("w") as file:
        file.write("t\n")
        file.writelines("x" * 1_000_000 + "\n" for _ in range(70))
    (problem,) = make(tmp_path, ROWS)
    assert problem.code == "too-big"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [item.id for item in make(tmp_path, ROWS, bounds=FLEET)] == [*map(str, range(1, 71))]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024  # KiB


def test_a_job_of_a_fleet_may_be_longer_than_one_of_a_machine(tmp_path):
    (problem,) = make(tmp_path, MATRIX)
    assert problem.code == "too-many"
    assert next(make(tmp_path, MATRIX, bounds=FLEET)).id == "0-0"
