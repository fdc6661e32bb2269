import pytest
from platformdirs import user_state_path

from vidi.errors import UsageError
from vidi.inference.tracking.ledger.address import (
    find_ledger,
    locate_ledger,
    read_outage,
    show_address,
)

OWN = str(user_state_path("vidi", appauthor=False) / "ledger.sqlite3")


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, OWN),
        ({"VIDI_LEDGER": " "}, OWN),
        ({"VIDI_LEDGER": "money.db"}, "money.db"),
        ({"VIDI_LEDGER": "postgresql://h/d", "VIDI_COSTS": "ON"}, "postgresql://h/d"),
        ({"VIDI_COSTS": "off"}, None),
        ({"VIDI_COSTS": "False", "VIDI_LEDGER": "money.db"}, None),
    ],
)
def test_where_the_ledger_is(environ, address):
    assert locate_ledger(environ) == address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/home/me@work/ledger?.sqlite3", "/home/me@work/ledger?.sqlite3"),
        ("postgresql://h:5432/d", "h:5432/d"),
        ("postgresql://u:hush@h/d", "h/d"),
        ("postgresql://u:hu@sh@h/d", "h/d"),
        ("postgresql://h/d?user=u&password=hush", "h/d"),
        ("postgresql://h/d?user=u&password=hu@sh", "postgresql://…"),
        ("postgresql://u:hu/sh?x@h/d", "postgresql://…"),
    ],
    ids=lambda each: each[-9:],
)
def test_who_signs_in_is_not_shown(address, shown):
    assert show_address(address) == shown


def test_a_password_among_the_options_is_not_shown(here, monkeypatch):
    monkeypatch.setenv("VIDI_LEDGER", "postgresql://127.0.0.1:9/d?user=u&password=hush")
    refused = here("vidi", "costs")
    assert ("127.0.0.1" in refused.stderr, "hush" in refused.stderr) == (True, False)


def test_a_ledger_can_be_read_where_tracking_is_off():
    assert find_ledger({"VIDI_COSTS": "off", "VIDI_LEDGER": "money.db"}) == "money.db"


def test_neither_on_nor_off_is_refused():
    with pytest.raises(UsageError) as caught:
        locate_ledger({"VIDI_COSTS": "perhaps"})
    assert caught.value.message == "VIDI_COSTS is 'perhaps', which is neither on nor off"
    assert caught.value.hint == "Set VIDI_COSTS=off to run without tracking, or unset it."


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_ledger({"VIDI_LEDGER": str(tmp_path)})
    assert caught.value.message == f"VIDI_LEDGER names a folder: {tmp_path}"
    assert caught.value.hint == ("Name a path of which vidi makes a file, or a postgresql:// URL.")


def test_how_long_a_server_is_waited_for():
    assert read_outage({}) == 60
    assert read_outage({"VIDI_LEDGER_SECONDS": "86400"}) == 86_400
    for beyond in ("86401", "-1", "soon"):
        with pytest.raises(UsageError, match="VIDI_LEDGER_SECONDS"):
            read_outage({"VIDI_LEDGER_SECONDS": beyond})
