"""What the script of the page knows of each card without reading it, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.runs.records.report.present import format_param, link_to, name_kind

if TYPE_CHECKING:
    from vidi.runs.records.manifest.shape import InferenceShape
    from vidi.runs.records.report.beside import Beside
    from vidi.runs.records.report.shown import Shown

LONGEST_VALUE = 80
"""Characters of a param by which a table may be made; a longer one tells every entry apart."""


def describe_card(row: InferenceShape, beside: Beside, shown: Shown) -> str:
    """Everything that the page filters, sorts and tabulates by."""
    cost = row["cost_usd"]
    axes = row.get("axes", {}) if shown.params else {}
    mark = beside.marks.get(row["id"])
    facts = {
        "id": row["id"],
        "model": row["model"],
        "tags": row["tags"],
        "kinds": sorted({name_kind(asset) for asset in row["assets"]}),
        "count": len(row["assets"]),
        "cost": float(cost["actual"] or cost["paid"] or 0) if shown.prices else None,
        "time": None if row["duration_s"] is None else float(row["duration_s"]),
        "params": _list_params(row) if shown.params else {},
        "axes": {name: format_param(value) for name, value in axes.items()},
        "picture": _find_picture(row, beside),
        "mark": mark.verdict if mark else "",
        "favourite": bool(mark and mark.favourite),
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def _list_params(row: InferenceShape) -> dict[str, str]:
    texts = {
        name: format_param(value)
        for name, value in row["params"].items()
        if not isinstance(value, dict | list)
    }
    return {name: text for name, text in texts.items() if len(text) <= LONGEST_VALUE}


def _find_picture(row: InferenceShape, beside: Beside) -> str:
    """What stands for it in a table: the thumbnail, else the picture itself."""
    for asset in row["assets"]:
        small = beside.thumbnails.get(asset["path"])
        if small or name_kind(asset) == "image":
            return link_to(small or asset["path"])
    return ""
