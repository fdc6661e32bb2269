"""`vidi mark`: say what is approved and what is rejected, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vidi.runs.reviewing.mark import Act

WORDS = {"approve": "approved", "reject": "rejected", "reset": "not reviewed"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("act", type=click.Choice(list(WORDS)))
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--in",
    "where",
    type=click.Path(exists=True, path_type=Path),
    metavar="JOB_FILE|DIR",
    help="Whose ids they are.  [default: the folder below outputs/ that has them]",
)
@click.option("--note", default="", metavar="TEXT", help="Why; it is shown beside the mark.")
def mark(act: Act, ids: tuple[str, ...], where: Path | None, note: str) -> int:
    """Approve or reject what inferences have made, or take that back; all of the ids or none.

    What is approved is never bought again, whatever becomes of its entry; what is rejected is
    bought again by `vidi-run --rejected`, with another seed where the model takes one. It is kept
    in reviews.yaml beside the job file.
    """
    from vidi.cli.commands.folders.reviewed import find_reviewed
    from vidi.cli.display.console import Console
    from vidi.runs.records.folder import REPORT_NAME
    from vidi.runs.records.report.recorded import read_folder
    from vidi.runs.records.report.write import put_report
    from vidi.runs.reviewing.mark import mark as mark_made

    found = find_reviewed(where, ids)
    console = Console()
    for review in mark_made(found, ids, act, note):
        console.say(f"{review.id}: {WORDS[act]}")
    if (found.folder / REPORT_NAME).is_file():
        folder = read_folder(found.folder)
        put_report(folder.path, folder.manifest, folder.beside)
    console.print_data(found.reviews.as_posix())
    return 0
