import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.disks import files_limited_to
from support.journals import append
from vidi.errors import StorageError, UsageError
from vidi.inference.tracking.journal.journal import FileJournal, as_recorded, read_events
from vidi.inference.tracking.journal.replay import replay

INTENT = {
    "attempt": 1,
    "model": "fal/fal-ai/flux/dev",
    "fingerprint": "f1",
    "params": {"prompt": "árbol 木"},
    "reserved_usd": Decimal("0.025"),
    "estimate_usd": {"low": Decimal("0.025"), "high": Decimal("0.025")},
}


def open_journal(path: Path, run: str = "r1", **options) -> FileJournal:
    return FileJournal(path, run=run, **options)


def write_one(path: Path, **options) -> None:
    with open_journal(path, **options) as journal:
        append(journal, "run_started", schema=1, job_file="job.yaml")
        append(journal, "intent", "tree", **INTENT)
        append(journal, "submitted", "tree", request_id="q1", urls={"get": "u"})


def test_a_line_is_one_json_object_with_the_fixed_fields(tmp_path):
    write_one(tmp_path / "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [(event["run"], event["seq"], event["event"]) for event in events] == [
        ("r1", 1, "run_started"),
        ("r1", 2, "intent"),
        ("r1", 3, "submitted"),
    ]
    assert events[1]["id"] == "tree"
    assert "árbol 木" in lines[1]
    assert '"reserved_usd":0.025' in lines[1]


def test_nothing_is_written_before_the_first_event(tmp_path):
    open_journal(tmp_path / "deep" / "log.jsonl").close()
    assert not (tmp_path / "deep").exists()


def test_what_was_written_is_known_when_it_is_opened_again(tmp_path):
    write_one(tmp_path / "log.jsonl")
    journal = open_journal(tmp_path / "log.jsonl", "r2")
    state = journal.states["tree"]
    assert (state.status, state.request_id, state.reserved) == ("submitted", "q1", Decimal("0.025"))
    assert journal.header is not None
    assert journal.header["run"] == "r1"


def test_the_state_while_writing_is_the_state_after_reading(tmp_path):
    path = tmp_path / "log.jsonl"
    with open_journal(path) as journal:
        append(journal, "intent", "tree", **INTENT)
        append(journal, "completed", "tree", output={"images": [{"url": "u"}]}, metrics={"s": 0.1})
        written = dict(journal.states)
    assert written == replay(event for event, _ in read_events(path)).states


