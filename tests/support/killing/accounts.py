"""What the journal, the manifest and the ledger of a folder say of its money, and that they agree.

The journal is read line by line and the ledger table by table: not through vidi's own eyes.
"""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

MOVES = {"intent", "submitted", "in_doubt", "settled", "refused"}
"""The events that say whether an inference may have been bought without a receipt."""


class CostAccount:
    """The records of one output folder, and of the ledger that only it uses."""

    def __init__(self, folder: Path, ledger: str) -> None:
        self._folder = folder
        self._ledger = ledger

    @property
    def events(self) -> list[dict]:
        """The lines of the journal, without a last one that is torn."""
        path = self._folder / "log.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        if lines and not lines[-1].endswith(b"}"):
            del lines[-1]
        return [json.loads(line, parse_float=Decimal) for line in lines]

    @property
    def manifest(self) -> dict:
        text = (self._folder / "manifest.json").read_text(encoding="utf-8")
        return json.loads(text, parse_float=Decimal)

    @property
    def cut_off(self) -> dict[str, str]:
        """The ids of which nothing is known after the intent, and the run that had it."""
        return self._find_last("intent")

    @property
    def doubted(self) -> dict[str, str]:
        """The ids that were found to be in doubt, and the run that did."""
        return self._find_last("in_doubt")

    @property
    def held(self) -> Decimal:
        """What the ledger has set aside or spent in all."""
        rows = self._read("vidi_periods")
        return _usd(sum(row.spent + row.reserved for row in rows if row.kind == "run"))

    def check(self, billed: dict[str, Decimal], not_paid: list[str], refusals: int = 0) -> None:
        """Everything is settled, and each amount is the same everywhere, to the micro-dollar.

        Args:
            billed: What the provider bills, by id.
            not_paid: The ids that the user said were not bought, as often as it was said.
            refusals: How often the provider may have refused one besides.
        """
        events = self.events
        assert _sum(events, "settled", "id") == billed, "the journal"
        run = self.manifest["run"]["id"]
        spent = _sum(events, "settled", "run").get(run, 0)
        costs = self.manifest["cost_usd"]
        assert (costs["actual"], costs["in_doubt"]) == (spent, 0), "the manifest"
        ids = {kind: _count(events, kind) for kind in ("intent", "refused")}
        assert ids["intent"] == Counter(billed.keys()) + ids["refused"], "intents"
        refused = ids["refused"] - Counter(not_paid)
        assert ids["refused"] >= Counter(not_paid), "the user's word is lost"
        assert refused.total() <= refusals, "refused by nobody"
        self._check_ledger(billed)

    def _find_last(self, kind: str) -> dict[str, str]:
        last = {event["id"]: event for event in self.events if event["event"] in MOVES}
        return {key: event["run"] for key, event in last.items() if event["event"] == kind}

    def _check_ledger(self, billed: dict[str, Decimal]) -> None:
        spent: dict[str, int] = defaultdict(int)
        for row in self._read("vidi_charges"):
            assert row.actual is not None, f"{row.inference} is open in the ledger"
            spent[row.inference] += row.actual
        assert {key: _usd(each) for key, each in spent.items()} == billed, "the ledger"
        periods = self._read("vidi_periods")
        assert {row.reserved for row in periods} == {0}, "something is still reserved"
        sums = dict.fromkeys(("run", "day", "week", "month"), 0)
        for row in periods:
            sums[row.kind] += row.spent
        assert {_usd(each) for each in sums.values()} == {sum(billed.values())}, sums

    def _read(self, table: str) -> list[sa.Row]:
        """All rows of a table; none where the ledger has not been made."""
        if "://" not in self._ledger and not Path(self._ledger).exists():
            return []
        url = self._ledger.replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url if "://" in url else f"sqlite:///{url}")
        try:
            with engine.connect() as connection:
                if not sa.inspect(connection).has_table(table):
                    return []
                return list(connection.execute(sa.text(f"SELECT * FROM {table}")))
        finally:
            engine.dispose()


def _sum(events: list[dict], kind: str, key: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if event["event"] == kind:
            sums[event[key]] += event["actual_usd"]
    return dict(sums)


def _count(events: list[dict], kind: str) -> Counter[str]:
    return Counter(event["id"] for event in events if event["event"] == kind)


def _usd(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000
