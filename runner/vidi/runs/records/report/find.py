"""What was made, found by words: in ids, prompts, models, tags, files and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.runs.records.report.present import find_prompt, format_param

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vidi.jobs.reviews.review import Review
    from vidi.runs.records.manifest.shape import InferenceShape
    from vidi.runs.records.report.recorded import RecordedFolder


@dataclass(frozen=True, slots=True)
class Found:
    """An inference in which all of the words are."""

    folder: Path
    row: InferenceShape
    mark: Review | None

    def to_json(self) -> dict[str, object]:
        """It as JSON values."""
        return {
            "folder": self.folder.as_posix(),
            "id": self.row["id"],
            "model": self.row["model"],
            "status": self.row["status"],
            "prompt": find_prompt(self.row["params"]),
            "tags": self.row["tags"],
            "paid_usd": self.row["cost_usd"]["paid"],
            "mark": self.mark.verdict or None if self.mark else None,
            "favourite": bool(self.mark and self.mark.favourite),
            "assets": [asset["path"] for asset in self.row["assets"]],
        }


def find_words(folders: Sequence[RecordedFolder], words: Sequence[str]) -> Iterator[Found]:
    """Every inference that says all of the words somewhere, whatever their case."""
    wanted = [word.casefold() for word in words]
    for folder in folders:
        for row in folder.manifest["inferences"]:
            mark = folder.beside.marks.get(row["id"])
            said = _say(row, mark).casefold()
            if all(word in said for word in wanted):
                yield Found(folder.path, row, mark)


def _say(row: InferenceShape, mark: Review | None) -> str:
    said = [row["id"], row["model"], row["status"], *row["tags"]]
    said += [format_param(value) for value in row["params"].values()]
    said += [asset["path"] for asset in row["assets"]]
    if mark is not None:
        said += [mark.verdict, mark.note, "favourite" if mark.favourite else ""]
    return "\n".join(said)
