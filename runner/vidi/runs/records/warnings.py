"""What is odd about a run that went well all the same: told wherever a warning shows.

Of the job file and its models before the run (a retired model, a price of low confidence), and of
what came out (a picture that was blacked out, fewer outputs than were asked for, an extension that
the file's type belies).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

OF_ASSETS = "asset-warning"


def find_warnings(of_the_plan: Iterable[Problem], ran: Manifest | None) -> tuple[Problem, ...]:
    """Every warning of a job file, each once, with the ids of all inferences that it hits.

    Args:
        of_the_plan: What was odd before the run.
        ran: What its manifest holds; None where it was not run.
    """
    return (*of_the_plan, *(_find_in_assets(ran) if ran is not None else ()))


def group_by_inference(warnings: Iterable[Problem]) -> Mapping[str, tuple[str, ...]]:
    """What is odd about each inference: its id to what is said of it."""
    said: dict[str, list[str]] = {}
    for warning in warnings:
        for inference in warning.ids:
            said.setdefault(inference, []).append(warning.message)
    return {inference: tuple(messages) for inference, messages in said.items()}


def _find_in_assets(ran: Manifest) -> Iterator[Problem]:
    place = Place(ran["run"]["job_file"])
    hit: dict[str, list[str]] = {}
    for row in ran["inferences"]:
        for message in _list_messages(row):
            hit.setdefault(message, []).append(row["id"])
    for message, ids in hit.items():
        yield Problem(OF_ASSETS, message, place, ids=tuple(ids), severity="warning")


def _list_messages(row: InferenceShape) -> Iterator[str]:
    """Each thing that is odd about an inference's assets, once; an asset's own names it."""
    holders: dict[str, list[str]] = {}
    for asset in row["assets"]:
        for each in filter(None, asset.get("warning", "").split("; ")):
            holders.setdefault(each, []).append(asset["path"])
    for each, paths in holders.items():
        named = len(paths) == len(row["assets"]) or PurePosixPath(paths[0]).name in each
        yield each if named else f"{', '.join(paths)}: {each}"
