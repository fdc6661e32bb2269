"""What a journal folds to is kept beside it, and counts only while nothing about it is off."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from support.journals import append
from vidi.errors import UsageError
from vidi.inference.tracking.journal.journal import SNAPSHOT, WORTHWHILE, FileJournal, read_events
from vidi.inference.tracking.journal.position import Position
from vidi.inference.tracking.journal.replay import Replay
from vidi.inference.tracking.journal.snapshot import Snapshot, keep_snapshot, read_snapshot

JOURNALS = sorted((Path(__file__).parents[1] / "journals").iterdir())
released = pytest.mark.parametrize("project", JOURNALS, ids=lambda path: path.name)
FLOOD = {"output": {"s": 0.1000000000000000055, "n": [1.0, 1e400, -0.0, 2**70], "text": "木\ud800"}}


@pytest.fixture
def folder(tmp_path):
    """Give a copy of a released folder, which holds every kind of event."""

    def copy(project):
        shutil.copytree(project / "outputs/job", tmp_path, dirs_exist_ok=True)
        (tmp_path / SNAPSHOT).parent.mkdir(exist_ok=True)
        return tmp_path / "log.jsonl"

    return copy


def fold(path, lines=None):
    """What the first lines of a journal fold to."""
    position, folded, headers = Position(), Replay(), []
    for number, (event, _) in enumerate(read_events(path, position), start=1):
        folded.take_in(event)
        headers += [event] if event["event"] == "run_started" else []
        if number == lines:
            break
    return Snapshot(position, folded, headers)


def tell(folded, headers):
    """All that is known, to the last digit."""
    return repr((folded.states, folded.shelf, folded.list_places(), headers))


def told_by(journal):
    return repr((journal.states, journal.shelf, journal.header, journal.headers))


@released
def test_a_snapshot_of_any_line_and_what_came_since_say_the_same_as_all_lines(folder, project):
    path = folder(project)
    whole, expected = fold(path), told_by(FileJournal(path, run="r"))
    for lines in range(whole.position.lines, 0, -3):
        part = fold(path, lines)
        keep_snapshot(path.parent / SNAPSHOT, part)
        kept = read_snapshot(path.parent / SNAPSHOT, path)
        assert kept is not None
        assert tell(kept.replay, kept.headers) == tell(part.replay, part.headers)
        assert kept.position.to_json() == part.position.to_json()
        assert told_by(FileJournal(path, run="r")) == expected


@released
def test_no_changed_byte_of_the_journal_goes_unseen_behind_a_snapshot(folder, project):
    path = folder(project)
    content, kept = path.read_bytes(), path.parent / SNAPSHOT
    expected = told_by(FileJournal(path, run="r"))
    keep_snapshot(kept, fold(path))
    snapshot, seen = kept.read_bytes(), []
    kept.unlink()
    for place in range(0, len(content), 997):
        flipped = content[place] ^ (1 << place % 8)
        path.write_bytes(content[:place] + bytes([flipped]) + content[place + 1 :])
        assert not kept.exists()
        without = tell_of(path)
        kept.write_bytes(snapshot)
        assert tell_of(path) == without
        seen.append(without != expected)
        kept.unlink()
    assert all(seen) or project.name == "v1"  # which has no checksums


def tell_of(path):
    try:
        return told_by(FileJournal(path, run="r"))
    except UsageError as error:
        return (error.message, error.place)


@pytest.mark.parametrize("change", ["flip", "cut", "longer", "other"])
def test_a_snapshot_that_is_off_in_any_way_is_as_if_it_were_not_there(folder, change):
    path = folder(JOURNALS[-1])
    kept, expected = path.parent / SNAPSHOT, told_by(FileJournal(path, run="r"))
    keep_snapshot(kept, fold(path))
    content = kept.read_bytes()
    head, _, rest = content.partition(b"\n")
    spoilt = {
        "flip": lambda at: content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :],
        "cut": lambda at: content[:at],
        "longer": lambda at: content + content[:at],
        "other": lambda at: head.replace(b'"lines": ', b'"lines": %d' % at) + b"\n" + rest,
    }[change]
    for place in range(1, len(content), len(content) // 40):
        kept.write_bytes(spoilt(place))
        assert read_snapshot(kept, path) is None
    assert told_by(FileJournal(path, run="r")) == expected
    for stranger in (kept.unlink, kept.mkdir):
        stranger()
        assert told_by(FileJournal(path, run="r")) == expected


def test_a_snapshot_is_of_one_version_and_of_one_journal(folder):
    path = folder(JOURNALS[-1])
    kept = path.parent / SNAPSHOT
    keep_snapshot(kept, fold(path))
    assert read_snapshot(kept, path) is not None
    content = path.read_bytes()
    first = content[: content.index(b"\n") + 1]
    for other in (b"", first, content[:-1], content[len(first) :], first + content):
        path.write_bytes(other)
        assert read_snapshot(kept, path) is None
    path.unlink()
    assert read_snapshot(kept, path) is None


def test_a_run_keeps_what_is_long_by_then_and_the_next_one_goes_on_from_there(tmp_path):
    path = tmp_path / "log.jsonl"
    kept = tmp_path / SNAPSHOT
    kept.parent.mkdir()
    with FileJournal(path, run="r1") as journal:
        append(journal, "run_started", schema=2, job_file="job.yaml", budget_usd=Decimal("0.10"))
        for _ in range(WORTHWHILE - 2):
            append(journal, "cancel", "a")
    assert not kept.exists()
    with FileJournal(path, run="r2") as journal:
        append(journal, "run_started", schema=2, job_file="job.yaml")
        append(journal, "completed", "a", **FLOOD)
        states = repr(journal.states)
    assert kept.exists()
    before = kept.read_bytes()
    with FileJournal(path, run="r3") as journal:
        assert repr(journal.states) == states
        append(journal, "run_started", schema=2, job_file="job.yaml")
        append(journal, "in_doubt", "a", error={"code": "x"})
    assert kept.read_bytes() == before
    opened, whole = FileJournal(path, run="r"), fold(path)
    assert repr(opened.states) == repr(whole.replay.states)
    assert [each["run"] for each in opened.headers] == ["r1", "r2", "r3"]


def test_what_is_kept_is_what_is_read(tmp_path):
    """Were it not asked at all, the journal would take as long as ever."""
    path = tmp_path / "log.jsonl"
    kept = tmp_path / SNAPSHOT
    kept.parent.mkdir()
    with FileJournal(path, run="r1") as journal:
        append(journal, "run_started", schema=2, job_file="job.yaml")
        append(journal, "completed", "a", output="x")
    folded = fold(path)
    keep_snapshot(kept, folded._replace(headers=[*folded.headers, {"event": "run_started"}]))
    assert len(FileJournal(path, run="r2").headers) == 2
    assert json.loads(kept.read_text().partition("\n")[0])["position"]["lines"] == 2
