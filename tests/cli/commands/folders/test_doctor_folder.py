"""`vidi doctor FOLDER`: what can be saved of a damaged journal; the folder itself never changes."""

import shutil

import pytest

from support.commands import run_installed
from support.servers.intervening import JOB, JOURNAL
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.journal.journal import FileJournal
from vidi.runs.records.salvage.examination import examine


@pytest.fixture(scope="module")
def served():
    with serve_sandbox() as served:
        yield served


@pytest.fixture(scope="module")
def finished(served, tmp_path_factory):
    """A folder in which the job was run, and all is well."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "job.yaml").write_text(JOB)
    answer = run_installed(
        "vidi-run", "job.yaml", "--no-report", cwd=folder, **served.environment, VIDI_COSTS="off"
    )
    assert answer.exit_code == 0, answer.stderr
    return folder


@pytest.fixture
def shop(here, served, finished):
    """The same folder, to be spoilt."""
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)
    shutil.copytree(finished, here.folder, dirs_exist_ok=True)
    here.served = served
    return here


def spoil(shop, damage):
    path = shop.folder / JOURNAL
    path.write_bytes(damage(path.read_bytes().splitlines(keepends=True)))
    return path


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_whole_journal_needs_nothing(shop):
    answer = shop("vidi", "doctor", "outputs/job")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "all of them whole" in answer.stdout
    spoil(shop, lambda lines: b"".join(lines) + b'{"ts":"2026')
    answer = shop("vidi", "doctor", "outputs/job")
    assert answer.exit_code == 0
    assert "the last one is torn, and counts for nothing" in answer.stdout


def wipe(kind):
    """Make an event of the tree unreadable, but for whose it is."""
    mark = f'"event":"{kind}","id":"tree"'.encode()
    return lambda lines: b"".join(b'{"ts":0' + line[7:] if mark in line else line for line in lines)


FATES = {
    "intent": "tree: whole (not whole: line",
    "submitted": "tree: whole (not whole: line",
    "completed": "tree: whole (not whole: line",
    "asset": "tree: whole (not whole: line",
    "settled": "tree: its end is lost: the next run fetches it, for nothing, bought as ",
}


@pytest.mark.parametrize("kind", FATES)
def test_one_line_that_is_spoilt_costs_nothing(shop, kind):
    spoil(shop, wipe(kind))
    assert shop("vidi-run", "job.yaml").exit_code == 2
    before = everything(shop.folder / "outputs")
    answer = shop("vidi", "doctor", "outputs/job", "--save", "saved")
    assert answer.exit_code == 0, answer.stdout
    assert FATES[kind] in answer.stdout
    assert "card: whole\n" in answer.stdout
    assert everything(shop.folder / "outputs") == before
    again = shop("vidi-run", "job.yaml", "-o", "saved", "--frozen")
    assert again.exit_code == 0, again.stderr


def test_what_was_bought_and_nobody_knows_is_in_doubt(shop):
    (shop.folder / "outputs/job/manifest.json").unlink()
    spoil(shop, wipe("intent"))
    answer = shop("vidi", "doctor", "outputs/job", "--save", "saved")
    assert answer.exit_code == 6
    assert "tree: in doubt: never bought again until `vidi reconcile` knows" in answer.stdout
    submits = shop.served.submits
    again = shop("vidi-run", "job.yaml", "-o", "saved")
    assert (again.exit_code, "unknown model 'unknown'" in again.stderr) == (2, True)
    asked = shop("vidi", "reconcile", "job.yaml", "-o", "saved")
    assert (asked.exit_code, "tree: unknown model" in asked.stdout) == (6, True)
    assert shop.served.submits == submits
    mine = shop("vidi", "reconcile", "job.yaml", "-o", "saved", "--not-paid", "tree")
    assert mine.exit_code == 0
    assert shop("vidi-run", "job.yaml", "-o", "saved", "--estimate").exit_code == 0


def test_a_missing_end_and_a_lost_line_are_named(shop):
    spoil(shop, lambda lines: b"".join([*lines[:3], *lines[4:-4]]))
    answer = shop("vidi", "doctor", "outputs/job")
    assert answer.exit_code == 1
    for told in ("1 line missing, of run ", "its end is missing: it had over ", "nobody knows"):
        assert told in answer.stdout
    assert "--save DIR" in answer.stderr


def test_any_one_or_two_lines_may_be_lost_or_spoilt(shop):
    """Whatever is damaged: the copy is read, whole lines count, and no purchase is forgotten."""
    path = shop.folder / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    whole = FileJournal(path, run="r").states
    damages = [
        lambda at: lines[:at] + lines[at + 1 :],
        lambda at: lines[:at] + lines[at + 2 :],
        lambda at: [*lines[:at], b"\x00" * 40 + b"\n", *lines[at + 1 :]],
        lambda at: [*lines[:at], lines[at].replace(b'"run":"', b'"run":"x'), *lines[at + 1 :]],
        lambda at: [*lines[:at], lines[at].replace(b'"seq":', b'"seq":9'), *lines[at + 1 :]],
        lambda at: [*lines[:at], lines[at].replace(b'"event":"', b'"event":"x'), *lines[at + 1 :]],
        lambda at: [*lines[:at], lines[at].replace(b"tree", b"bush", 1), *lines[at + 1 :]],
        lambda at: [*lines[: at + 1], *lines[at:]],
        lambda at: [*lines[:at], *reversed(lines[at : at + 2]), *lines[at + 2 :]],
    ]
    copy = path.with_name("copy.jsonl")
    for at in range(len(lines)):
        for damage in damages:
            path.write_bytes(b"".join(damage(at)))
            saved = examine(path.parent).saved
            copy.write_bytes(saved.content)
            states = FileJournal(copy, run="r").states
            fates = {each.id: each.fate for each in saved.inferences}
            assert set(states) == set(whole) == set(fates)
            for key, state in states.items():
                assert (state.fingerprint == whole[key].fingerprint) or state.doubtful
                assert fates[key] != "in doubt" or state.doubtful
                assert fates[key] != "unfinished" or state.attached
                assert fates[key] != "whole" or state.status == "succeeded"
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("wrong", ["nowhere", "empty", "there", "inside", "no folder"])
def test_what_cannot_be_examined_or_saved_is_said(shop, wrong):
    spoil(shop, lambda lines: b"".join(lines[1:]))
    (shop.folder / "empty").mkdir()
    commands = {
        "nowhere": (("nowhere",), "there is no folder nowhere"),
        "empty": (("empty",), "there is no journal empty/log.jsonl"),
        "there": (("outputs/job", "--save", "empty"), "empty is there already"),
        "inside": (("outputs/job", "--save", "outputs/job/x"), "is inside outputs/job"),
        "no folder": (("--save", "x"), "--save goes with an output FOLDER"),
    }
    arguments, told = commands[wrong]
    answer = shop("vidi", "doctor", *arguments)
    assert answer.exit_code == 2
    assert told in answer.stderr
