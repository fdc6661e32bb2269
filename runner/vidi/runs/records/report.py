"""report.html: one self-contained page that shows what a run made. Jinja2 loads with it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template

from vidi.dollars import format_usd
from vidi.runs.records import figures
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.manifest.schema import INFERENCE_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vidi.runs.records.manifest.shape import AssetShape, InferenceShape, Manifest, TotalShape

Kind = Literal["image", "video", "audio", "text", "file"]

REPORT_NAME = "report.html"
TEXT_LIMIT = 64 * figures.KILO
"""Bytes of one text asset that the page holds; a longer one is shown as far as that."""
TEXTS_LIMIT = 4 * figures.KILO**2
"""Bytes of all text assets that the page holds."""

# Images that browsers draw; the others (TIFF, EXR, HEIC…) would be a broken picture.
_DRAWN = {"png", "apng", "jpeg", "webp", "gif", "avif", "svg+xml", "bmp"}
_PROMPTS = ("prompt", "text", "input_text", "lyrics", "script", "positive_prompt")
"""The params that say in words what was asked for, best first."""


@dataclass(frozen=True, slots=True)
class Total:
    """The inferences that share a status, a model or a provider."""

    name: str
    inferences: int
    assets: int
    actual: Decimal
    """USD that are settled."""
    in_doubt: Decimal | None
    """USD that stay reserved; None where the manifest does not say."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of the budget is used, in percent of the bar's length."""

    spent: float
    in_doubt: float


def render_report(manifest: Manifest, texts: Mapping[str, str] | None = None) -> str:
    """Write the page for a manifest.

    Args:
        manifest: As docs/manifest.schema.json describes it.
        texts: Path of a text asset, as the manifest has it, to what the file says. A page opened
            from a disk may not read other files, so what is not here is only linked.
    """
    run, inferences = manifest["run"], manifest["inferences"]
    return _template().render(
        manifest=manifest,
        run=run,
        inferences=inferences,
        texts=texts or {},
        name=PurePosixPath(run["job_file"]).stem,
        duration_s=figures.seconds_between(run["started_at"], run["finished_at"]),
        asset_count=sum(len(inference["assets"]) for inference in inferences),
        statuses=sum_up_statuses(inferences),
        models=read_totals(manifest["totals"]["by_model"]),
        providers=read_totals(manifest["totals"]["by_provider"]),
        bar=measure_bar(manifest),
    )


def write_report(manifest: Manifest, folder: Path) -> Path:
    """Put report.html into the folder of the manifest, whole or not at all."""
    return replace_text(folder / REPORT_NAME, render_report(manifest, read_texts(manifest, folder)))


def read_texts(manifest: Manifest, folder: Path) -> dict[str, str]:
    """Read the text assets that are in the folder, within TEXT_LIMIT and TEXTS_LIMIT bytes."""
    texts: dict[str, str] = {}
    room = TEXTS_LIMIT
    for inference in manifest["inferences"]:
        for asset in inference["assets"]:
            if name_kind(asset) != "text" or not room:
                continue
            limit = min(TEXT_LIMIT, room)
            head = _read_head(folder, asset["path"], limit + 1)
            if head is not None:
                cut = "\n…" if len(head) > limit else ""
                texts[asset["path"]] = head[:limit].decode(errors="replace") + cut
                room -= min(len(head), limit)
    return texts


def name_kind(asset: AssetShape) -> Kind:
    """Name how a page presents an asset: image, video, audio, text, or file for a mere link."""
    content_type: str = asset["content_type"]
    family, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    match family:
        case "image":
            return "image" if subtype in _DRAWN else "file"
        case "video" | "audio" | "text":
            return family
        case "application":
            return "text" if subtype.endswith(("json", "xml")) else "file"
        case _:
            return "file"


def link_to(path: str) -> str:
    """Write a path as a relative URL that no browser takes for a scheme, a host or a query."""
    return "./" + quote(path.encode("utf-8", "surrogatepass"))


def find_prompt(params: Mapping[str, object]) -> str:
    """Find the words that say what was asked for; empty where there are none."""
    said = (params.get(name) for name in _PROMPTS)
    return next((text for text in said if isinstance(text, str) and text), "")


def format_param(value: object) -> str:
    """Write a param as text: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    indent = 2 if isinstance(value, dict | list) else None
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def sum_up_statuses(inferences: Iterable[InferenceShape]) -> list[Total]:
    """Group by status, from what went well to what was not tried, and add up."""
    groups: dict[str, list[InferenceShape]] = {}
    for inference in inferences:
        groups.setdefault(inference["status"], []).append(inference)
    return [
        Total(
            name=status,
            inferences=len(groups[status]),
            assets=sum(len(inference["assets"]) for inference in groups[status]),
            actual=sum((_read_actual(inference) for inference in groups[status]), Decimal(0)),
            in_doubt=None,
        )
        for status in INFERENCE_STATUSES
        if status in groups
    ]


def read_totals(totals: Mapping[str, TotalShape]) -> list[Total]:
    """Read the totals by model or by provider, as the manifest has them."""
    return [
        Total(
            name=name,
            inferences=total["inferences"],
            assets=total["assets"],
            actual=Decimal(str(total["actual_usd"])),
            in_doubt=Decimal(str(total["in_doubt_usd"])),
        )
        for name, total in totals.items()
    ]


def measure_bar(manifest: Manifest) -> Bar | None:
    """Measure what is spent and what is in doubt against the budget; None without a budget."""
    if not manifest["budget_usd"]:
        return None
    cap, spent, in_doubt = (
        float(amount)
        for amount in (
            manifest["budget_usd"],
            manifest["cost_usd"]["actual"],
            manifest["cost_usd"]["in_doubt"],
        )
    )
    percent = 100 / max(cap, spent + in_doubt)
    return Bar(spent=round(spent * percent, 2), in_doubt=round(in_doubt * percent, 2))


def _read_head(folder: Path, relative: str, size: int) -> bytes | None:
    """Read the first bytes of a file in the folder; None where it cannot be had."""
    try:
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder.resolve()):
            return None
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError):  # ValueError: no file can have that name
        return None


def _read_actual(inference: InferenceShape) -> Decimal:
    return Decimal(str(inference["cost_usd"]["actual"] or 0))


def _allow(inline: str) -> str:
    """Name an inline script or style by its hash, so that the page runs no other."""
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "allow": _allow,
        "bytes": figures.format_bytes,
        "kind": name_kind,
        "link": link_to,
        "param": format_param,
        "prompt": find_prompt,
        "seconds": figures.format_seconds,
        "time": figures.format_time,
        "usd": format_usd,
    }
    environment.globals["estimate"] = figures.format_estimate
    return environment.from_string((files("vidi.runs.records") / REPORT_NAME).read_text("utf-8"))
