"""The assets of a folder beside the journal that says how they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidi.inference.request import hash_file
from vidi.inference.tracking.journal.opening import open_journal

if TYPE_CHECKING:
    from pathlib import Path

Verdict = Literal["ok", "missing", "differs"]


@dataclass(frozen=True, slots=True)
class VerifiedAsset:
    """One asset, and whether it is still what it was."""

    id: str
    path: str
    verdict: Verdict


def verify_folder(folder: Path, journal: Path) -> tuple[VerifiedAsset, ...]:
    """Hash every asset that the journal knows, in the order in which inferences were bought.

    Raises:
        UsageError: The journal cannot be read.
    """
    states = open_journal(journal).states
    return tuple(
        VerifiedAsset(state.id, asset.path, _judge(folder / asset.path, asset.sha256))
        for state in states.values()
        for asset in state.assets
    )


def _judge(path: Path, sha256: str) -> Verdict:
    if not path.is_file():
        return "missing"
    return "ok" if hash_file(path) == sha256 else "differs"
