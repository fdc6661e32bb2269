"""The words of a difference: amounts, values from and to, and what a run would do now."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from vidi.cli.display.columns import shorten_end
from vidi.dollars import DASH, format_usd
from vidi.runs.records.figures import format_bytes, format_estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from vidi.runs.comparing.amounts import Amounts
    from vidi.runs.comparing.changes import Change, ChangeKind, Sums
    from vidi.runs.comparing.params import FromTo

KINDS: tuple[ChangeKind, ...] = (
    "added", "removed", "changed", "repriced", "renamed", "unchanged",
)  # fmt: skip
MARKS = {"added": "+", "removed": "-", "changed": "~", "repriced": "$", "renamed": ">"}
WIDTH = 60
"""Characters of a value."""
DIGEST = 8
"""Of the digest of an input file."""
CONTEXT = 12
"""Characters that are shown before the first that differs."""


def tell_amounts(amounts: Amounts) -> str:
    """What something costs, such as `$0.01–$0.03`."""
    return DASH if amounts.low is None else format_estimate(amounts.low, amounts.high)


def tell_step(sums: Sums) -> str:
    """From where to where, and by how much, such as `$0.01 → $0.03 (+$0.02)`."""
    if sums.before == sums.after:
        return f"{tell_amounts(sums.after)} (no difference)"
    change = tell_difference(sums)
    return f"{tell_amounts(sums.before)} → {tell_amounts(sums.after)} ({change})"


def tell_difference(sums: Sums) -> str:
    """By how much, with its sign; a range where the ends move apart."""
    low, high = sums.difference.low, sums.difference.high
    if low is None or high is None:
        return "nobody can say by how much"
    return _sign(high) if low == high else f"{_sign(low)} to {_sign(high)}"


def _sign(usd: Decimal) -> str:
    return f"-{format_usd(-usd)}" if usd < 0 else f"+{format_usd(usd)}"


def count_changes(changes: Iterable[Change]) -> str:
    """How many entries were added, changed and so on, such as `2 added, 1 removed`."""
    counts = Counter(each.change for each in changes)
    named = (f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])
    return ", ".join(named) or "no entries"


def tell_purchase(changes: Iterable[Change]) -> str:
    """What a run would do now, against the outputs and the store that are there."""
    acted = [each for each in changes if each.action is not None]
    counts = Counter(each.action for each in acted)
    bought = [each for each in acted if each.action == "run"]
    rest = ", ".join(f"{count:,} {name}" for name, count in counts.items() if name != "run")
    others = f"; {rest}" if rest else ""
    if not bought:
        return f"A run now buys nothing{others}."
    highs = [each.after.high for each in bought]
    dear = "at a price that nobody can say" if None in highs else f"for up to {_sum(highs)}"
    return f"A run now buys {len(bought):,} of {len(acted):,} inferences {dear}{others}."


def _sum(amounts: Iterable[Decimal | None]) -> str:
    from decimal import Decimal

    return format_usd(sum((each for each in amounts if each is not None), Decimal(0)))


def tell_id(change: Change) -> str:
    """The id, and the one before where it is renamed."""
    return f"{change.id} (was {change.was})" if change.was is not None else change.id


def list_differences(change: Change) -> list[tuple[str, str, str]]:
    """Each param and key that differs: its name, and short texts of what it was and is."""
    return [(name, *show(each)) for name, each in {**change.fields, **change.params}.items()]


def show(value: FromTo, width: int = WIDTH) -> tuple[str, str]:
    """Both values in short, so that what differs is seen."""
    before, after = _write(value.before), _write(value.after)
    if max(len(before), len(after)) <= width:
        return before, after
    start = _find_difference(before, after)
    return _cut(before, start, width), _cut(after, start, width)


def _find_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    shorter = min(len(one), len(other))
    return next((at for at, (a, b) in enumerate(pairs) if a != b), shorter)


def _cut(text: str, start: int, width: int) -> str:
    """At most `width` characters of a text, those around a place in it."""
    begin = max(0, min(start - CONTEXT, len(text) - width))
    return shorten_end(text if begin == 0 else "…" + text[begin + 1 :], width)


def _write(value: object) -> str:
    """A value on one line; texts in quotes, files by their name and content."""
    if value is None:
        return DASH
    if isinstance(value, dict) and value.keys() == {"file", "bytes", "sha256"}:
        return _write_file(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _write_file(file: Mapping[str, object]) -> str:
    size, digest = format_bytes(int(str(file["bytes"]))), str(file["sha256"])[:DIGEST]
    return f"{file['file']} ({size}, sha256 {digest}…)"
