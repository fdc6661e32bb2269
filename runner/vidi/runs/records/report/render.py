"""The page of a manifest: a pure function of it and of what lies beside it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.runs.records import figures
from vidi.runs.records.report.beside import Beside
from vidi.runs.records.report.facts import describe_card
from vidi.runs.records.report.present import name_kind
from vidi.runs.records.report.shown import EVERYTHING
from vidi.runs.records.report.template import load_template, read_script, read_style
from vidi.runs.records.report.totals import (
    group_by_tag,
    group_by_week,
    measure_bar,
    read_totals,
    sum_up_paid,
    sum_up_statuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest
    from vidi.runs.records.report.shown import Shown
    from vidi.runs.records.report.totals import Total

UNFOLDED = 24
"""Cards whose content stands in the page; that of the others waits until they are near the view."""


def render_report(
    manifest: Manifest,
    beside: Beside | None = None,
    *,
    shown: Shown = EVERYTHING,
    review: str = "",
) -> str:
    """Write the page for a manifest.

    Args:
        manifest: As docs/manifest.schema.json describes it.
        beside: What lies beside it: texts, thumbnails, earlier assets, marks.
        shown: What is said beside the assets.
        review: The job file, as a shell takes it, where a server takes marks from the page.
    """
    run, inferences, beside = manifest["run"], manifest["inferences"], beside or Beside()
    models, providers = _sum_up_models(manifest, beside)
    return load_template().render(
        manifest=manifest,
        run=run,
        inferences=inferences,
        beside=beside,
        shown=shown,
        review=review,
        facts=describe_card,
        unfolded=UNFOLDED,
        style=read_style(),
        script=read_script(review=bool(review)),
        name=PurePosixPath(run["job_file"]).stem,
        duration_s=figures.seconds_between(run["started_at"], run["finished_at"]),
        asset_count=sum(len(inference["assets"]) for inference in inferences),
        statuses=sum_up_statuses(inferences),
        models=models,
        providers=providers,
        kinds=_count_kinds(inferences),
        tags=sum_up_paid(group_by_tag(inferences)),
        weeks=sum_up_paid(group_by_week(inferences)),
        jobs=sum_up_paid(_group_by_origin(inferences, beside)),
        bar=measure_bar(manifest),
    )


def _sum_up_models(manifest: Manifest, beside: Beside) -> tuple[list[Total], list[Total]]:
    """By model and by provider: what the run has cost; over many folders, what was ever paid."""
    if not beside.origins:
        totals = manifest["totals"]
        return read_totals(totals["by_model"]), read_totals(totals["by_provider"])
    models: dict[str, list[InferenceShape]] = {}
    providers: dict[str, list[InferenceShape]] = {}
    for row in manifest["inferences"]:
        models.setdefault(row["model"], []).append(row)
        providers.setdefault(row["model"].partition("/")[0], []).append(row)
    return sum_up_paid(models), sum_up_paid(providers)


def _count_kinds(inferences: Iterable[InferenceShape]) -> list[Total]:
    groups: dict[str, list[InferenceShape]] = {}
    for row in inferences:
        for kind in {name_kind(asset) for asset in row["assets"]}:
            groups.setdefault(kind, []).append(row)
    return sum_up_paid(dict(sorted(groups.items())))


def _group_by_origin(
    inferences: Iterable[InferenceShape], beside: Beside
) -> dict[str, list[InferenceShape]]:
    groups: dict[str, list[InferenceShape]] = {}
    for row in inferences:
        if (origin := beside.origins.get(row["id"])) is not None:
            groups.setdefault(origin, []).append(row)
    return groups
