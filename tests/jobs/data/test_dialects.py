"""Tables in every dialect, encoding, quoting and with every kind of empty row: one meaning."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from support.tables import DELIMITERS, EVERY, HEADER, Saved, rows
from support.turns import examples
from vidi.errors import JobFileError
from vidi.inference.models.registry import ModelRegistry
from vidi.jobs.data.sources import read_rows
from vidi.jobs.job import read_job
from vidi.jobs.reading.files import ProjectFiles
from vidi.runs.planning.deciding.record import FolderRecord
from vidi.runs.planning.plan import Choices
from vidi.runs.planning.planner import PlanTask, make_plan

JOB = """\
version: 1
budget: 5
inferences:
  - id: "{{ item.name }}-{{ row }}"
    foreach: DATA
    model: replicate/black-forest-labs/flux-schnell
    params:
      prompt: "{{ item.prompt }}"
      seed: "{{ item.seed }}"
      output_quality: "{{ item.steps }}"
      go_fast: "{{ item.quality }}"
    output: "{{ item.name }}.webp"
"""
REGISTRY = ModelRegistry()


def planned(folder: Path, data: str) -> tuple[list[object], list[str]]:
    """What a job makes of a data file, and the codes of the warnings."""
    path = folder / "job.yaml"
    path.write_text(JOB.replace("DATA", data))
    job = read_job(path, project=folder)
    task = PlanTask(job, REGISTRY, folder, folder / "out", FolderRecord({}), Choices())
    plan = make_plan(task)
    made = [(each.id, each.request.fingerprint, each.request.output) for each in plan.inferences]
    return made, [each.code for each in plan.warnings]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The same inferences, from a list that the job file would hold itself, with its types."""
    import json

    folder = tmp_path_factory.mktemp("expected")
    typed = [
        {
            "name": name,
            "prompt": prompt,
            "seed": int(seed) if seed else None,
            "steps": int(steps),
            "quality": quality == "true",
        }
        for name, prompt, seed, steps, quality in rows()
    ]
    (folder / "d.json").write_text(json.dumps(typed))
    made, warnings = planned(folder, "d.json")
    assert (len(made), len(dict.fromkeys(made)), warnings) == (20, 20, [])
    assert {request.params.get("go_fast") for request in _params(folder)} == {True, False}
    return made


def _params(folder):
    job = read_job(folder / "job.yaml", project=folder)
    return list(job.inferences())


def test_there_are_many():
    assert len({each.name for each in EVERY}) == len(EVERY) >= 60


@pytest.mark.parametrize("saved", EVERY, ids=lambda saved: saved.name)
def test_every_table_is_the_same_twenty_inferences(tmp_path, expected, saved):
    (tmp_path / "d.csv").write_bytes(saved.write(HEADER, rows()))
    made, warnings = planned(tmp_path, "d.csv")
    assert made == expected
    assert warnings == (["guessed-encoding"] if saved.encoding == "cp1252" else [])


@pytest.mark.parametrize("typed", [False, True], ids=["text", "typed"])
@pytest.mark.parametrize("sheet", ["", "#Second sheet"])
def test_a_workbook_is_the_same(tmp_path, expected, typed, sheet):
    book = Workbook()
    if sheet:
        book.active.append(["not", "this"])
    page = book.create_sheet("Second sheet") if sheet else book.active
    page.append(["# exported"])
    page.append([])
    page.append([*HEADER, None, None])
    for number, row in enumerate(rows()):
        name, prompt, seed, steps, quality = row
        values = [name, prompt, int(seed or 0) or None, float(steps), quality == "true"]
        page.append(values if typed else list(row))
        if number % 3 == 0:
            page.append([None, "", None])
    book.save(tmp_path / "d.xlsx")
    assert planned(tmp_path, f"d.xlsx{sheet}") == (expected, [])


WRONG = {
    "utf-16-without-its-mark": (
        Saved(",", "utf-16-le").write(HEADER, rows()),
        "d.csv:1:1: the file is UTF-16 without its mark",
    ),
    "utf-32": (Saved(",", "utf-32").write(HEADER, rows()), "d.csv:1:1: the file is UTF-32"),
    "workbook": (b"PK\x03\x04x", "d.csv:1:1: this is an Excel or OpenDocument workbook, not text"),
    "old-workbook": (
        b"\xd0\xcf\x11\xe0x",
        "d.csv:1:1: this is an old Excel workbook (.xls), not text",
    ),
    "shift-jis": (
        "name,prompt\na,犬\n".encode("shift-jis") + b"b,\x81\n",
        "d.csv:3:1: the file is neither UTF-8 nor Windows-1252 (ANSI): byte 0x81 fits neither",
    ),
    **{
        f"{header!r}-then-{other!r}": (
            Saved(header, encoding).write(HEADER, rows(3))
            + Saved(other, encoding.removesuffix("-sig")).write(("a", "b", "c", "d", "e"), []),
            f"d.csv:5:1: the header is separated by {NAMES[header]}, this row by {NAMES[other]}",
        )
        for NAMES in [{",": "commas", ";": "semicolons", "\t": "tabs"}]
        for encoding in ("utf-8", "utf-8-sig")
        for header in DELIMITERS
        for other in DELIMITERS
        if header != other
    },
    "ragged": (b"a,b\n1\n", "d.csv:2:1: 1 value in this row, 2 columns in the header"),
}


@pytest.mark.parametrize(("data", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_a_persons_words(tmp_path, data, says):
    (tmp_path / "d.csv").write_bytes(data)
    with pytest.raises(JobFileError) as caught:
        read_rows("d.csv", ProjectFiles(tmp_path))
    (problem,) = caught.value.problems
    assert f"{problem.place}: {problem.message}" == says
    assert problem.hint


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', '""', "a,b", "a;b", "a\tb", "\r\n", "\n", "\r", "#x", "sep=;", " a ", "'", "\ufeff", "0"]
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=8
        )
    ),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_what_python_writes_comes_back(tmp_path_factory, table, delimiter, coding, quoting, end):
    # Python's csv quotes neither of "\r" and "\n" that is not its line end: beside a line end
    # they are a part of that, and nobody can tell.
    assume(not any(_joins_line_end(cell, end) for row in table for cell in row))
    folder = tmp_path_factory.mktemp("t")
    header = [f"c{number}" for number in range(len(table[0]))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([header, *table])
    (folder / "d.csv").write_bytes(text.getvalue().encode(coding))
    read = [list(row.item.values()) for row in read_rows("d.csv", ProjectFiles(folder))]
    assert read == table


def _joins_line_end(cell: str, end: str) -> bool:
    return (end == "\n" and cell.endswith("\r")) or (end == "\r" and cell.startswith("\n"))
