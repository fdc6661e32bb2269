"""Workbooks that are not what they seem."""

import datetime

import pytest
from openpyxl import Workbook

from vidi.errors import JobFileError
from vidi.jobs.data.sources import read_rows
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.files import ProjectFiles


def save(folder, *lines, title="One"):
    book = Workbook()
    book.active.title = title
    for line in lines:
        book.active.append(line)
    book.save(folder / "d.xlsx")


def problems(folder, name="d.xlsx"):
    with pytest.raises(JobFileError) as caught:
        read_rows(name, ProjectFiles(folder))
    return [f"{each.place}: {each.message}" for each in caught.value.problems]


def test_values_are_the_text_that_csv_would_have(tmp_path):
    day = datetime.date(2026, 11, 29)
    noon = datetime.datetime(2026, 11, 29, 12)  # noqa: DTZ001 - workbooks know no zones
    save(tmp_path, ["v"], *([each] for each in (1, 2.0, 0.25, True, "007", day, noon)))
    rows = read_rows("d.xlsx", ProjectFiles(tmp_path))
    assert [row.item["v"] for row in rows] == [
        "1", "2", "0.25", "true", "007", "2026-11-29", "2026-11-29 12:00:00",
    ]  # fmt: skip
    assert str(next(iter(rows)).item["v"].place) == "d.xlsx:2:1"


def test_a_formula_without_its_result_is_not_an_empty_cell(tmp_path):
    save(tmp_path, ["a", "b"], ["x", "=1+1"], ["y", None])
    assert problems(tmp_path) == ["d.xlsx:2:2: this cell holds a formula without its result"]


def test_an_error_is_no_value(tmp_path):
    save(tmp_path, ["a"], ["#DIV/0!"])
    assert problems(tmp_path) == ["d.xlsx:2:1: this cell holds the error #DIV/0!"]


def test_a_sheet_that_is_not_there_has_its_nearest(tmp_path):
    save(tmp_path, ["a"], ["1"], title="Products")
    with pytest.raises(MistakeError) as caught:
        read_rows("d.xlsx#products", ProjectFiles(tmp_path))
    assert (caught.value.message, caught.value.hint) == (
        "d.xlsx has no sheet 'products'",
        "Did you mean 'Products'?",
    )


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"a,b\n1,2\n"])
def test_what_is_no_workbook_says_so(tmp_path, data):
    (tmp_path / "d.xlsx").write_bytes(data)
    assert problems(tmp_path) == ["d.xlsx: it is no Excel workbook (.xlsx), or a damaged one"]


def test_a_damaged_sheet_says_so(tmp_path):
    import zipfile

    save(tmp_path, ["a"], ["1"])
    with zipfile.ZipFile(tmp_path / "d.xlsx") as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "d.xlsx", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data[:300] if "sheet1" in name else data)
    assert problems(tmp_path) == ["d.xlsx: it is no Excel workbook (.xlsx), or a damaged one"]


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    from vidi.jobs.data import workbooks

    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 1024)
    save(tmp_path, ["a"], ["x" * 2000])
    assert problems(tmp_path) == ["d.xlsx: it unpacks to more than 0 MiB"]
