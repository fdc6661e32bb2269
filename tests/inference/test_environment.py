"""The environment of a project."""

import pytest

from vidi.errors import UsageError
from vidi.inference.environment import read_environment
from vidi.inference.settings import PROVIDER_URLS


def test_the_process_comes_before_the_env_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FAL_KEY", "mine")
    (tmp_path / ".env").write_text("FAL_KEY=other\nVIDI_LEDGER_NOTE=there\nEMPTY=\n")
    environ = read_environment(tmp_path)
    assert (environ["FAL_KEY"], environ["VIDI_LEDGER_NOTE"]) == ("mine", "there")
    assert "EMPTY" not in environ


CAPPING = [{"VIDI_BUDGET_DAY": "1"}, {"VIDI_BUDGET_WEEK": "1"}, {"VIDI_BUDGET_MONTH": "1"}]
LIFTING = ("VIDI_COSTS=off", "VIDI_LEDGER=elsewhere.sqlite3")


@pytest.mark.parametrize("line", LIFTING)
@pytest.mark.parametrize("given", [*CAPPING, {"VIDI_LEDGER": "mine.sqlite3"}, {}])
def test_the_file_lifts_no_cap_that_was_given_outside_of_it(tmp_path, monkeypatch, given, line):
    for name in ("VIDI_COSTS", "VIDI_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text(line)
    name, _, value = line.partition("=")
    environ = read_environment(tmp_path, capped=not given)
    assert environ.get(name) == given.get(name)
    told = (
        f"{name} in .env is left out: it would lift a cap that the environment or the command "
        "line gives"
    )
    assert environ.warnings == (() if name in given else (told,))


@pytest.mark.parametrize("line", LIFTING)
def test_where_nothing_caps_outside_of_it_the_file_has_its_say(tmp_path, monkeypatch, line):
    for name in ("VIDI_COSTS", "VIDI_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(line)
    name, _, value = line.partition("=")
    assert read_environment(tmp_path)[name] == value
    assert read_environment(tmp_path).warnings == ()


@pytest.mark.parametrize("address", PROVIDER_URLS)
def test_an_address_of_the_file_is_sent_only_keys_of_the_file(tmp_path, monkeypatch, address):
    keys = {"REPLICATE": "REPLICATE_API_TOKEN", "FAL": "FAL_KEY"}
    own = keys.pop(address.split("_")[1])
    (other,) = keys.values()
    monkeypatch.setenv(own, "from-the-environment")
    monkeypatch.setenv(other, "of-the-other")
    (tmp_path / ".env").write_text(f"{address}=https://evil.example\n")
    environ = read_environment(tmp_path)
    assert own not in environ
    assert environ[other] == "of-the-other"
    assert environ.warnings == (
        f"{own} is not used: .env moves its provider to another address, and that is sent only a "
        "key from .env itself",
    )
    (tmp_path / ".env").write_text(f"{address}=https://mine.example\n{own}=of-the-file\n")
    environ = read_environment(tmp_path)
    assert (environ[own], environ.warnings) == ("of-the-file", ())
    monkeypatch.setenv(address, "https://given.example")
    assert read_environment(tmp_path)[own] == "from-the-environment"


def test_without_an_env_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FAL_KEY", "mine")
    assert read_environment(tmp_path)["FAL_KEY"] == "mine"


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(UsageError, match=r"^there is no env file "):
        read_environment(tmp_path, tmp_path / "none.env")


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"(?m)^this env file cannot be read$"):
        read_environment(tmp_path)
