"""What is odd about a run that went well all the same: told wherever a warning shows.

Of the job file and its models before the run (a retired model, a price of low confidence), and of
what came out (a picture that was blacked out, fewer outputs than were asked for, an extension that
the file's type belies), and of what was billed for it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

OF_ASSETS = "asset-warning"
OF_BILLS = "price-drift"
OF_RUNS = frozenset({OF_ASSETS, OF_BILLS})
"""The codes of what is found in a run, and was not known before it."""
TO_CORRECT = "Correct the price with `vidi models price`, or update the templates."


def find_warnings(of_the_plan: Iterable[Problem], ran: Manifest | None) -> tuple[Problem, ...]:
    """Every warning of a job file, each once, with the ids of all inferences that it hits.

    Args:
        of_the_plan: What was odd before the run.
        ran: What its manifest holds; None where it was not run.
    """
    if ran is None:
        return tuple(of_the_plan)
    return (*of_the_plan, *_find_in_rows(ran))


def group_by_inference(warnings: Iterable[Problem]) -> Mapping[str, tuple[str, ...]]:
    """What is odd about each inference: its id to what is said of it."""
    said: dict[str, list[str]] = {}
    for warning in warnings:
        for inference in warning.ids:
            said.setdefault(inference, []).append(warning.message)
    return {inference: tuple(messages) for inference, messages in said.items()}


def _find_in_rows(ran: Manifest) -> Iterator[Problem]:
    """What is odd about assets, each message once; then drift: bills that lay beyond estimates.

    In one go: of very many, each row is made while it is looked at.
    """
    place = Place(ran["run"]["job_file"])
    hit: dict[str, list[str]] = {}
    drifted: list[Problem] = []
    for row in ran["inferences"]:
        for message in _list_messages(row):
            hit.setdefault(message, []).append(row["id"])
        if said := row["cost_usd"].get("warning"):
            message, ids = f"{row['model']}: {said}", (row["id"],)
            drifted.append(Problem(OF_BILLS, message, place, TO_CORRECT, ids, severity="warning"))
    for message, named in hit.items():
        yield Problem(OF_ASSETS, message, place, ids=tuple(named), severity="warning")
    yield from drifted


def _list_messages(row: InferenceShape) -> Iterator[str]:
    """Each thing that is odd about an inference's assets, once; an asset's own names it."""
    holders: dict[str, list[str]] = {}
    for asset in row["assets"]:
        for each in filter(None, asset.get("warning", "").split("; ")):
            holders.setdefault(each, []).append(asset["path"])
    for each, paths in holders.items():
        named = len(paths) == len(row["assets"]) or PurePosixPath(paths[0]).name in each
        yield each if named else f"{', '.join(paths)}: {each}"
