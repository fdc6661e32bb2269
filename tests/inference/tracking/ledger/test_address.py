import pytest
from platformdirs import user_state_path

from vidi.errors import UsageError
from vidi.inference.tracking.ledger.address import find_ledger, locate_ledger

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


def test_a_ledger_can_be_read_where_tracking_is_off():
    assert find_ledger({"VIDI_COSTS": "off", "VIDI_LEDGER": "money.db"}) == "money.db"


def test_neither_on_nor_off_is_refused():
    with pytest.raises(UsageError) as caught:
        locate_ledger({"VIDI_COSTS": "perhaps"})
    assert caught.value.message == "VIDI_COSTS is 'perhaps', which is neither on nor off"
