"""Files that are there whole or not at all, whoever holds them."""

import pytest

from support.disks import files_limited_to
from vidi.cli.commands.setup.editor.modeline import set_modeline
from vidi.cli.commands.setup.editor.settings import merge_settings
from vidi.errors import StorageError, UsageError
from vidi.runs.records.atomic import replace_bytes, replace_text

JOB = "# mine\nversion: 1\nname: a\n" + "# a long comment\n" * 9
SETTINGS = '{"editor.tabSize": 2, "a": "' + "x" * 90 + '"}'
WRITERS = {
    "a job file's line": (JOB, lambda path: set_modeline(path, path.with_name("a.json"))),
    "an editor's settings": (SETTINGS, lambda path: merge_settings(path, "a.json", ["a.yaml"])),
    "a text": (JOB, lambda path: replace_text(path, "new" * 99)),
    "bytes": (JOB, lambda path: replace_bytes(path, b"new" * 99)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_what_was_there(tmp_path, name):
    text, write = WRITERS[name]
    path = tmp_path / "a"
    path.write_text(text)
    with files_limited_to(64), pytest.raises((UsageError, StorageError, OSError)):
        write(path)
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]
    write(path)
    assert path.read_text() != text


@pytest.mark.parametrize("name", ["a job file's line", "an editor's settings"])
def test_what_a_person_holds_keeps_its_mode_and_stays_a_link(tmp_path, name):
    text, write = WRITERS[name]
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text(text)
    real.chmod(0o640)
    link.symlink_to("real")
    write(link)
    assert link.is_symlink()
    assert real.read_text() != text
    assert real.stat().st_mode & 0o777 == 0o640
