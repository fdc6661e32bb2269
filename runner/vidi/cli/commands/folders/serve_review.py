"""A review served on a port until it is stopped."""

from __future__ import annotations

import webbrowser
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import uvicorn

from vidi.cli.commands.folders.reviewed import open_folder, open_job
from vidi.cli.display.console import Console
from vidi.cli.listening import listen
from vidi.runs.records.folder import REPORT_NAME, find_run_folders
from vidi.runs.records.report.recorded import read_folder
from vidi.runs.records.report.write import put_report
from vidi.runs.reviewing.app import ReviewServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.runs.reviewing.mark import ReviewedFolder

HOST = "127.0.0.1"


def serve_review(where: Sequence[Path], port: int, *, browse: bool) -> int:
    """Serve until interrupted; then the pages on the disk show the marks.

    Raises:
        UsageError: A folder is none, or the port is taken.
        JobFileError: A job file or a reviews.yaml has mistakes.
    """
    folders = [found for each in where for found in _find_folders(each)]
    for folder in folders:
        read_folder(folder.folder)  # what is damaged is said here, and not in the browser
    listener = listen(HOST, port)
    port = listener.getsockname()[1]
    token = token_urlsafe(24)
    server = ReviewServer(folders, token, frozenset({f"{HOST}:{port}", f"localhost:{port}"}))
    address = f"http://{HOST}:{port}/{token}/"
    console = Console()
    console.print_data(address)
    console.say("serving the review; Ctrl-C stops")
    if browse:
        webbrowser.open(address)
    config = uvicorn.Config(
        server.create_app(), ws="none", lifespan="off", log_level="warning", access_log=False
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        for number in server.changed:
            _show_marks(folders[number])
    return 0


def _find_folders(where: Path) -> list[ReviewedFolder]:
    if not where.is_dir():
        return [open_job(where)]
    return [open_folder(each) for each in find_run_folders(where) or [where]]


def _show_marks(where: ReviewedFolder) -> None:
    if (where.folder / REPORT_NAME).is_file():
        folder = read_folder(where.folder)
        put_report(folder.path, folder.manifest, folder.beside)
