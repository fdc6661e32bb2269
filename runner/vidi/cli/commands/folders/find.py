"""`vidi find`: what was made, by words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import JSON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.errors import VidiError
    from vidi.runs.records.report.find import Found
    from vidi.runs.records.report.recorded import RecordedFolder

HEADINGS = ("asset", "inference", "model", "paid", "review", "prompt")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option(
    "--in",
    "where",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to look, and below.  [default: outputs]",
)
@JSON
def find(words: tuple[str, ...], where: tuple[Path, ...], *, json_wanted: bool) -> int:
    """Find what was made: all the words are in its id, prompt, model, tags, files or review.

    A line an asset, its path first; of what made none, a line all the same. Exit 0, also where
    there is nothing; a folder that cannot be read is said, and the others are searched.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.folder import find_run_folders
    from vidi.runs.records.json_text import render_json
    from vidi.runs.records.report.find import find_words

    console = Console(json_wanted=json_wanted)
    roots = where or tuple(each for each in (Path("outputs"),) if each.is_dir())
    folders = {each.resolve(): each for root in roots for each in find_run_folders(root)}
    read, errors = _read(list(folders.values()))
    found = list(find_words(read, words))
    if json_wanted:
        from vidi.cli.display.json_answer import describe_vidi_error

        head = {"schema_version": 1, "command": "find", "ok": True, "exit_code": 0}
        answer: dict[str, object] = {**head, "found": [each.to_json() for each in found]}
        answer["errors"] = [describe_vidi_error(error) for error in errors]
        console.print_data(render_json(answer).rstrip("\n"))
        return 0
    for line in _list(found):
        console.print_data(line)
    for error in errors:
        console.report_error(error)
    return 0


def _read(folders: list[Path]) -> tuple[list[RecordedFolder], list[VidiError]]:
    """What each of some folders holds, and what cannot be read of the others."""
    from vidi.errors import VidiError
    from vidi.runs.records.report.recorded import read_record

    read, errors = [], []
    for folder in folders:
        try:
            read.append(read_record(folder))
        except VidiError as error:
            errors.append(error)
    return read, errors


def _list(found: list[Found]) -> list[str]:
    from vidi.cli.display.columns import align, fit_terminal

    rows = [HEADINGS, *(row for each in found for row in _list_assets(each))]
    if len(rows) == 1:
        return []
    return align(fit_terminal(rows, middle=2, ends=(5,)), right=frozenset({3}))


def _list_assets(found: Found) -> Iterator[tuple[str, ...]]:
    from vidi.dollars import format_usd
    from vidi.runs.records.report.present import find_prompt

    row = found.row
    review = found.mark.verdict or "favourite" if found.mark else ""
    paid = format_usd(row["cost_usd"]["paid"])
    prompt = " ".join(find_prompt(row["params"]).split())
    for path in [asset["path"] for asset in row["assets"]] or [""]:
        where = (found.folder / path).as_posix() if path else ""
        yield where, row["id"], row["model"], paid, review, prompt