@pytest.mark.parametrize("cut", range(2, 60))
def test_a_torn_last_line_is_dropped_and_overwritten(tmp_path, cut):
    path = tmp_path / "log.jsonl"
    write_one(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with open_journal(path, "r2") as journal:
        assert journal.states["tree"].status == "intended"
        append(journal, "in_doubt", "tree", error={"code": "x"})
    assert [event["event"] for event, _ in read_events(path)] == [
        "run_started",
        "intent",
        "in_doubt",
    ]


def test_a_last_line_that_lacks_its_end_only_counts_and_gets_it(tmp_path):
    path = tmp_path / "log.jsonl"
    write_one(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with open_journal(path, "r2") as journal:
        assert journal.states["tree"].status == "submitted"
        append(journal, "in_doubt", "tree", error={"code": "x"})
    assert path.read_bytes().startswith(whole)
    assert [event["seq"] for event, _ in read_events(path)] == [1, 2, 3, 1]


@pytest.mark.parametrize("garbage", [b"{", b"\x00\x00", b"[]", b'{"a":1}', b"\xff\xfe", b""])
def test_garbage_in_the_middle_is_refused_with_its_line(tmp_path, garbage):
    path = tmp_path / "log.jsonl"
    write_one(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + garbage + b"\n" + b"".join(lines[1:]))
    with pytest.raises(UsageError) as caught:
        open_journal(path)
    assert str(caught.value.place) == f"{path}:2:1"
    assert caught.value.message == (
        "this line of the journal cannot be read, so what was bought cannot be known"
    )


def test_secrets_never_reach_the_disk(tmp_path):
    secret = 'r8_ab"c\\d…'
    with open_journal(tmp_path / "log.jsonl", secrets=(secret, "")) as journal:
        append(journal, "completed", "tree", output=[{"said": f"key={secret}"}])
    text = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert "r8_ab" not in text
    assert '"output":[{"said":"key=[redacted]"}]' in text


@pytest.mark.parametrize("secret", ["e", "test", "thumbnails-job"])
def test_no_secret_changes_what_an_event_is_about(tmp_path, secret):
    path = tmp_path / "log.jsonl"
    with open_journal(path, secrets=(secret,)) as journal:
        append(journal, "intent", "thumbnails-job", **INTENT)
        append(journal, "submitted", "thumbnails-job", request_id="test", urls={"get": secret})
    state = open_journal(path).states["thumbnails-job"]
    assert (state.request_id, state.urls) == ("test", {"get": secret})


@pytest.mark.parametrize(
    "line",
    [
        '{"event":"intent","run":"r","ts":"2026-11-23T10:00:00+00:00","id":"a"}',
        '{"event":"submitted","run":"r","ts":"20x6","id":"a","request_id":"q","urls":{}}',
        '{"event":"settled","run":"r","ts":"2026-11-23T10:00:00+00:00","id":"a","status":"x",'
        '"actual_usd":"x","basis":"none"}',
        '{"event":5,"run":"r","ts":"x","id":[1]}',
    ],
)
def test_an_event_that_makes_no_sense_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "log.jsonl"
    write_one(path)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        open_journal(path)
    assert str(caught.value.place) == f"{path}:4:1"


def test_a_journal_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(UsageError, match="is not a file"):
        open_journal(tmp_path / "log.jsonl")


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("")])
def test_a_journal_that_was_taken_away_stops_every_purchase(tmp_path, spoil):
    path = tmp_path / "log.jsonl"
    with open_journal(path) as journal:
        append(journal, "run_started", schema=1)
        path.rename(tmp_path / "elsewhere")
        spoil(path) if path.exists() else None
        with pytest.raises(StorageError):
            append(journal, "intent", "tree", **INTENT)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"x" * 4096])
def test_a_journal_that_was_changed_after_it_was_read_is_left_alone(tmp_path, content):
    path = tmp_path / "log.jsonl"
    write_one(path)
    journal = open_journal(path, "r2")
    path.write_bytes(content)
    with pytest.raises(StorageError) as caught:
        append(journal, "intent", "tree", **INTENT)
    assert caught.value.message == f"{path} was changed by somebody else after it was read"
    assert path.read_bytes() == content


def test_a_journal_that_was_deleted_after_it_was_read_is_not_made_anew(tmp_path):
    path = tmp_path / "log.jsonl"
    write_one(path)
    journal = open_journal(path, "r2")
    path.unlink()
    with pytest.raises(StorageError) as caught:
        append(journal, "intent", "tree", **INTENT)
    assert caught.value.message == f"cannot open {path}: No such file or directory"
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    journal = open_journal(tmp_path / "file-2" / "log.jsonl")
    (tmp_path / "file-2").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        append(journal, "run_started")
    assert caught.value.exit_code == 1
    assert caught.value.hint == "Make the output folder writable, or name another one with -o."


def test_a_full_disk_leaves_no_half_line(tmp_path):
    path = tmp_path / "log.jsonl"
    with open_journal(path) as journal:
        append(journal, "intent", "tree", **INTENT)
        whole = path.read_bytes()
        with files_limited_to(len(whole) + 20), pytest.raises(StorageError) as caught:
            append(journal, "submitted", "tree", request_id="q1", urls={})
        assert caught.value.message == f"cannot write {path}: File too large"
        assert path.read_bytes() == whole
        append(journal, "in_doubt", "tree", error={})
    assert open_journal(path).states["tree"].status == "in_doubt"
    assert [event["seq"] for event, _ in read_events(path)] == [1, 2]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"))
    | st.decimals(-1000, 1000, places=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(value=json_values)
def test_any_value_comes_back_as_it_went_in(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("journal") / "log.jsonl"
    with open_journal(path) as journal:
        append(journal, "completed", "tree", output=value)
    assert open_journal(path).states["tree"].output == as_recorded(value) == value
