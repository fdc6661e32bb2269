"""Where a purchase belongs: renamed, restored, taken, and nothing that may be billed forgotten."""

from decimal import Decimal

import pytest

from vidi.inference.tracking.journal.replay import replay

ERROR = {"code": "unfinished", "message": "no", "hint": ""}


class Log:
    """Events of one journal, numbered as they are written."""

    def __init__(self):
        self.events = []

    def add(self, kind, key=None, run="r1", **fields):
        named = {} if key is None else {"id": key}
        ts = f"2026-11-23T10:00:{len(self.events):02}.000000+00:00"
        seq = len(self.events) + 1
        self.events.append({"ts": ts, "run": run, "seq": seq, "event": kind, **named, **fields})
        return self

    def intend(self, key, fingerprint, **fields):
        return self.add(
            "intent",
            key,
            attempt=1,
            model="fal/x",
            fingerprint=fingerprint,
            params={"prompt": fingerprint},
            reserved_usd=Decimal("0.2"),
            estimate_usd={"low": 0, "high": Decimal("0.2")},
            **fields,
        ).add("submitted", key, request_id=f"q-{fingerprint}", urls={})

    def buy(self, key, fingerprint, path, usd="0.1", replaced=None):
        return (
            self.intend(key, fingerprint)
            .add("completed", key, output={"url": "u"})
            .put(key, path, fingerprint, replaced)
            .settle(key, usd)
        )

    def put(self, key, path, sha, replaced=None):
        facts = {"sha256": sha, "bytes": 3, "content_type": "image/png", "index": 1}
        return self.add("asset", key, path=path, replaced=replaced, **facts)

    def settle(self, key, usd, status="succeeded"):
        return self.add("settled", key, status=status, actual_usd=Decimal(usd), basis="metered")

    def read(self):
        return replay(self.events)


def has(found):
    return {key: state.fingerprint for key, state in found.items()}


def test_one_that_makes_way_is_on_the_shelf_and_its_file_is_followed():
    log = Log().buy("a", "f1", "a.png").buy("a", "f2", "a.png", replaced=".vidi/replaced/a.png")
    found = log.read()
    assert has(found.states) == {"a": "f2"}
    assert [(each.fingerprint, each.charges) for each in found.shelf.values()] == [("f1", ())]
    assert [each.assets[0].path for each in found.shelf.values()] == [".vidi/replaced/a.png"]
    assert len(found.states["a"].charges) == 2


def test_what_is_restored_changes_places_and_keeps_what_was_paid():
    log = Log().buy("a", "f1", "a.png").buy("a", "f2", "a.png", "0.3")
    (purchase,) = log.read().shelf
    found = log.add("restored", "a", run="r2", purchase=purchase).read()
    assert has(found.states) == {"a": "f1"}
    assert [each.fingerprint for each in found.shelf.values()] == ["f2"]
    assert (found.states["a"].paid, found.states["a"].spent) == (Decimal("0.1"), 0)
    assert [charge.actual for charge in found.states["a"].charges] == [
        Decimal("0.1"),
        Decimal("0.3"),
    ]


@pytest.mark.parametrize(
    ("ids", "states", "shelf"),
    [
        ({"c": "a"}, {"b": "f2", "c": "f1"}, []),
        ({"a": "b", "b": "a"}, {"a": "f2", "b": "f1"}, []),
        ({"b": "a"}, {"b": "f1"}, ["f2"]),
        ({"c": "b", "b": "a"}, {"c": "f2", "b": "f1"}, []),
    ],
)
def test_ids_change_all_at_once(ids, states, shelf):
    log = Log().buy("a", "f1", "a.png").buy("b", "f2", "b.png").add("renamed", ids=ids)
    found = log.read()
    assert has(found.states) == states
    assert [each.fingerprint for each in found.shelf.values()] == shelf
    keys = [charge.key for state in found.states.values() for charge in state.charges]
    assert sorted(key.inference for key in keys) == ["a", "b"]
    assert {path for state in found.states.values() for path in state.owned} == {"a.png", "b.png"}


def test_what_may_still_be_billed_is_not_shelved_but_goes_to_the_free_id():
    log = Log().buy("a", "f1", "a.png").intend("b", "f2").add("renamed", ids={"b": "a"})
    found = log.read()
    assert has(found.states) == {"b": "f1", "a": "f2"}
    assert found.states["a"].unsettled
    assert found.states["a"].charges[-1].open
    assert not found.shelf


def test_what_is_under_way_is_settled_under_its_new_id():
    log = Log().intend("a", "f1").add("renamed", run="r2", ids={"b": "a"})
    log.add("completed", "b", run="r2", output="u")
    log.add("settled", "b", run="r2", status="succeeded", actual_usd=Decimal("0.1"), basis="x")
    (charge,) = log.read().states["b"].charges
    assert (charge.key.inference, charge.actual) == ("a", Decimal("0.1"))


def test_what_comes_from_the_store_was_paid_elsewhere():
    made = {"path": "a.png", "sha256": "f1", "bytes": 3, "content_type": "image/png"}
    log = Log().add(
        "taken",
        "a",
        model="fal/x",
        fingerprint="f1",
        number=2,
        params={},
        paid_usd=Decimal("0.1"),
        paid_basis="metered",
        assets=[made],
    )
    state = log.read().states["a"]
    assert (state.status, state.number, state.charges, state.spent) == ("succeeded", 2, (), 0)
    assert (state.paid, state.paid_basis, state.owned) == (
        Decimal("0.1"),
        "metered",
        ("a.png",),
    )


def test_what_is_paid_counts_every_attempt_at_the_same_and_no_other():
    log = Log().intend("a", "f1").settle("a", "0.05", "failed").buy("a", "f1", "a.png")
    assert log.read().states["a"].paid == Decimal("0.15")
    log.settle("a", "0", "succeeded")  # fetched again
    assert (log.read().states["a"].paid, log.read().states["a"].actual) == (Decimal("0.15"), 0)
    assert log.buy("a", "f2", "a.png", "0.3").read().states["a"].paid == Decimal("0.3")
