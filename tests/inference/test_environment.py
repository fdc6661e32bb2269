"""The environment of a project."""

import pytest

from vidi.errors import UsageError
from vidi.inference.environment import read_environment


def test_the_process_comes_before_the_env_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FAL_KEY", "mine")
    (tmp_path / ".env").write_text("FAL_KEY=other\nVIDI_LEDGER_NOTE=there\nEMPTY=\n")
    environ = read_environment(tmp_path)
    assert (environ["FAL_KEY"], environ["VIDI_LEDGER_NOTE"]) == ("mine", "there")
    assert "EMPTY" not in environ


def test_without_an_env_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FAL_KEY", "mine")
    assert read_environment(tmp_path)["FAL_KEY"] == "mine"


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(UsageError, match=r"^there is no env file "):
        read_environment(tmp_path, tmp_path / "none.env")


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"^this env file cannot be read$"):
        read_environment(tmp_path)
