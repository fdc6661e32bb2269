"""Files that people wrote: too big, not there, not UTF-8."""

import pytest

from vidi.errors import JobFileError, UsageError
from vidi.jobs.reading.files import MAX_BYTES, decoded, read_bytes


def test_a_file_that_is_too_big(tmp_path):
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(JobFileError) as caught:
        read_bytes(path, "a.yaml")
    (problem,) = caught.value.problems
    assert f"{problem.place}: {problem.message}" == "a.yaml:1:1: the file is bigger than 16 MiB"


@pytest.mark.parametrize("name", ["missing.yaml", ".", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(UsageError, match=r"^cannot read a\.yaml: "):
        read_bytes(tmp_path / name, "a.yaml")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: 1\nb: \xff\n", "2:4"),
        ("a: é".encode("latin-1"), "1:4"),
        ("a: 1".encode("utf-16"), "1:1"),
        (b"\xef\xbb\xbf\xc3\xa9\xc3", "1:2"),
    ],
)
def test_not_utf8(data, place):
    with pytest.raises(JobFileError) as caught:
        decoded(data, "a.yaml")
    (problem,) = caught.value.problems
    assert f"{problem.place}" == f"a.yaml:{place}"
    assert (problem.code, problem.hint) == ("not-utf8", "Save it as UTF-8.")
