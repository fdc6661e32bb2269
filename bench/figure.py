"""A figure: what was measured, beside what, and whether it is as good as it should be."""

from __future__ import annotations

from dataclasses import asdict, dataclass

HEADS = ("figure", "measured", "beside", "ratio", "target", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. What is compared was measured by turns, in one go."""

    name: str
    value: float
    unit: str
    """Such as `s CPU`, `ms` or `KiB`."""
    beside: str = ""
    """What it is measured beside; empty where it stands for itself."""
    other: float | None = None
    """That, in the same unit."""
    target: float | None = None
    """What the ratio is to reach, or the value where it stands for itself; None: none is set."""
    at_least: bool = False
    """Whether more is better."""

    @property
    def ratio(self) -> float | None:
        """The value over what it is beside."""
        return self.value / self.other if self.other else None

    @property
    def ok(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        reached = self.value if self.ratio is None else self.ratio
        return reached >= self.target if self.at_least else reached <= self.target

    def to_json(self) -> dict[str, object]:
        """As `table.py --json` prints it."""
        return {**asdict(self), "ratio": self.ratio, "ok": self.ok}


def render_row(figure: dict[str, object]) -> tuple[str, ...]:
    """The cells of a figure, from its JSON: the terminal and docs/figures.md show the same."""
    unit, other, ratio, target = (figure[key] for key in ("unit", "other", "ratio", "target"))
    beside = figure["beside"]
    sign = "≥" if figure["at_least"] else "≤"
    own_unit = "" if ratio is not None else f" {unit}"
    return (
        str(figure["name"]),
        f"{_short(figure['value'])} {unit}",
        f"{beside}: {_short(other)} {unit}" if other is not None else str(beside),
        _short(ratio) if ratio is not None else "",
        f"{sign} {_short(target)}{own_unit}" if target is not None else "",
        {True: "ok", False: "short", None: ""}[figure["ok"]],
    )


def render_table(figures: list[dict[str, object]]) -> str:
    """Figures as a table in Markdown."""
    rows = [HEADS, ("---",) * len(HEADS), *map(render_row, figures)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _short(number: object) -> str:
    value = float(str(number))
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
