"""log.jsonl damaged, cut short, or of another vidi: refused with its line, never guessed at."""

import os
import re
import shutil

import pytest

from support.commands import run_installed
from support.servers.intervening import JOB, JOURNAL
from support.servers.sandbox import serve_sandbox
from vidi.errors import UsageError
from vidi.inference.tracking.journal.checksum import add_checksum
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA
from vidi.inference.tracking.journal.journal import FileJournal

RESTORE = (
    "  hint: Restore the file from a backup, or see what can be saved with `vidi doctor FOLDER`. "
    "To start afresh, move the whole folder away: everything in it would then be bought again.\n"
)
OPEN = "open outputs/job/report.html\n"
READ = "this line of the journal cannot be read, so what was bought cannot be known"
ORDER = (
    "this line of the journal does not follow the one before it, so what was bought cannot be known"
)


@pytest.fixture(scope="module")
def served():
    with serve_sandbox() as served:
        yield served


@pytest.fixture(scope="module")
def finished(served, tmp_path_factory):
    """A folder in which the job was run, and all is well."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "job.yaml").write_text(JOB)
    ledger = {"VIDI_LEDGER": str(folder / "ledger.sqlite3"), "VIDI_COSTS": "on"}
    answer = run_installed("vidi-run", "job.yaml", cwd=folder, **served.environment, **ledger)
    assert answer.exit_code == 0, answer.stderr
    return folder


@pytest.fixture
def shop(here, served, finished):
    """The same folder, to be spoilt; nothing may reach the providers."""
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)
    shutil.copytree(finished, here.folder, dirs_exist_ok=True)
    before = served.requests
    yield here
    assert served.requests == before


def spoil(shop, damage):
    path = shop.folder / JOURNAL
    path.write_bytes(damage(path.read_bytes().splitlines(keepends=True)))
    return path


def put(line, place=2):
    """Put a line in, with a right checksum where it is an object: what it says is what is wrong."""
    whole = (
        add_checksum(line[:-1], place if b'"seq":1,' in line else 0) + b"\n"
        if line.endswith(b"}\n")
        else line
    )
    return lambda lines: b"".join([*lines[:place], whole, *lines[place:]])


EVENT = b'{"ts":"2026-11-23T10:00:00+00:00","run":"r","seq":1,"event":'
UNREADABLE = {
    "words": b"this is no event\n",
    "a torn line": EVENT + b'"asse\n',
    "an empty line": b"\n",
    "zeroes": bytes(512) + b"\n",
    "no UTF-8": b'{"ts":"\xff\xfe"}\n',
    "a number": b"5\n",
    "an object that is no event": b'{"a":1}\n',
    "no seq": EVENT.replace(b'"seq":1,', b"") + b'"cancel"}\n',
    "a seq that is no number": EVENT.replace(b":1,", b':"1",') + b'"cancel"}\n',
    "a run that is no text": EVENT.replace(b'"r"', b"[]") + b'"cancel"}\n',
    "a kind that is no text": EVENT + b"{}}\n",
    "no time": EVENT.replace(b"2026-11-23T", b"") + b'"cancel"}\n',
    "an intent without its fields": EVENT + b'"intent","id":"tree"}\n',
    "an amount that is none": EVENT
    + b'"settled","id":"tree","status":"failed","basis":"none","actual_usd":"much"}\n',
    "a run without its job": EVENT + b'"run_started","schema":1}\n',
    "a version that is no number": EVENT + b'"run_started","job_file":"a","schema":"1"}\n',
    "too deep": b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("line", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_line_that_is_no_event_is_refused(shop, line):
    path = spoil(shop, put(line))
    before = path.read_bytes()
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (2, f"{JOURNAL}:3:1: {READ}\n{RESTORE}")
    assert path.read_bytes() == before


COMMANDS = {
    "an estimate": ("vidi-run", "job.yaml", "--estimate"),
    "status": ("vidi", "status", "job.yaml"),
    "status of a folder": ("vidi", "status", "outputs/job"),
    "verify": ("vidi", "verify", "outputs/job"),
    "reconcile": ("vidi", "reconcile", "job.yaml"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_command_that_reads_the_journal_refuses_it_alike(shop, command):
    spoil(shop, put(EVENT + b'"intent","id":"tree"}\n'))
    answer = shop(*command)
    assert (answer.exit_code, answer.stderr) == (2, f"{JOURNAL}:3:1: {READ}\n{RESTORE}")


OUT_OF_ORDER = {
    "a line is lost": (3, lambda lines: b"".join([*lines[:2], *lines[3:]])),
    "a line is there twice": (4, lambda lines: b"".join([*lines[:3], *lines[2:]])),
    "two lines changed places": (2, lambda lines: b"".join([lines[0], lines[2], lines[1]])),
    "the first line is lost": (1, lambda lines: b"".join(lines[1:])),
    "the whole is there twice": (14, lambda lines: b"".join([*lines, *lines])),
}


@pytest.mark.parametrize(("line", "damage"), OUT_OF_ORDER.values(), ids=OUT_OF_ORDER.keys())
def test_lines_that_do_not_follow_each_other_are_refused(shop, line, damage):
    spoil(shop, damage)
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (2, f"{JOURNAL}:{line}:1: {ORDER}\n{RESTORE}")


CUT = {
    "lines": (10, lambda lines: b"".join(lines[:9])),
    "lines and a half": (10, lambda lines: b"".join(lines[:9]) + lines[9][:40]),
    "the last line and half of the one before": (
        11,
        lambda lines: b"".join(lines[:10]) + lines[10][:9],
    ),
    "everything": (1, lambda lines: b""),  # noqa: ARG005 - whatever they were
}


@pytest.mark.parametrize(("line", "damage"), CUT.values(), ids=CUT.keys())
def test_a_journal_that_has_lost_its_end_since_the_last_run_is_refused(shop, line, damage):
    *whole, _ = (shop.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    left = len(spoil(shop, damage).read_bytes())
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"{JOURNAL}:{line}:1: the end of this journal is missing: it has {left} bytes, and had "
        f"over {len(b''.join(whole))} after the last run, so what was bought cannot be known\n"
        "  hint: Restore the file from a backup, or see what is whole with "
        "`vidi doctor outputs/job`. To go on from what is left, delete "
        "outputs/job/.vidi/holder.json: what is missing would then be bought again.\n",
    )


@pytest.mark.parametrize("torn", [1, 2, 40, "all"])
def test_a_last_line_that_is_torn_is_dropped_after_a_run_that_ended_too(shop, torn):
    last = (shop.folder / JOURNAL).read_bytes().splitlines(keepends=True)[-1]
    cut = len(last) if torn == "all" else torn
    spoil(shop, lambda lines: b"".join(lines)[:-cut])
    answer = shop("vidi-run", "job.yaml", "--select", "tree")
    said = f"succeeded: 1 unchanged, 1 skipped\nspent $0.00, budget $1.00, saved $0.003\n{OPEN}"
    assert (answer.exit_code, answer.stderr) == (0, said)


@pytest.mark.parametrize(
    "noted", [b"", b"[]", b"\xff", b"{", b'{"journal_bytes":"many"}', b'{"journal_bytes":null}']
)
def test_a_note_of_its_length_that_cannot_be_read_is_none(shop, noted):
    (shop.folder / "outputs/job/.vidi/holder.json").write_bytes(noted)
    assert shop("vidi-run", "job.yaml", "--frozen").exit_code == 0


def test_who_says_so_goes_on_from_what_is_left(shop):
    spoil(shop, lambda lines: b"".join(lines[:6]))
    (shop.folder / "outputs/job/.vidi/holder.json").unlink()
    answer = shop("vidi-run", "job.yaml", "--select", "tree")
    said = f"succeeded: 1 unchanged, 1 skipped\nspent $0.00, budget $1.00, saved $0.003\n{OPEN}"
    assert (answer.exit_code, answer.stderr) == (0, said)


def test_a_journal_that_is_gone_is_refused(shop):
    (shop.folder / JOURNAL).unlink()
    answer = shop("vidi-run", "job.yaml")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"{JOURNAL}:1:1: the end of this journal is missing: ")


def test_a_folder_in_its_place_is_refused(shop):
    (shop.folder / JOURNAL).unlink()
    (shop.folder / JOURNAL).mkdir()
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"{JOURNAL} is not a file\n  hint: Move it away: the journal goes there.\n",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_journal_that_may_not_be_read_is_refused(shop):
    (shop.folder / JOURNAL).chmod(0)
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"cannot read {JOURNAL}: Permission denied\n  hint: Make it a file that you may read.\n",
    )


def test_a_journal_of_a_newer_vidi_is_refused(shop):
    now, newer = f'"schema":{JOURNAL_SCHEMA}'.encode(), f'"schema":{JOURNAL_SCHEMA + 1}'.encode()
    spoil(shop, lambda lines: b"".join(lines).replace(now, newer))
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"{JOURNAL}:1:1: a newer vidi has written this journal, in format {JOURNAL_SCHEMA + 1}; "
        f"this one reads formats up to {JOURNAL_SCHEMA}\n  hint: Update vidi.\n",
    )


CHANGED = "this line of the journal does not fit its checksum, so what was bought cannot be known"


def test_a_line_that_was_edited_is_refused(shop):
    spoil(shop, lambda lines: b"".join(lines).replace(b"a tree", b"a bush", 1))
    answer = shop("vidi-run", "job.yaml")
    assert answer.exit_code == 2
    assert CHANGED in answer.stderr


def test_no_flipped_bit_goes_unseen(shop):
    path = shop.folder / JOURNAL
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        flipped = bytes([whole[place] ^ (1 << place % 8)])
        path.write_bytes(whole[:place] + flipped + whole[place + 1 :])
        with pytest.raises(UsageError):
            FileJournal(path, run="r")
    path.write_bytes(whole)


def test_a_line_of_today_without_its_checksum_is_refused(shop):
    cut = re.compile(rb',"sum":"\w+"')
    spoil(shop, lambda lines: b"".join([cut.sub(b"", lines[0]), *lines[1:]]))
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (2, f"{JOURNAL}:1:1: {CHANGED}\n{RESTORE}")


UNDERSTOOD = {
    "as Windows ends lines": lambda lines: b"".join(lines).replace(b"\n", b"\r\n"),
    "with the mark that Windows puts first": lambda lines: b"\xef\xbb\xbf" + b"".join(lines),
    "without the last line end": lambda lines: b"".join(lines)[:-1],
    "with zeroes at the end": lambda lines: b"".join(lines) + bytes(4096),
    "with a torn line at the end": lambda lines: b"".join(lines) + EVENT,
    "with garbage that is torn at the end": lambda lines: b"".join(lines) + b"\xff\x00{[",
    "with an event of a kind that is not known": put(EVENT + b'"hologram","id":"tree"}\n', 12),
}


@pytest.mark.parametrize("change", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_what_leaves_no_doubt_is_read_and_gone_on_from(shop, change):
    path = spoil(shop, change)
    for _ in range(2):
        answer = shop("vidi-run", "job.yaml", "--frozen")
        assert (answer.exit_code, answer.stderr) == (
            0,
            f"succeeded: 2 unchanged\nspent $0.00, budget $1.00, saved $0.028\n{OPEN}",
        )
    *_, started, finished = path.read_bytes().splitlines()
    assert b'"event":"run_started"' in started
    assert b'"event":"run_finished"' in finished
